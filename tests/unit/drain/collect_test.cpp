#include "collector/drain/collect.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <thread>

#include "collector/drain/clock.h"
#include "collector/drain/launch_notes.h"
#include "collector/drain/process.h"
#include "collector/store/reader.h"
#include "tests/unit/drain/target.h"
#include "tests/unit/drain/temporary_directory.h"

namespace sockwatch::drain {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

bool eventually(const std::function<bool()>& condition) {
  const std::int64_t give_up = monotonic_ns() + 20 * kNsPerSecond;
  while (!condition()) {
    if (monotonic_ns() > give_up) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

class CollectTest : public testing::Test {
 protected:
  // In a thread: started once the directory is watched, stopped by the end of the pipe.
  void start(store::OpenMode mode = store::OpenMode::create) {
    int stop[2], ready[2];
    ASSERT_EQ(::pipe2(stop, O_CLOEXEC), 0);
    ASSERT_EQ(::pipe2(ready, O_CLOEXEC), 0);
    stop_fd_ = stop[1];
    const CollectOptions options{run_.path(), trace_, mode, false, stop[0], ready[1]};
    collector_ = std::thread([this, options, stop, ready] {
      result_.emplace(collect(options));
      ::close(stop[0]);
      ::close(ready[1]);
    });
    char byte = 0;
    ASSERT_EQ(::read(ready[0], &byte, 1), 1);
    ::close(ready[0]);
  }
  const Result<CollectSummary>& stop() {
    ::close(stop_fd_);
    stop_fd_ = -1;
    collector_.join();
    return *result_;
  }
  void TearDown() override {
    if (stop_fd_ >= 0) stop();
  }

  // In a process of its own, to be killed or starved.
  // `stop`: both ends of a pipe, or -1.
  pid_t fork_collector(const int (&stop)[2], std::optional<rlim_t> file_size,
                       const std::string& errors, store::OpenMode mode = store::OpenMode::create) {
    int ready[2];
    if (::pipe2(ready, O_CLOEXEC) != 0) return -1;
    const pid_t pid = ::fork();
    if (pid == 0) {
      if (stop[1] >= 0) ::close(stop[1]);
      const int error_fd = ::open(errors.c_str(), O_CREAT | O_WRONLY | O_TRUNC, 0600);
      ::dup2(error_fd, 2);
      if (file_size) {
        rlimit limit{};
        ::getrlimit(RLIMIT_FSIZE, &limit);
        limit.rlim_cur = *file_size;
        ::setrlimit(RLIMIT_FSIZE, &limit);
      }
      const auto result =
          collect(CollectOptions{run_.path(), trace_, mode, false, stop[0], ready[1]});
      ::_exit(result ? 0 : 1);
    }
    ::close(ready[1]);
    char byte = 0;
    if (::read(ready[0], &byte, 1) != 1) ADD_FAILURE() << "the collector did not start";
    ::close(ready[0]);
    return pid;
  }

  void read_trace() {
    const auto reader = store::Reader::open(trace_);
    ASSERT_TRUE(reader) << reader.error().message;
    facts_ = reader->trace().value();
    processes_ = reader->processes().value();
    connections_.clear();
    ASSERT_TRUE(reader->connections({}, [&](const store::ConnectionRow& row) {
      connections_.push_back(row);
      return true;
    }));
    losses_.clear();
    const auto losses = reader->losses();
    ASSERT_TRUE(losses);
    for (const store::LossRow& row : *losses) losses_[row.cause] += row.count;
  }
  const store::ConnectionRow* connection(std::int64_t port) const {
    const auto at = std::find_if(connections_.begin(), connections_.end(),
                                 [&](const auto& row) { return row.peer_port == port; });
    return at == connections_.end() ? nullptr : &*at;
  }
  std::string outcome(std::int64_t port) const {
    const store::ConnectionRow* row = connection(port);
    return row == nullptr ? "(none)" : row->outcome;
  }
  std::size_t segments() const {
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator(run_.path()), {}));
  }
  // The child's side: makes a segment once, keeps it.
  Producer& producer() {
    if (!producer_) producer_ = std::make_unique<Producer>(run_.path());
    return *producer_;
  }

  TemporaryDirectory run_;
  TemporaryDirectory out_;
  const std::string trace_ = out_ / "trace";
  std::unique_ptr<Producer> producer_;

  std::thread collector_;
  int stop_fd_ = -1;
  std::optional<Result<CollectSummary>> result_;

  std::map<std::string, std::string> facts_;
  std::vector<store::ProcessRow> processes_;
  std::vector<store::ConnectionRow> connections_;
  std::map<std::string, std::int64_t> losses_;
};

TEST_F(CollectTest, KilledProcess) {
  Target target([&](int) {
    publish_refused(producer(), 0, 5, 1);
    publish_connected(producer(), 3, 6, 2);
    publish_connecting(producer(), 3, 7, 3);
  });
  const auto facts = read_process(target.pid());
  ASSERT_TRUE(facts);
  const pid_t pid = target.pid();
  start();
  target.step();
  EXPECT_TRUE(eventually([&] {
    read_trace();
    return outcome(1) == "refused";
  }));
  const std::int64_t before = monotonic_ns();
  target.kill();
  EXPECT_TRUE(eventually([&] { return segments() == 0; })) << "segment removed after the end";
  const std::int64_t after = monotonic_ns();
  const auto& summary = stop();
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->segments, 1u);
  EXPECT_EQ(summary->connections, 3u);
  EXPECT_EQ(summary->events, 8u);
  EXPECT_EQ(summary->lost, 0u);

