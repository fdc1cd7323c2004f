// A collector that dies at any of its steps, and the one that goes on: every event is stored
// exactly once, and connections under way continue.
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/wait.h>

#include <fstream>
#include <map>

#include "collector/drain/logbook.h"
#include "collector/drain/recover.h"
#include "tests/unit/drain/collect_fixture.h"
#include "tests/unit/drain/deadly_calls.h"

namespace sockwatch::drain {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

wire::TcpPicture established() {
  wire::TcpPicture tcp{};
  tcp.state = TCP_ESTABLISHED;
  tcp.known_bytes = 240;
  tcp.segs_out = 2;
  tcp.segs_in = 1;
  tcp.rtt_us = 300;
  return tcp;
}

// The stages of a connection, each in the time of another collector.
void begin_connection(const Producer& producer, int fd, std::uint16_t port) {
  publish_connecting(producer, static_cast<std::size_t>(fd % 3), fd, port);
}
void establish(const Producer& producer, int fd) {
  wire::Payload payload{};
  payload.option = {SOL_SOCKET, SO_ERROR, 0};
  const auto tcp = established();
  producer.publish(static_cast<std::size_t>(fd % 3),
                   EventBuilder(wire::Op::getsockopt, fd, monotonic_ns())
                       .payload(payload)
                       .part(wire::Part::tcp, &tcp, sizeof tcp)
                       .slots());
}
void end_connection(const Producer& producer, int fd) {
  const auto tcp = established();
  producer.publish(static_cast<std::size_t>(fd % 3),
                   EventBuilder(wire::Op::close, fd, monotonic_ns())
                       .flags(wire::kBegin | wire::kNotReturned)
                       .part(wire::Part::tcp, &tcp, sizeof tcp)
                       .slots());
}

// Step n begins connection n, establishes n-1 and ends n-2.
constexpr int kSteps = 12;
void step(const Producer& producer, int n) {
  if (n < kSteps - 2) begin_connection(producer, 10 + n, static_cast<std::uint16_t>(1 + n));
  if (n >= 1 && n < kSteps - 1) establish(producer, 9 + n);
  if (n >= 2) end_connection(producer, 8 + n);
}

class RestartTest : public CollectTest {
 protected:
  // `deadly`: the call at which it dies; 0: it does not.
  void start_collector(store::OpenMode mode, int deadly, bool recover = false) {
    int stop[2];
    ASSERT_EQ(::pipe2(stop, O_CLOEXEC), 0);
    resumed_ = mode == store::OpenMode::resume;
    pid_ = ::fork();
    ASSERT_GE(pid_, 0);
    if (pid_ == 0) {
      ::close(stop[1]);
      const int errors = ::open((out_ / "errors").c_str(), O_CREAT | O_WRONLY | O_APPEND, 0600);
      ::dup2(errors, 2);
      CollectOptions options{run_.path(), trace_, mode, false, stop[0]};
      options.snapshot_bytes = 1;  // as often as there is anything to be kept
      options.recover = recover;
      die_at_call(deadly);
      const auto result = collect(options);
      if (!result) dprintf(2, "%s\n", result.error().message.c_str());
      ::_exit(result ? 0 : 1);
    }
    ::close(stop[0]);
    stop_ = UniqueFd(stop[1]);
  }
  bool has_died() {
    if (pid_ > 0 && ::waitpid(pid_, &status_, WNOHANG) == pid_) pid_ = -1;
    return pid_ < 0;
  }
  int wait_for_collector() {
    if (pid_ > 0) ::waitpid(pid_, &status_, 0);
    pid_ = -1;
    return status_;
  }
  void TearDown() override {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      wait_for_collector();
    }
  }
  std::string errors() const {
    std::ifstream file(out_ / "errors");
    return std::string(std::istreambuf_iterator<char>(file), {});
  }
  bool trace_is_finished() const { return is_finished(trace_); }
  static bool is_finished(const std::string& file) {
    const auto reader = store::Reader::open(file);
    if (!reader) return false;
    const auto facts = reader->trace();
    return facts && facts->contains("finished");
  }
  // How a launcher goes on after a death: one that died before it was ready is begun anew.
  store::OpenMode next_mode() const {
    const bool was_ready =
        std::ranges::any_of(std::filesystem::directory_iterator(run_.path()), [](const auto& file) {
          const std::string name = file.path().filename();
          return name.starts_with("snapshot.") && name != "snapshot.new";  // that one is not whole
        });
    return was_ready ? store::OpenMode::resume : store::OpenMode::replace;
  }
  // Returns whether the collector died of call number `deadly`.
  bool record_with_a_death_at(int deadly) {
    Target target([&](int n) { step(producer(), n); });
    start_collector(store::OpenMode::create, deadly);
    bool died = false;
    for (int n = 0; n < kSteps; ++n) {
      target.step();
      std::this_thread::sleep_for(std::chrono::milliseconds(n % 4 == 3 ? 60 : 4));
      if (!has_died()) continue;
      died = true;
      start_collector(next_mode(), 0);
    }
    target.kill();
    for (int life = 0; life < 3; ++life) {
      stop_.reset();
      const int status = wait_for_collector();
      if (!WIFSIGNALED(status)) {
        EXPECT_TRUE(status == 0 || trace_is_finished()) << errors();
        break;
      }
      died = true;
      if (trace_is_finished()) break;
      start_collector(next_mode(), 0);
    }
    return died;
  }
  void expect_every_connection_once(const std::string& when) {
    expect_every_connection_once(when, trace_);
  }
  void expect_every_connection_once(const std::string& when, const std::string& file) {
    read_trace(file);
    std::map<std::int64_t, int> seen;
    for (const store::ConnectionRow& row : connections_) {
      ++seen[row.peer_port.value_or(0)];
      EXPECT_EQ(row.outcome, "connected") << when << " port " << row.peer_port.value_or(0);
      EXPECT_EQ(row.ending, "closed") << when << " port " << row.peer_port.value_or(0);
      EXPECT_TRUE(row.closed_ns) << when;
    }
    for (int port = 1; port <= kSteps - 2; ++port) {
      EXPECT_EQ(seen[port], 1) << when << " port " << port << "\n" << errors();
    }
    EXPECT_THAT(connections_, SizeIs(kSteps - 2)) << when;
    EXPECT_THAT(processes_, SizeIs(1)) << when;
    EXPECT_THAT(losses_, IsEmpty()) << when << "\n" << errors();
  }
  void clear() {
    producer_.reset();
    std::filesystem::remove_all(trace_);
    for (const auto& file : std::filesystem::directory_iterator(run_.path())) {
      std::filesystem::remove_all(file.path());
    }
    for (const auto& file : std::filesystem::directory_iterator(out_.path())) {
      std::filesystem::remove_all(file.path());
    }
  }
  // The signal that ended it, or 0.
  int recover_in_a_child(int deadly, const std::string& file) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      RecoverOptions options;
      options.run_directory = run_.path();
      options.trace_path = file;
      die_at_call(deadly);
      const auto result = recover(options);
      if (!result) dprintf(2, "%s\n", result.error().message.c_str());
      ::_exit(result ? 0 : 1);
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    if (WIFSIGNALED(status)) return WTERMSIG(status);
    // One that comes after the last step is told so.
    EXPECT_TRUE(status == 0 || is_finished(file)) << errors();
    return 0;
  }
  // Recoveries of the same recording, killed at one call after the other and begun again.
  // `collected`: a collector had been at work on it, and was killed.
  void recover_with_deaths(bool collected, const std::string& file) {
    const char* wish = std::getenv("RESTART_EVERY");
    const int every = wish != nullptr ? std::atoi(wish) : 7;
    int deaths = 0;
    bool died = true;
    for (int call = 1 + static_cast<int>(monotonic_ns() / 1000 % every); died && !HasFailure();
         call += every) {
      SCOPED_TRACE(call);
      Target target([&](int n) { step(producer(), n); });
      if (collected) {
        start_collector(store::OpenMode::create, 0);
        EXPECT_TRUE(eventually([&] { return next_mode() == store::OpenMode::resume; }));
      }
      for (int n = 0; n < kSteps - 1; ++n) target.step();
      if (collected) {
        std::this_thread::sleep_for(std::chrono::milliseconds(40));
        kill_collector();
      }
      target.step();
      target.kill();
      died = recover_in_a_child(call, file) == SIGKILL;
      deaths += died ? 1 : 0;
      if (died && !is_finished(file)) {
        EXPECT_EQ(recover_in_a_child(0, file), 0) << errors();
      }
      expect_every_connection_once(fmt::format("recovering, call {}", call), file);
      EXPECT_FALSE(std::filesystem::exists(file + ".recovering"));
      std::filesystem::create_directories(run_.path());
      std::filesystem::permissions(run_.path(), std::filesystem::perms::owner_all);
      clear();
    }
    EXPECT_GE(deaths, 20 / every);
    RecordProperty("deaths", deaths);
  }
  void kill_collector() {
    ::kill(pid_, SIGKILL);
    wait_for_collector();
  }

  pid_t pid_ = -1;
  int status_ = 0;
  bool resumed_ = false;
  UniqueFd stop_;
};

