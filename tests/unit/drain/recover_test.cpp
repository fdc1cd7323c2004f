// A trace from what dead collectors and dead processes left behind.
#include "collector/drain/recover.h"

#include <sys/file.h>
#include <sys/wait.h>

#include <fstream>
#include <set>

#include "collector/drain/launch_notes.h"
#include "collector/drain/recorder.h"
#include "tests/unit/drain/collect_fixture.h"

namespace sockwatch::drain {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr int kEach = 20;

class RecoverTest : public CollectTest {
 protected:
  // Step n makes kEach connections that have ended, of ports n * kEach + 1 and up.
  Target& target() {
    if (!target_) {
      target_ = std::make_unique<Target>([this](int step) {
        for (int i = 0; i < kEach; ++i) {
          publish_refused(producer(), static_cast<std::size_t>(i % 3), 10 + i,
                          static_cast<std::uint16_t>(1 + step * kEach + i));
        }
      });
    }
    return *target_;
  }
  void collect_until_killed(const std::function<void()>& meanwhile,
                            store::OpenMode mode = store::OpenMode::create) {
    const pid_t pid = fork_collector({-1}, std::nullopt, out_ / "errors", mode);
    meanwhile();
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
  Result<Recovered> recover_into(const std::string& file) {
    RecoverOptions options;
    options.run_directory = run_.path();
    options.trace_path = file;
    options.keep = keep_;
    testing::internal::CaptureStderr();
    auto result = recover(options);
    said_ = testing::internal::GetCapturedStderr();
    return result;
  }
  void expect_ports_once(int first, int last) {
    std::multiset<std::int64_t> seen;
    for (const auto& row : connections_) {
      seen.insert(row.peer_port.value_or(0));
      EXPECT_EQ(row.outcome, "refused");
    }
    for (int port = first; port <= last; ++port) EXPECT_EQ(seen.count(port), 1U) << port;
    EXPECT_THAT(connections_, SizeIs(last - first + 1));
  }
  std::unique_ptr<Target> target_;
  const std::string new_ = out_ / "new";
  std::string said_;
  bool keep_ = false;
};

TEST_F(RecoverTest, CollectorKilledThenItsProcess) {
  target();
  collect_until_killed([&] {
    target().step();
    // Stored, or only noted: both must be there.
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    target().step();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  });
  target().step();  // only in the rings
  target().kill();
  const auto recovered = recover_into(new_);
  ASSERT_TRUE(recovered) << recovered.error().message;
  EXPECT_EQ(recovered->begun_as, trace_);
  EXPECT_TRUE(recovered->removed);
  EXPECT_EQ(recovered->summary.connections, 3U * kEach);
  EXPECT_THAT(said_, IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(run_.path()));
  read_trace(new_);
  expect_ports_once(1, 3 * kEach);
  EXPECT_THAT(losses_, IsEmpty());
  EXPECT_THAT(processes_, SizeIs(1));
  EXPECT_TRUE(facts_.contains("finished"));
  // The end of a recording is the newest thing known of it, not the moment of recovering.
  const std::int64_t ended = std::stoll(facts_["ended"]);
  EXPECT_LE(connections_.back().started_ns, ended);
  EXPECT_LT(ended, connections_.back().started_ns + kNsPerSecond / 10);
  // The trace that was begun is still what its collector left.
  read_trace(trace_);
  EXPECT_FALSE(facts_.contains("finished"));
}

TEST_F(RecoverTest, TheTraceOfTheRecordingItselfIsCompleted) {
  target();
  collect_until_killed([&] {
    target().step();
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    target().step();
  });
  target().kill();
  const auto recovered = recover_into(trace_);
  ASSERT_TRUE(recovered) << recovered.error().message;
  read_trace();
  expect_ports_once(1, 2 * kEach);
  EXPECT_TRUE(facts_.contains("finished"));
  EXPECT_THAT(losses_, IsEmpty());
}

TEST_F(RecoverTest, ProcessKilledFirst) {
  target();
  collect_until_killed([&] {
    target().step();
    target().kill();
    // Its segment is stored and removed; only notes are left.
    EXPECT_TRUE(eventually([&] { return segments() == 0; }));
  });
  const auto recovered = recover_into(new_);
  ASSERT_TRUE(recovered) << recovered.error().message;
  read_trace(new_);
  expect_ports_once(1, kEach);
}

TEST_F(RecoverTest, NobodyEverCollected) {
  target().step();
  target().step();
  target().kill();
  const auto recovered = recover_into(new_);
  ASSERT_TRUE(recovered) << recovered.error().message;
  EXPECT_THAT(recovered->begun_as, IsEmpty());
  read_trace(new_);
  expect_ports_once(1, 2 * kEach);
  EXPECT_THAT(losses_, IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(run_.path()));
}

TEST_F(RecoverTest, WhatIsStillRecordedIsRefused) {
  target().step();
  auto recovered = recover_into(new_);
  ASSERT_FALSE(recovered);
  EXPECT_THAT(recovered.error().message,
              AllOf(HasSubstr("still being recorded"), HasSubstr(std::to_string(target().pid()))));
  EXPECT_THAT(recovered.error().hint, HasSubstr("sockwatch collect --dir"));
  EXPECT_FALSE(std::filesystem::exists(new_));

  target().kill();
  const UniqueFd collector(::open(run_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  ASSERT_EQ(::flock(collector.get(), LOCK_EX), 0);
  recovered = recover_into(new_);
  ASSERT_FALSE(recovered);
  EXPECT_THAT(recovered.error().message, HasSubstr("a collector is at work"));
  EXPECT_EQ(segments(), 1U);
}

TEST_F(RecoverTest, SegmentsThatCannotBeReadDoNotStopIt) {
  target().step();
  target().kill();
  const Producer cut(run_.path(), {.pid = 1999999, .created_ns = 1});
  std::filesystem::resize_file(cut.path(), 8192);
  const Producer other(run_.path(), {.pid = 1999998, .created_ns = 2});
  other.header().layout_version = 99;
  const auto recovered = recover_into(new_);
  ASSERT_TRUE(recovered) << recovered.error().message;
  EXPECT_EQ(recovered->summary.refused, 2U);
  EXPECT_FALSE(recovered->removed);
  EXPECT_THAT(said_, AllOf(HasSubstr(cut.name()), HasSubstr("cut short")));
  EXPECT_THAT(said_, AllOf(HasSubstr(other.name()), HasSubstr("layout version 99")));
  EXPECT_EQ(std::count(said_.begin(), said_.end(), '\n'), 4) << said_;
  EXPECT_EQ(segments(), 3U);
  read_trace(new_);
  expect_ports_once(1, kEach);
  EXPECT_EQ(losses_["refused_segment"], 2);
}

TEST_F(RecoverTest, ATraceThatIsGoneIsCounted) {
  target();
  const auto stored = [&] {
    std::size_t rows = 0;
    if (const auto reader = store::Reader::open(trace_)) {
      (void)reader->connections({}, [&](const auto&) { return ++rows > 0; });
    }
    return rows;
  };
  collect_until_killed([&] {
    target().step();
    EXPECT_TRUE(eventually([&] { return stored() > 0; }));
  });
  // The next one makes a snapshot, which leaves to the trace what is in it.
  collect_until_killed(
      [&] {
        target().step();
        EXPECT_TRUE(eventually([&] { return stored() > kEach; }));
      },
      store::OpenMode::resume);
  target().step();
  target().kill();
  for (const char* beside : {"", "-wal", "-shm"}) std::filesystem::remove(trace_ + beside);
  const auto recovered = recover_into(new_);
  ASSERT_TRUE(recovered) << recovered.error().message;
  EXPECT_THAT(said_, HasSubstr("is not there any more"));
  read_trace(new_);
  // The newest connections of the first step may still have been under way for the collector.
  std::set<std::int64_t> ports;
  for (const auto& row : connections_) ports.insert(row.peer_port.value_or(0));
  EXPECT_THAT(connections_, SizeIs(ports.size())) << "twice";
  for (int port = kEach + 1; port <= 3 * kEach; ++port) EXPECT_EQ(ports.count(port), 1U) << port;
  // Some rows, or none: it depends on what the snapshot came upon. But each is there, or counted.
  EXPECT_EQ(recovered->summary.connections, connections_.size());
  EXPECT_EQ(losses_["lost_trace"] + static_cast<std::int64_t>(ports.size()), 3 * kEach);
  EXPECT_EQ(static_cast<std::int64_t>(recovered->summary.lost), losses_["lost_trace"]);
}

TEST_F(RecoverTest, KeptDirectoriesGiveTheSameAgain) {
  target();
  collect_until_killed([&] { target().step(); });
  target().step();
  target().kill();
  keep_ = true;
  for (const char* name : {"a", "b"}) {
    const auto recovered = recover_into(out_ / name);
    ASSERT_TRUE(recovered) << recovered.error().message;
    EXPECT_FALSE(recovered->removed);
    read_trace(out_ / name);
    expect_ports_once(1, 2 * kEach);
    EXPECT_THAT(losses_, IsEmpty());
  }
}

// Also where a launcher was killed as the last thing, after all else was done.
TEST_F(RecoverTest, NothingThereIsSaid) {
  ASSERT_TRUE(write_notes(run_.path(), {}));
  const auto recovered = recover_into(new_);
  ASSERT_FALSE(recovered);
  EXPECT_THAT(recovered.error().message, HasSubstr("nothing to recover"));
  EXPECT_FALSE(std::filesystem::exists(new_));
}

TEST_F(RecoverTest, AnExistingFileIsNotTouched) {
  target().step();
  target().kill();
  std::ofstream(new_) << "mine";
  const auto recovered = recover_into(new_);
  ASSERT_FALSE(recovered);
  EXPECT_THAT(recovered.error().message, HasSubstr("exists already"));
  EXPECT_EQ(std::filesystem::file_size(new_), 4U);
  EXPECT_EQ(segments(), 1U);
}

TEST_F(RecoverTest, ACompletedRecordingIsNamed) {
  target();
  collect_until_killed([&] { target().step(); });
  target().kill();
  keep_ = true;
  ASSERT_TRUE(recover_into(trace_));
  const auto again = recover_into(new_);
  ASSERT_FALSE(again);
  EXPECT_THAT(again.error().hint, HasSubstr("sockwatch report " + trace_));
}

}  // namespace
}  // namespace sockwatch::drain