  read_trace();
  ASSERT_THAT(processes_, SizeIs(1));
  EXPECT_EQ(processes_[0].pid, pid);
  EXPECT_EQ(processes_[0].ppid, ::getpid());
  EXPECT_EQ(processes_[0].start_ticks, facts->start_ticks);
  EXPECT_EQ(processes_[0].exe, facts->exe);
  EXPECT_EQ(processes_[0].command_line, facts->command_line);
  EXPECT_EQ(processes_[0].uid, static_cast<std::int64_t>(::getuid()));
  EXPECT_EQ(processes_[0].coverage, "preload");
  EXPECT_FALSE(processes_[0].exit_status);
  ASSERT_TRUE(processes_[0].ended_ns);
  EXPECT_GT(*processes_[0].ended_ns, before);
  EXPECT_LE(*processes_[0].ended_ns, after);

  ASSERT_THAT(connections_, SizeIs(3));
  EXPECT_EQ(outcome(1), "refused");
  EXPECT_EQ(outcome(2), "connected");
  EXPECT_EQ(outcome(3), "abandoned");
  EXPECT_EQ(connection(1)->peer_address, "192.0.2.1");
  EXPECT_EQ(connection(1)->error, ECONNREFUSED);
  EXPECT_EQ(connection(1)->tid, 77);
  EXPECT_EQ(connection(1)->fd, 5);
  EXPECT_EQ(connection(1)->process_id, processes_[0].id);
  EXPECT_EQ(connection(2)->closed_ns, processes_[0].ended_ns);
  EXPECT_THAT(losses_, IsEmpty());
  EXPECT_TRUE(facts_.contains("ended"));
  EXPECT_TRUE(facts_.contains("boot_id"));
}

TEST_F(CollectTest, ProcessThatDiedBeforeTheCollectorStarted) {
  Target target([&](int) {
    publish_refused(producer(), 0, 5, 1);
    publish_connecting(producer(), 0, 6, 2);
  });
  target.step();
  target.kill();
  start();
  ASSERT_TRUE(stop());
  read_trace();
  ASSERT_THAT(processes_, SizeIs(1));
  EXPECT_FALSE(processes_[0].ended_ns) << "nobody knows when";
  EXPECT_FALSE(processes_[0].start_ticks);
  EXPECT_EQ(processes_[0].command_line, "client --to server") << "from the segment";
  EXPECT_EQ(outcome(1), "refused");
  EXPECT_EQ(outcome(2), "abandoned");
  EXPECT_EQ(segments(), 0u);
}

TEST_F(CollectTest, StopWhileTheProcessGoesOn) {
  Target target([&](int step) {
    if (step == 0) publish_connecting(producer(), 0, 6, 2);
    if (step == 1) publish_refused(producer(), 1, 5, 1);
  });
  start();
  target.step();
  target.step();
  ASSERT_TRUE(stop());
  read_trace();
  ASSERT_THAT(processes_, SizeIs(1));
  EXPECT_FALSE(processes_[0].ended_ns);
  EXPECT_EQ(outcome(1), "refused") << "drained at the very end";
  EXPECT_EQ(outcome(2), "pending");
  EXPECT_EQ(segments(), 1u) << "whoever comes next may go on with it";
  target.step();  // the mapping is still good
}

TEST_F(CollectTest, RowsAppearWhileTheProcessRuns) {
  Target target([&](int) { publish_refused(producer(), 0, 5, 1); });
  start();
  target.step();
  EXPECT_TRUE(eventually([&] {
    read_trace();
    return outcome(1) == "refused";
  }));
}

