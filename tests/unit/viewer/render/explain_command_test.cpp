// `explain` as a person runs it.
#include "tests/unit/viewer/render/commands_fixture.h"

namespace sockwatch {
namespace {

using namespace sockwatch::testing;
using ::testing::HasSubstr;
using ::testing::Not;

using Explain = Commands;

TEST_F(Explain, AnErrorTextNeedsNoTraceAndNoQuotes) {
  const Ran quoted = run("explain 'dial tcp 10.0.7.13:8080: getsockopt: connection timed out'");
  EXPECT_EQ(quoted.status, 0);
  EXPECT_EQ(quoted.err, "");
  EXPECT_THAT(quoted.out, HasSubstr("Go before 1.10"));
  EXPECT_THAT(quoted.out, HasSubstr("timed_out_kernel"));
  EXPECT_THAT(quoted.out, HasSubstr("SYNGIVEUP"));
  EXPECT_THAT(quoted.out, HasSubstr("sockwatch run -- curl"));
  EXPECT_THAT(quoted.out, HasSubstr("http://10.0.7.13:8080/"));
  EXPECT_EQ(run("explain dial tcp 10.0.7.13:8080: getsockopt: connection timed out").out,
            quoted.out);
}

TEST_F(Explain, NothingReachesTheCommandsFromTheTextButAServer) {
  const Ran ran =
      run("explain \"curl: (28) Failed to connect to \\$(reboot):1;x port 9 after 7 ms: "
          "Timeout was reached\"");
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.out, Not(HasSubstr("reboot")));
}

TEST_F(Explain, SaysInOneLineThatATextIsUnknown) {
  expect_two_lines(run("explain 'the quick brown fox'"), 125);
  expect_two_lines(run("explain 'esc\x1b[2J'"), 125);
  expect_two_lines(run("explain"), 125);
}

TEST_F(Explain, AsciiOnDemandAndNeverWiderThanTheTerminal) {
  const Ran ran = run("explain --ascii 'upstream timed out (110: x) while connecting to upstream'",
                      "LC_ALL=C.UTF-8 COLUMNS=80");
  EXPECT_TRUE(std::all_of(ran.out.begin(), ran.out.end(),
                          [](char c) { return static_cast<unsigned char>(c) < 0x80; }));
  std::istringstream text(ran.out);
  for (std::string line; std::getline(text, line);) {
    if (line.starts_with("record")) continue;  // to be copied: never wrapped
    EXPECT_LE(line.size(), 80U) << line;
  }
}

}  // namespace
}  // namespace sockwatch
