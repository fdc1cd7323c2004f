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

TEST_F(Explain, ATextCanBeginWithADash) {
  const Ran ran = run("explain '-bash: connect: Connection refused'");
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.err, "");
  EXPECT_THAT(ran.out, HasSubstr("bash (redirection to /dev/tcp)"));
  EXPECT_EQ(run("explain -bash: connect: Connection refused").out, ran.out);
  EXPECT_EQ(run("explain -- '-bash: connect: Connection refused'").out, ran.out);
  expect_two_lines(run("explain --lsit"), 125);
  expect_two_lines(run("explain -x 'connect: Connection refused'"), 125);
}

TEST_F(Explain, WhatDoesNotTellTheReasonIsNamedAndNotExplained) {
  const std::string out =
      run("explain 'TypeError: fetch failed [cause]: Error: connect ECONNREFUSED 10.0.0.1:80'").out;
  EXPECT_THAT(out, ::testing::StartsWith("printed by  Node.js\n"));
  EXPECT_THAT(out, Not(HasSubstr("It also fits")));
  EXPECT_THAT(out, HasSubstr("also from   Node.js: fetch (undici)"));
}

TEST_F(Explain, TheServerIsAskedByItsName) {
  const std::string out =
      run("explain 'Get \"https://api.test/\": dial tcp 10.0.0.1:443: i/o timeout'").out;
  EXPECT_THAT(out, HasSubstr("https://api.test/\n"));
  EXPECT_THAT(out, HasSubstr("mtr -T -P 443 10.0.0.1"));
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

TEST_F(Explain, ADiagnosisOfTheCatalogueByItsId) {
  const std::string list = run("explain --list").out;
  EXPECT_THAT(list, HasSubstr("DNS-NX"));
  const Ran ran = run("explain dns-nx");
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.out, ::testing::StartsWith("DNS-NX  "));
  EXPECT_THAT(ran.out, HasSubstr("When we say so"));
}

TEST_F(Explain, AFindingOfATraceInEitherOrderOrOfTheNewestHere) {
  const std::string trace = write(incident(), "a.sockwatch");
  const Ran ran = run("explain " + trace + " E1");
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out, ::testing::StartsWith("E1 "));
  EXPECT_THAT(ran.out, HasSubstr("Why we say so"));
  EXPECT_EQ(run("explain e1 " + trace).out, ran.out);
  EXPECT_THAT(run("explain " + trace + " DNS-NX").out, HasSubstr("typo.internal"));
  expect_two_lines(run("explain " + trace + " E99"), 125);
  expect_two_lines(run("explain " + trace), 125);
  expect_two_lines(run("explain nowhere.sockwatch E1"), 125);
}

// Who mistypes a number is told which there are.
TEST_F(Explain, NamesWhatThereIs) {
  const std::string trace = write(incident(), "a.sockwatch");
  for (const char* wrong : {"E99", "Z9", "nonsense"}) {
    const Ran ran = run("explain " + trace + " " + wrong);
    EXPECT_EQ(ran.status, 125);
    EXPECT_THAT(ran.err, HasSubstr(std::string("no finding ") + wrong));
    EXPECT_THAT(ran.err, HasSubstr(": it has E1, "));
    EXPECT_EQ(run("explain " + std::string(wrong) + " " + trace).err, ran.err);
  }
  EXPECT_THAT(run("explain " + write({}, "empty.sockwatch") + " E1").err,
              HasSubstr("nothing was found in it"));
  const std::string all = std::to_string(incident().connections.size());
  EXPECT_THAT(run("show " + trace + " 999999").err,
              HasSubstr("no connection 999999 in " + trace + ": it has 1 to " + all));
}

TEST_F(Explain, WaterfallAndShow) {
  const std::string trace = write(incident());
  const Ran fall = run("report --waterfall --rows 3 " + trace);
  EXPECT_EQ(fall.status, 0);
  EXPECT_THAT(fall.out, HasSubstr("the worst 3 of 100 attempts"));
  expect_two_lines(run("report --waterfall --json " + trace), 125);
  const Ran one = run("show " + trace + " 3");
  EXPECT_EQ(one.status, 0);
  EXPECT_THAT(one.out, HasSubstr("SYN resent at"));
  EXPECT_THAT(run("show --json " + trace + " 3").out, HasSubstr("\"id\":3"));
  expect_two_lines(run("show " + trace + " 999"), 125);
  expect_two_lines(run("show " + trace + " x"), 125);
  expect_two_lines(run("show " + trace), 125);
}