TEST_F(CollectTest, ExecMakesANewRowAndEndsTheOldImage) {
  Target target([&](int step) {
    if (step == 0) publish_connecting(producer(), 0, 6, 1);
    if (step == 1) {
      producer_.reset();  // the mapping is gone, as after an exec
      publish_refused(producer(), 0, 5, 2);
    }
  });
  start();
  target.step();
  EXPECT_TRUE(eventually([&] {
    read_trace();
    return outcome(1) == "pending";
  }));
  target.step();
  EXPECT_TRUE(eventually([&] { return segments() == 1; })) << "the old image's is removed";
  ASSERT_TRUE(stop());
  read_trace();
  ASSERT_THAT(processes_, SizeIs(2));
  EXPECT_EQ(processes_[0].pid, processes_[1].pid);
  EXPECT_EQ(processes_[0].start_ticks, processes_[1].start_ticks);
  EXPECT_TRUE(processes_[0].ended_ns);
  EXPECT_FALSE(processes_[1].ended_ns);
  EXPECT_EQ(connection(1)->process_id, processes_[0].id);
  EXPECT_EQ(connection(2)->process_id, processes_[1].id);
}

TEST_F(CollectTest, BothImagesOfADeadProcessAreFound) {
  Target target([&](int) {
    publish_connecting(producer(), 0, 6, 1);
    producer_.reset();
    publish_refused(producer(), 0, 5, 2);
  });
  target.step();
  target.kill();
  start();
  ASSERT_TRUE(stop());
  read_trace();
  ASSERT_THAT(processes_, SizeIs(2));
  EXPECT_EQ(connection(1)->process_id, processes_[0].id);
  EXPECT_EQ(connection(2)->process_id, processes_[1].id);
  EXPECT_EQ(segments(), 0u);
}

TEST_F(CollectTest, DamageIsCountedAndHarmsNothingElse) {
  Target target([&](int) {
    publish_refused(producer(), 0, 5, 1);
    publish_refused(producer(), 1, 6, 2);
    producer().image(1).write_index = ~std::size_t{0};
    producer().publish(2, EventBuilder(static_cast<wire::Op>(777), 3, 5).slots());
    publish_refused(producer(), 2, 7, 3);
    producer().slot(4).lost = 11;
    producer().header().lost[static_cast<std::size_t>(wire::Loss::no_slot)] = 13;
  });
  std::ofstream(run_ / "1.1.seg") << "rubbish";
  std::filesystem::permissions(run_ / "1.1.seg", std::filesystem::perms(0600));
  target.step();
  target.kill();
  testing::internal::CaptureStderr();
  start();
  const auto& summary = stop();
  const std::string words = testing::internal::GetCapturedStderr();
  ASSERT_TRUE(summary);
  EXPECT_THAT(words, HasSubstr("sockwatch: segment '1.1.seg' is not read: found 7 bytes"));
  read_trace();
  EXPECT_EQ(outcome(1), "refused");
  EXPECT_EQ(outcome(2), "(none)");
  EXPECT_EQ(outcome(3), "refused");
  const std::map<std::string, std::int64_t> expected = {{"broken_ring", 1},
                                                        {"malformed", 1},
                                                        {"ring_full", 11},
                                                        {"no_slot", 13},
                                                        {"refused_segment", 1}};
  EXPECT_EQ(losses_, expected);
  EXPECT_EQ(summary->lost, 27u);
}

TEST_F(CollectTest, LossToldInTheStreamIsNotCountedTwice) {
  Target target([&](int) {
    wire::Payload payload{};
    payload.lost.count = 30;
    payload.lost.cause = static_cast<std::uint32_t>(wire::Loss::ring_full);
    publish_refused(producer(), 0, 5, 1);
    producer().publish(0,
                       EventBuilder(wire::Op::lost, -1, monotonic_ns()).payload(payload).slots());
    producer().slot(0).lost = 33;  // three more since
  });
  target.step();
  start();
  ASSERT_TRUE(stop());
  read_trace();
  EXPECT_EQ(losses_["ring_full"], 33);
}

TEST_F(CollectTest, TruncatedSegmentDoesNotTakeTheCollectorAlong) {
  Target target([&](int step) {
    if (step == 0) publish_refused(producer(), 0, 5, 1);
    if (step == 1) (void)!::truncate(producer().path().c_str(), 0);
  });
  start();
  target.step();
  EXPECT_TRUE(eventually([&] {
    read_trace();
    return outcome(1) == "refused";
  }));
  target.step();
  EXPECT_TRUE(eventually([&] {
    read_trace();
    return losses_["broken_segment"] == 1;
  }));
  ASSERT_TRUE(stop());
}

