// What one process's image knows, and what a collector that goes on makes of it.
#include "collector/drain/image.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <string>

#include "collector/drain/batch.h"
#include "collector/support/archive.h"

namespace sockwatch::drain {
namespace {

store::ProcessRow process() {
  store::ProcessRow row;
  row.id = 1;
  row.coverage = "preload";
  return row;
}

Harvest one_connect(std::uint64_t t_ns) {
  wire::Event event{};
  event.op = wire::Op::connect;
  event.fd = 3;
  event.tid = 1;
  event.t_ns = t_ns;
  event.payload.endpoint = {7, AF_INET, SOCK_STREAM, IPPROTO_TCP, 0};
  Harvest harvest;
  harvest.rings[0].push_back({event});
  harvest.watermark_ns = static_cast<std::int64_t>(t_ns) + 1;
  return harvest;
}

// A restarted collector counts some causes from 0 again. A loss of another cause is one still: the
// end of what was open at that time may be missing.
TEST(Image, ALossAfterARestartIsNotHiddenByACounterThatBeganAgain) {
  connect::Ids ids;
  Image before(process(), "1.1.seg", ids, {});
  Harvest harvest = one_connect(10);
  harvest.broken_rings = 1;
  before.accept(std::move(harvest), 5);
  Batch batch;
  before.take(batch);
  ASSERT_EQ(batch.connections.size(), 1U);
  std::string kept;
  Keep keep(kept);
  before.keep(keep);

  Image after(process(), "1.1.seg", ids, {});
  Restore restore(kept);
  ASSERT_TRUE(after.restore(restore, false));
  Harvest more;
  more.lost_in_ring[0] = 1;
  after.accept(std::move(more), 20);
  after.end(Harvest(), 30, connect::Tracker::End::exited);
  batch = Batch();
  after.take(batch);
  ASSERT_EQ(batch.connections.size(), 1U);
  EXPECT_EQ(batch.connections[0].closed_ns, std::nullopt) << "perhaps it was closed long ago";
}

}  // namespace
}  // namespace sockwatch::drain