// With RESTART_EVERY=1 every single call; else some of them, others each day.
TEST_F(RestartTest, DeathAtAnyStepLosesNothing) {
  const char* wish = std::getenv("RESTART_EVERY");
  const int every = wish != nullptr ? std::atoi(wish) : 7;
  const int first = 1 + static_cast<int>(monotonic_ns() / 1000 % every);
  int survived = 0;
  int deaths = 0;
  for (int call = first; survived < 2 && !HasFailure(); call += every) {
    SCOPED_TRACE(call);
    const bool died = record_with_a_death_at(call);
    deaths += died ? 1 : 0;
    survived = died ? 0 : survived + 1;
    expect_every_connection_once(fmt::format("call {}", call));
    // One that died before there was a trace had not begun.
    EXPECT_TRUE(died || !facts_.contains("collector_restarts"));
    EXPECT_TRUE(std::filesystem::is_empty(run_.path()) || died);
    clear();
  }
  EXPECT_GE(deaths, 100 / every);
  RecordProperty("deaths", deaths);
}

TEST_F(RestartTest, ConnectionsUnderWayContinue) {
  Target target([&](int n) { step(producer(), n); });
  start_collector(store::OpenMode::create, 0);
  EXPECT_TRUE(eventually([&] { return next_mode() == store::OpenMode::resume; }));
  for (int n = 0; n < kSteps; ++n) {
    target.step();
    std::this_thread::sleep_for(std::chrono::milliseconds(20 + 30 * (n % 3)));
    kill_collector();
    if (n % 2 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    start_collector(next_mode(), 0);
  }
  target.kill();
  EXPECT_TRUE(eventually([&] { return segments() == 0; }));
  stop_.reset();
  EXPECT_EQ(wait_for_collector(), 0) << errors();
  expect_every_connection_once("killed after each step");
  // One that is killed before it is ready has not counted itself.
  EXPECT_GE(std::stoi(facts_["collector_restarts"]), 1);
  EXPECT_LE(std::stoi(facts_["collector_restarts"]), kSteps);
  EXPECT_TRUE(std::filesystem::is_empty(run_.path()));
}

TEST_F(RestartTest, AForgedJournalIsACountedLossAndNoCrash) {
  Target target([&](int n) { step(producer(), n); });
  start_collector(store::OpenMode::create, 0);
  for (int n = 0; n < 4; ++n) target.step();
  // What is in the trace by then is not lost with the journal.
  EXPECT_TRUE(eventually([&] {
    const auto reader = store::Reader::open(trace_);
    int stored = 0;
    const auto count = [&](const store::ConnectionRow&) { return ++stored > 0; };
    return reader && reader->connections({}, count) && stored == 4;
  }));
  kill_collector();
  for (const auto& file : std::filesystem::directory_iterator(run_.path())) {
    if (!Logbook::is_file_name(file.path().filename().string())) continue;
    std::fstream bytes(file.path(), std::ios::in | std::ios::out | std::ios::binary);
    bytes.seekp(40);
    bytes.write("\xff\xff\xff", 3);
  }
  start_collector(store::OpenMode::resume, 0);
  for (int n = 4; n < kSteps; ++n) target.step();
  target.kill();
  stop_.reset();
  EXPECT_EQ(wait_for_collector(), 0) << errors();
  read_trace();
  EXPECT_EQ(losses_["broken_journal"], 1);
  EXPECT_THAT(errors(), HasSubstr("sockwatch: "));
  std::map<std::int64_t, int> seen;
  for (const store::ConnectionRow& row : connections_) ++seen[row.peer_port.value_or(0)];
  for (int port = 1; port <= kSteps - 2; ++port) EXPECT_EQ(seen[port], 1) << port;
}

// The trace went with its disk, or is another one: what the run directory holds is recovered.
TEST_F(RestartTest, RecoversIntoANewTrace) {
  Target target([&](int n) { step(producer(), n); });
  start_collector(store::OpenMode::create, 0);
  for (int n = 0; n < kSteps - 1; ++n) target.step();
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  kill_collector();
  target.step();
  target.kill();
  std::filesystem::remove(trace_);
  for (const char* beside : {"-wal", "-shm"}) std::filesystem::remove(trace_ + beside);
  start_collector(store::OpenMode::create, 0, true);
  EXPECT_EQ(wait_for_collector(), 0) << errors();
  expect_every_connection_once("recovered");
  EXPECT_EQ(segments(), 1U) << "collect() leaves it as it was, recover() removes it";
}

// What was still in it nobody knows, so nothing is said of how the connections under way went on.
TEST_F(RestartTest, ASegmentThatIsGoneIsNoEndOfItsConnections) {
  Target target([&](int n) { step(producer(), n); });
  start_collector(store::OpenMode::create, 0);
  EXPECT_TRUE(eventually([&] { return next_mode() == store::OpenMode::resume; }));
  target.step();  // begins one
  target.step();  // establishes it, begins another
  EXPECT_TRUE(eventually([&] { return (read_trace(), connections_.size() == 2); }));
  kill_collector();
  target.kill();
  for (const auto& file : std::filesystem::directory_iterator(run_.path())) {
    if (file.path().extension() == wire::kSegmentSuffix) std::filesystem::remove(file.path());
  }
  start_collector(store::OpenMode::resume, 0);
  stop_.reset();
  EXPECT_EQ(wait_for_collector(), 0) << errors();
  read_trace();
  ASSERT_THAT(connections_, SizeIs(2));
  EXPECT_EQ(outcome(2), "pending");
  EXPECT_FALSE(connection(2)->closed_ns);
  EXPECT_NE(connection(1)->ending, "closed");
  EXPECT_EQ(losses_["collector_restart"], 1);
}

// It changes nothing in the run directory before the trace is complete.
TEST_F(RestartTest, RecoveringMayBeKilledAtAnyStepToo) { recover_with_deaths(true, trace_); }

// Half a trace is in nobody's way, neither one that goes on with another nor one of its own.
TEST_F(RestartTest, RecoveringIntoAnotherFileMayBeKilledAtAnyStep) {
  recover_with_deaths(true, out_ / "another");
}
TEST_F(RestartTest, RecoveringWhatNobodyCollectedMayBeKilledAtAnyStep) {
  recover_with_deaths(false, trace_);
}

// Nobody was there to collect: all of it waits in the rings.
TEST_F(RestartTest, ACollectorThatComesLateFindsEverything) {
  Target target([&](int n) { step(producer(), n); });
  for (int n = 0; n < kSteps; ++n) target.step();
  start_collector(store::OpenMode::create, 0);
  EXPECT_TRUE(eventually([&] {
    return store::Reader::open(trace_) && (read_trace(), connections_.size() == kSteps - 2);
  }));
  target.kill();
  stop_.reset();
  EXPECT_EQ(wait_for_collector(), 0) << errors();
  expect_every_connection_once("late");
}

TEST_F(RestartTest, NotesOfAnotherRecordingAreNotMixedIn) {
  Target target([&](int n) { step(producer(), n); });
  start_collector(store::OpenMode::create, 0);
  target.step();
  EXPECT_TRUE(eventually([&] { return next_mode() == store::OpenMode::resume; }));
  kill_collector();
  {
    auto writer = store::Writer::open(out_ / "other", store::OpenMode::create);
    ASSERT_TRUE(writer && writer->set("recording", "another") && writer->commit());
  }
  int ended[2];  // if it is not refused, it ends at once
  ASSERT_EQ(::pipe(ended), 0);
  ::close(ended[1]);
  const auto result = collect(
      CollectOptions{run_.path(), out_ / "other", store::OpenMode::resume, false, ended[0]});
  ::close(ended[0]);
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, HasSubstr("another recording"));
}

}  // namespace
}  // namespace sockwatch::drain