// The successes beside a failure are seen all the same, so that it is judged as without the filter.
TEST_F(Explain, FindingsOfOtherAttemptsAreNotToldWithAFilterOnAttempts) {
  const std::string trace = write(incident());
  const auto whole = nlohmann::json::parse(run("report --json " + trace).out)["diagnoses"];
  const auto diagnoses = [&](const std::string& filter) {
    return nlohmann::json::parse(run("report --json " + filter + trace).out)["diagnoses"];
  };
  const auto refused = diagnoses("--outcome refused ");
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_EQ(refused[0]["id"], "REFUSED");
  EXPECT_NE(std::find(whole.begin(), whole.end(), refused[0]), whole.end());  // the same
  const std::string text = run("report --outcome refused " + trace).out;
  EXPECT_THAT(text, HasSubstr("VERDICT: localhost:6379"));
  EXPECT_THAT(text, HasSubstr("Of what matches the filter, 7 of 7 attempts (100 %) failed.\n"));
  EXPECT_THAT(text, HasSubstr("count all attempts"));
  for (const auto& one : diagnoses("--min-ms 1000 ")) EXPECT_NE(one["id"], "REFUSED");
  EXPECT_FALSE(diagnoses("--min-ms 1000 ").empty());
  EXPECT_TRUE(diagnoses("--outcome rejected ").empty());
  EXPECT_EQ(run("report --outcome refused --fail-on SYNDROP,BADADDR,DNS-NX " + trace).status, 0);
  EXPECT_EQ(run("report --outcome refused --fail-on REFUSED " + trace).status, 1);
  EXPECT_EQ(
      run("explain --outcome refused " + trace + " " + refused[0]["ref"].get<std::string>()).status,
      0);
  EXPECT_THAT(run("report --outcome local_error " + trace).out, Not(HasSubstr("DIAGNOSES")));
}

// More attempts than a finding names: one like those it names speaks for it.
TEST_F(Explain, AFindingOfManyAttemptsStaysForOneItDoesNotName) {
  Trace rows;
  rows.process(1, "/usr/bin/curl");
  for (int i = 0; i < 150; ++i) {
    black_hole(rows.tcp(i * 10 * kS, "10.0.0.1", 80), i < 140 ? 2 * kS : 5 * kS, 2);
  }
  for (int i = 0; i < 150; ++i) refuse(rows.tcp(i * 10 * kS, "10.0.0.1", 80));
  const std::string trace = write(rows);
  const std::string text = run("report --min-ms 4000 " + trace).out;
  EXPECT_THAT(text, HasSubstr("SYNDROP"));
  EXPECT_THAT(text, Not(HasSubstr("REFUSED")));
}

TEST_F(Explain, FailOnSetsTheExitStatusAndSaysWhy) {
  const std::string trace = write(incident());
  const Ran met = run("report --fail-on 'timeout>1%' " + trace);
  EXPECT_EQ(met.status, 1);
  EXPECT_THAT(met.err, HasSubstr("--fail-on timeout>1%: 12 of 100 attempts (12 %)"));
  EXPECT_THAT(met.out, HasSubstr("VERDICT"));
  EXPECT_EQ(run("report --fail-on rejected " + trace).status, 0);
  EXPECT_EQ(run("report --json --fail-on refused " + trace).status, 1);
  EXPECT_EQ(run("report --fail-on rejected --fail-on refused " + trace).status, 1);
  expect_two_lines(run("report --fail-on refused --fail-on '' " + trace), 125);
  expect_two_lines(run("report --fail-on quark " + trace), 125);
  for (const char* filter : {"--dst ''", "--exe ''", "--outcome ''", "--since ''", "--min-ms -1"}) {
    expect_two_lines(run("report " + std::string(filter) + " " + trace), 125);
  }
  expect_two_lines(run("run --fail-on quark -- touch " + path("touched")), 125);
  EXPECT_FALSE(std::filesystem::exists(path("touched")));  // refused before anything ran
}

}  // namespace
}  // namespace sockwatch
