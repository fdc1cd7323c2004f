// Collectors that are killed, run out of disk, or are started in the wrong place.
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include <fstream>
#include <iterator>

#include "collector/drain/logbook.h"
#include "tests/unit/drain/collect_fixture.h"

namespace sockwatch::drain {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST_F(CollectTest, KilledCollectorIsResumed) {
  Target target([&](int step) {
    publish_connected(producer(), 0, 10 + step, static_cast<std::uint16_t>(1 + step));
  });
  const pid_t first = fork_collector({-1}, std::nullopt, out_ / "errors");
  target.step();
  EXPECT_TRUE(eventually([&] {
    read_trace();
    return outcome(1) == "connected";
  }));
  ::kill(first, SIGKILL);
  ::waitpid(first, nullptr, 0);
  target.step();  // nobody looks: it waits in the ring
  start(store::OpenMode::resume);
  target.step();
  target.kill();
  const auto& summary = stop();
  ASSERT_TRUE(summary) << summary.error().message;
  read_trace();
  ASSERT_THAT(processes_, SizeIs(1)) << "the segment's row is found again";
  EXPECT_TRUE(processes_[0].ended_ns);
  ASSERT_THAT(connections_, SizeIs(3));
  for (const int port : {1, 2, 3}) EXPECT_EQ(outcome(port), "connected");
  EXPECT_THAT(losses_, IsEmpty());
  EXPECT_EQ(summary->connections, 3u);
}

TEST_F(CollectTest, LossesOfEarlierCollectorsAreKept) {
  Target target([&](int step) {
    producer().publish(0, EventBuilder(static_cast<wire::Op>(777), 3, 5).slots());
    producer().slot(0).lost = static_cast<std::uint64_t>(10 + step);
  });
  for (int round = 0; round < 2; ++round) {
    const pid_t collector =
        fork_collector({-1}, std::nullopt, out_ / "errors",
                       round == 0 ? store::OpenMode::create : store::OpenMode::resume);
    target.step();
    EXPECT_TRUE(eventually([&] {
      read_trace();
      return losses_["malformed"] == round + 1 && losses_["ring_full"] == 10 + round;
    }));
    ::kill(collector, SIGKILL);
    ::waitpid(collector, nullptr, 0);
  }
  start(store::OpenMode::resume);
  target.step();
  ASSERT_TRUE(stop());
  read_trace();
  EXPECT_EQ(losses_["malformed"], 3);
  EXPECT_EQ(losses_["ring_full"], 12);
  EXPECT_THAT(processes_, SizeIs(1));
}

TEST_F(CollectTest, FinishedTraceIsNotResumed) {
  start();
  ASSERT_TRUE(stop());
  EXPECT_FALSE(collect(CollectOptions{run_.path(), trace_, store::OpenMode::resume, false, -1}));
}

TEST_F(CollectTest, TraceOfAnotherBootIsNotResumed) {
  {
    auto writer = store::Writer::open(trace_, store::OpenMode::create);
    ASSERT_TRUE(writer);
    ASSERT_TRUE(writer->set("boot_id", "00000000-0000-0000-0000-000000000000"));
    ASSERT_TRUE(writer->commit());
  }
  const auto result =
      collect(CollectOptions{run_.path(), trace_, store::OpenMode::resume, false, -1});
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, HasSubstr("before this machine started"));
}

// A collector that could write no notes took events out of the rings and died with them.
class LostWithItsCollectorTest : public CollectTest {
 protected:
  static constexpr int kLost = 5;
  static constexpr int kSlotsEach = 6;

