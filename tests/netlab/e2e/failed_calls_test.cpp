// Calls that fail before there is a connection, as the trace tells them.
#include <gmock/gmock.h>

#include <cerrno>

#include "collector/store/reader.h"
#include "tests/netlab/e2e/clients.h"

namespace sockwatch::netlab {
namespace {

TEST_F(Python, CallsThatFailAreCounted) {
  const Server server = serve_tcp(network(), silent());
  const Recording seen =
      record(python("import resource\n"
                    "resource.setrlimit(resource.RLIMIT_NOFILE, (24, 24))\n"
                    "l = socket.socket()\n"
                    "try: l.bind(" +
                    at("127.0.0.1", server.port()) +
                    ")\n"
                    "except OSError: pass\n"
                    "kept = []\n"
                    "for i in range(40):\n"
                    "  try: kept.append(socket.socket())\n"
                    "  except OSError: pass\n"
                    "print(len(kept))\n"));
  const auto reader = store::Reader::open(seen.trace);
  ASSERT_TRUE(reader) << reader.error().message;
  const auto rows = reader->failed_calls();
  ASSERT_TRUE(rows) << rows.error().message;
  ASSERT_EQ(rows->size(), 2U);
  EXPECT_EQ(rows->at(0).call, "bind");
  EXPECT_EQ(rows->at(0).error, EADDRINUSE);
  EXPECT_EQ(rows->at(0).argument, server.port());
  EXPECT_EQ(rows->at(1).call, "socket");
  EXPECT_EQ(rows->at(1).error, EMFILE);
  EXPECT_EQ(rows->at(1).count, 40 - std::stoi(seen.target.out));
  const auto processes = reader->processes();
  ASSERT_TRUE(processes);
  ASSERT_FALSE(processes->empty());
  // When it was first seen: before or after the program lowered it.
  EXPECT_GE(processes->front().descriptor_limit.value_or(0), 24);
}

}  // namespace
}  // namespace sockwatch::netlab
