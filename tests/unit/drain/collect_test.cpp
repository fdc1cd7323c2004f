#include <fstream>

#include "collector/drain/launch_notes.h"
#include "collector/drain/process.h"
#include "tests/unit/drain/collect_fixture.h"

namespace sockwatch::drain {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

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
    producer().slot(2).lost = 11;  // a slot nobody leased is not looked at
    producer().header().lost[static_cast<std::size_t>(wire::Loss::no_slot)] = 13;
  });
  std::ofstream(run_ / "1.1.seg") << "rubbish";
  std::filesystem::permissions(run_ / "1.1.seg", std::filesystem::perms(0600));
  std::ofstream(run_ / "\x1b[2J\n.seg");
  target.step();
  target.kill();
  testing::internal::CaptureStderr();
  start();
  const auto& summary = stop();
  const std::string words = testing::internal::GetCapturedStderr();
  ASSERT_TRUE(summary);
  EXPECT_THAT(words, HasSubstr("sockwatch: segment '1.1.seg' is not read: found 7 bytes"));
  EXPECT_THAT(words, HasSubstr("segment '\\x1b[2J\\x0a.seg' is not read: found a name of another"));
  EXPECT_THAT(words, testing::Not(HasSubstr("\x1b")))
      << "nobody writes to a terminal by a file name";
  read_trace();
  EXPECT_EQ(outcome(1), "refused");
  EXPECT_EQ(outcome(2), "(none)");
  EXPECT_EQ(outcome(3), "refused");
  const std::map<std::string, std::int64_t> expected = {{"broken_ring", 1},
                                                        {"malformed", 1},
                                                        {"ring_full", 11},
                                                        {"no_slot", 13},
                                                        {"refused_segment", 2}};
  EXPECT_EQ(losses_, expected);
  EXPECT_EQ(summary->lost, 28u);
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

}  // namespace
}  // namespace sockwatch::drain