TEST_F(CollectTest, UnfinishedSegments) {
  Target target([&](int step) {
    if (step == 0) {
      producer_ = std::make_unique<Producer>(run_.path(), Producer::Options{.complete = false});
    }
    if (step == 1) {
      producer().store_magic();
      publish_refused(producer(), 0, 5, 1);
    }
  });
  Target dies_early([&](int) { Producer(run_.path(), Producer::Options{.complete = false}); });
  start();
  target.step();
  dies_early.step();
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(segments(), 2u);
  dies_early.kill();
  EXPECT_TRUE(eventually([&] { return segments() == 1; }));
  target.step();
  EXPECT_TRUE(eventually([&] {
    read_trace();
    return outcome(1) == "refused";
  }));
  ASSERT_TRUE(stop());
  read_trace();
  EXPECT_THAT(processes_, SizeIs(1));
  EXPECT_THAT(losses_, IsEmpty());
}

TEST_F(CollectTest, NotesOfTheLauncher) {
  Target target([&](int) { publish_refused(producer(), 0, 5, 1); });
  const auto facts = read_process(target.pid());
  store::ProcessRow seen, unseen;
  seen.pid = target.pid();
  seen.start_ticks = facts->start_ticks;
  seen.exit_status = 137;
  seen.coverage = "preload";
  unseen.pid = 4000000;
  unseen.exe = "/usr/bin/caddy";
  unseen.coverage = "go";
  start();
  target.step();
  target.kill();
  ASSERT_TRUE(write_notes(run_.path(), {seen, unseen}));
  ASSERT_TRUE(stop());
  read_trace();
  ASSERT_THAT(processes_, SizeIs(2));
  EXPECT_EQ(processes_[0].exit_status, 137);
  EXPECT_EQ(processes_[0].coverage, "preload");
  EXPECT_TRUE(processes_[0].ended_ns);
  EXPECT_EQ(processes_[1].exe, "/usr/bin/caddy");
  EXPECT_EQ(processes_[1].coverage, "go");
}

TEST_F(CollectTest, KilledCollectorIsResumed) {
  Target target([&](int step) {
    publish_connected(producer(), 0, 10 + step, static_cast<std::uint16_t>(1 + step));
  });
  const pid_t first = fork_collector({-1, -1}, std::nullopt, out_ / "errors");
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
  EXPECT_EQ(summary->connections, 2u);
}

TEST_F(CollectTest, LossesOfEarlierCollectorsAreKept) {
  Target target([&](int step) {
    producer().publish(0, EventBuilder(static_cast<wire::Op>(777), 3, 5).slots());
    producer().slot(0).lost = static_cast<std::uint64_t>(10 + step);
  });
  for (int round = 0; round < 2; ++round) {
    const pid_t collector =
        fork_collector({-1, -1}, std::nullopt, out_ / "errors",
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
  EXPECT_FALSE(
      collect(CollectOptions{run_.path(), trace_, store::OpenMode::resume, false, -1, -1}));
}

TEST_F(CollectTest, TraceOfAnotherBootIsNotResumed) {
  {
    auto writer = store::Writer::open(trace_, store::OpenMode::create);
    ASSERT_TRUE(writer);
    ASSERT_TRUE(writer->set("boot_id", "00000000-0000-0000-0000-000000000000"));
    ASSERT_TRUE(writer->commit());
  }
  const auto result =
      collect(CollectOptions{run_.path(), trace_, store::OpenMode::resume, false, -1, -1});
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, HasSubstr("before this machine started"));
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
  EXPECT_LE(std::count(words.begin(), words.end(), '\n'), 2) << words;
  read_trace();
  EXPECT_THAT(connections_, SizeIs(kRounds * kEach));
  EXPECT_THAT(losses_, IsEmpty());
  ASSERT_THAT(processes_, SizeIs(1));
  EXPECT_TRUE(processes_[0].ended_ns);
}

TEST_F(CollectTest, BadPlacesAreRefusedBeforeAnythingIsMade) {
  CollectOptions options{run_ / "missing", trace_, store::OpenMode::create, false, -1, -1};
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
  EXPECT_TRUE(collect(
      CollectOptions{run_.path(), trace_, store::OpenMode::create, false, stop[0], ready[1]}));
  ::close(stop[0]);
  ::close(ready[1]);
}

}  // namespace
}  // namespace sockwatch::drain