  // 0: a connection; 1: kLost of them, which go; 2: another connection.
  void work(int step) {
    for (int i = 0; i < (step == 1 ? kLost : 1); ++i) {
      publish_refused(producer(), 0, 10, static_cast<std::uint16_t>(1 + 100 * step + i));
    }
    wire::RingImage& ring = producer().image(0);
    if (step == 1) ring.read_index = ring.write_index.load();
  }
  void collect_until(std::size_t connections, store::OpenMode mode) {
    const pid_t pid = fork_collector({-1}, std::nullopt, out_ / "errors", mode);
    EXPECT_TRUE(eventually([&] { return read_trace(), connections_.size() == connections; }));
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
  void lose_events(Target& target) {
    target.step();
    collect_until(1, store::OpenMode::create);
    for (const auto& file : std::filesystem::directory_iterator(run_.path())) {
      if (Logbook::is_file_name(file.path().filename().string()))
        std::filesystem::remove(file.path());
    }
    target.step();
  }
};

TEST_F(LostWithItsCollectorTest, ItIsCountedAlsoWithNothingBehindIt) {
  Target target([&](int step) { work(step); });
  lose_events(target);
  start(store::OpenMode::resume);
  target.kill();
  EXPECT_TRUE(eventually([&] { return segments() == 0; }));
  ASSERT_TRUE(stop());
  read_trace();
  EXPECT_THAT(connections_, SizeIs(1));
  EXPECT_EQ(losses_["collector_restart"], kLost * kSlotsEach);
}

TEST_F(LostWithItsCollectorTest, ItIsStillCountedIfTheNextOneDiesToo) {
  Target target([&](int step) { work(step); });
  lose_events(target);
  target.step();
  collect_until(2, store::OpenMode::resume);
  start(store::OpenMode::resume);
  target.kill();
  EXPECT_TRUE(eventually([&] { return segments() == 0; }));
  ASSERT_TRUE(stop());
  read_trace();
  EXPECT_THAT(connections_, SizeIs(2));
  EXPECT_EQ(losses_["collector_restart"], kLost * kSlotsEach);
}

TEST_F(CollectTest, FullDiskIsSaidOnceAndNothingIsLost) {
  constexpr int kRounds = 12, kEach = 60;
  Target target([&](int step) {
    for (int i = 0; i < kEach; ++i) {
      publish_connected(producer(), 0, 10 + i, static_cast<std::uint16_t>(1 + step * kEach + i));
    }
  });
  int stop[2];
  ASSERT_EQ(::pipe2(stop, O_CLOEXEC), 0);
  const std::string errors = out_ / "errors";
  const pid_t collector = fork_collector(stop, 160 * 1024, errors);
  for (int round = 0; round < kRounds; ++round) {
    target.step();
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  const auto complaint = [&] {
    std::ifstream file(errors);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  EXPECT_TRUE(eventually([&] { return !complaint().empty(); }));
  EXPECT_EQ(::waitpid(collector, nullptr, WNOHANG), 0) << "it goes on";
  std::this_thread::sleep_for(std::chrono::milliseconds(2500));
  rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
  ASSERT_EQ(::prlimit(collector, RLIMIT_FSIZE, &unlimited, nullptr), 0);
  target.kill();
  EXPECT_TRUE(eventually([&] { return segments() == 0; }));
  ::close(stop[1]);
  int status = -1;
  ::waitpid(collector, &status, 0);
  EXPECT_EQ(status, 0);
  const std::string words = complaint();
  EXPECT_THAT(words, HasSubstr("sockwatch: "));
  // Two lines about the trace; two about the notes, which the same limit stops.
  EXPECT_LE(std::count(words.begin(), words.end(), '\n'), 4) << words;
  read_trace();
  EXPECT_THAT(connections_, SizeIs(kRounds * kEach));
  EXPECT_THAT(losses_, IsEmpty());
  ASSERT_THAT(processes_, SizeIs(1));
  EXPECT_TRUE(processes_[0].ended_ns);
}

// The disk is full for good, from the first row on. In a process and a mount namespace of its own.
class FullDiskTest : public CollectTest {
 protected:
  static constexpr int kEach = 60;

  // Makes connections of `port` and up, as the ring has room for them: none of them is lost there.
  void connect_some(int port) {
    while (producer().slot(0).state.load() != wire::kNeverUsed &&
           producer().ring(0).write_available() < wire::kRingCapacity / 2) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    for (int i = 0; i < kEach; ++i) {
      publish_connected(producer(), 0, 10 + i, static_cast<std::uint16_t>(port + i));
    }
  }
  // `test` runs where out_ is a small disk. What is left for the rows is what the collector kept.
  void on_a_small_disk(const std::function<void()>& test) {
    constexpr int kNotPermitted = 77;
    const pid_t child = ::fork();
    if (child == 0) {
      const int spaces = ::geteuid() == 0 ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER;
      if (::unshare(spaces) != 0 ||
          ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
          ::mount("tmpfs", out_.path().c_str(), "tmpfs", 0, "size=640k") != 0) {
        ::_exit(kNotPermitted);
      }
      test();
      ::_exit(HasFailure() ? 1 : 0);
    }
    int status = -1;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFEXITED(status));
    if (WEXITSTATUS(status) == kNotPermitted) {
      GTEST_SKIP() << "mounting a tmpfs is not permitted here";
    }
    EXPECT_EQ(WEXITSTATUS(status), 0);
  }
  // Two processes; the second begins when it is known for long that nothing can be written.
  // Returns what the collector said in the end.
  bool record_connections(int rounds, bool redact) {
    Target first([&](int step) { connect_some(1 + step * kEach); });
    Target second([&](int step) { connect_some(30'001 + step * kEach); });
    start(store::OpenMode::create, redact);
    for (std::ofstream rest(out_ / "rest");
         rest.write(std::string(512, 'x').data(), 512).flush();) {
    }
    for (int round = 0; round < rounds; ++round) first.step();
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    second.step();
    first.kill();
    second.kill();
    const bool stored = static_cast<bool>(stop());
    read_trace();
    return stored;
  }
  // Once there is room: it is all in the run directory still.
  void expect_all_in_run_directory(std::int64_t rows) {
    std::filesystem::remove(out_ / "rest");
    EXPECT_EQ(::mount("tmpfs", out_.path().c_str(), "tmpfs", MS_REMOUNT, "size=16m"), 0);
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    ::close(ends[1]);
    EXPECT_TRUE(collect(
        CollectOptions{run_.path(), out_ / "again", store::OpenMode::create, false, ends[0]}));
    read_trace(out_ / "again");
    EXPECT_EQ(static_cast<std::int64_t>(connections_.size()), rows);
    EXPECT_THAT(losses_, IsEmpty());
    EXPECT_TRUE(facts_.contains("ended"));
  }
};

TEST_F(FullDiskTest, ATraceWithoutRoomSaysWhatItLacks) {
  constexpr int kRounds = 40, kRows = (kRounds + 1) * kEach;
  on_a_small_disk([&] {
    EXPECT_FALSE(record_connections(kRounds, false));
    EXPECT_GE(static_cast<std::int64_t>(connections_.size()) + losses_["not_stored"], kRows);
    EXPECT_THAT(facts_["store_error"], HasSubstr("No space left on device"));
    EXPECT_FALSE(facts_.contains("ended"));
    EXPECT_THAT(processes_, SizeIs(2));
    expect_all_in_run_directory(kRows);
  });
}

TEST_F(FullDiskTest, TheWordsOfARedactedTraceNameNoPath) {
  on_a_small_disk([&] {
    EXPECT_FALSE(record_connections(40, true));
    EXPECT_THAT(facts_["store_error"], HasSubstr("trace [redacted]: No space left on device"));
  });
}

// What was kept is enough for the rows, but not for the indexes of a finished trace.
TEST_F(FullDiskTest, WhatFitsIntoTheLastRoomIsAllThere) {
  constexpr int kRounds = 12, kRows = (kRounds + 1) * kEach;
  on_a_small_disk([&] {
    record_connections(kRounds, false);
    EXPECT_THAT(connections_, SizeIs(kRows));
    EXPECT_THAT(losses_, IsEmpty());
    EXPECT_TRUE(facts_.contains("ended"));
    EXPECT_FALSE(facts_.contains("store_error"));
  });
}

TEST_F(CollectTest, BadPlacesAreRefusedBeforeAnythingIsMade) {
  CollectOptions options{run_ / "missing", trace_, store::OpenMode::create, false, -1};
  EXPECT_FALSE(collect(options));
  EXPECT_FALSE(std::filesystem::exists(trace_));
  options.run_directory = run_.path();
  options.trace_path = out_ / "no/such/place";
  const auto result = collect(options);
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, HasSubstr("no/such/place"));
}

TEST_F(CollectTest, NobodyListensForReady) {
  int stop[2], ready[2];
  ASSERT_EQ(::pipe2(stop, O_CLOEXEC), 0);
  ASSERT_EQ(::pipe2(ready, O_CLOEXEC), 0);
  ::close(ready[0]);
  ::close(stop[1]);
  EXPECT_TRUE(collect(CollectOptions{run_.path(), trace_, store::OpenMode::create, false, stop[0],
                                     telling(ready[1])}));
  ::close(stop[0]);
  ::close(ready[1]);
}

}  // namespace
}  // namespace sockwatch::drain
