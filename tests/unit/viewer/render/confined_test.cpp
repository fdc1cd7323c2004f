// The collector, as it is started, has given up what it does not need.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "tests/unit/viewer/render/commands_fixture.h"

namespace sockwatch {
namespace {

using namespace sockwatch::testing;
using ::testing::HasSubstr;

TEST_F(Commands, TheCollectorGivesUpWhatItDoesNotNeed) {
  const std::string run_directory = path("run");
  ASSERT_EQ(::mkdir(run_directory.c_str(), 0700), 0);
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::close(ready[0]);
    const std::string fd = std::to_string(ready[1]);
    ::execl(SOCKWATCH, "sockwatch", "collect", "--dir", run_directory.c_str(), "-o",
            path("trace").c_str(), "--ready-fd", fd.c_str(), nullptr);
    ::_exit(127);
  }
  ::close(ready[1]);
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1) << "it did not start";
  ::close(ready[0]);
  const std::string status = content("/proc/" + std::to_string(pid) + "/status");
  ::kill(pid, SIGTERM);
  int ended = -1;
  ::waitpid(pid, &ended, 0);
  EXPECT_THAT(status, HasSubstr("\nNoNewPrivs:\t1\n"));
#ifndef __SANITIZE_ADDRESS__
  EXPECT_THAT(status, HasSubstr("\nSeccomp:\t2\n"));
#endif
  EXPECT_EQ(ended, 0) << "and can still finish its trace";
  EXPECT_EQ(run("report " + path("trace")).status, 0);
}

}  // namespace
}  // namespace sockwatch
