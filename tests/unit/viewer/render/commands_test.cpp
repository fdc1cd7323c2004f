// The program itself, as a person runs it, on traces written by the writer of the collector.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "collector/store/reader.h"
#include "tests/unit/viewer/render/commands_fixture.h"
#include "viewer/cli/commands.h"

namespace sockwatch {
namespace {

using namespace sockwatch::testing;
using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(Commands, ReportAsText) {
  const Ran ran = run("report " + write(incident()));
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.err, "");
  EXPECT_THAT(ran.out, HasSubstr("payments.internal:443"));
  EXPECT_THAT(ran.out, HasSubstr("VERDICT: 10.0.7.13 fails"));
  EXPECT_THAT(ran.out, HasSubstr("E1 BADADDR  high confidence"));
  EXPECT_THAT(ran.out, HasSubstr("–"));
  EXPECT_THAT(ran.out, Not(HasSubstr("\x1b")));
}

TEST_F(Commands, ReportInAsciiByLocaleOrByOption) {
  const std::string trace = write(incident());
  for (const Ran& ran : {run("report " + trace, "LC_ALL=C"), run("report --ascii " + trace)}) {
    EXPECT_THAT(ran.out, Not(HasSubstr("–")));
    for (const char c : ran.out) ASSERT_GE(c, 0);
  }
}

TEST_F(Commands, ColourOnlyWhereAsked) {
  const std::string trace = write(incident());
  EXPECT_THAT(run("report --color always " + trace).out, HasSubstr("\x1b[1;31m"));
  EXPECT_THAT(run("report --color auto " + trace).out, Not(HasSubstr("\x1b")));
  EXPECT_THAT(run("connections --color always " + trace).out, HasSubstr("\x1b[1;31m"));
}

TEST_F(Commands, ReportAsJson) {
  const Ran ran = run("report --json " + write(incident()));
  const json report = json::parse(ran.out);
  EXPECT_EQ(report["schema"], "sockwatch-report/1");
  EXPECT_EQ(report["trace"]["host"], "app-7");
  EXPECT_EQ(report["destinations"][0]["timed_out_caller"], 10);
  EXPECT_EQ(report["processes"].size(), 2u);
}

// Long traces are read from another table.
TEST_F(Commands, TheWayATraceIsReadChangesNothing) {
  for (const auto& [name, trace] :
       {std::pair("incident", incident()), std::pair("healthy", healthy()),
        std::pair("hostile", hostile())}) {
    // Of one name, as the name is part of what is said.
    const std::string file = write(trace, name, 1);
    ASSERT_TRUE(store::Reader::open(file)->is_packed()) << name;
    std::vector<std::string> packed;
    const char* const commands[] = {"report --json ", "report ", "report --waterfall ",
                                    "connections --json ", "connections --failed "};
    for (const char* command : commands) packed.push_back(run(command + file).out);
    std::filesystem::remove(file);
    write(trace, name);
    ASSERT_FALSE(store::Reader::open(file)->is_packed()) << name;
    for (std::size_t i = 0; i < packed.size(); ++i) {
      const bool may_be_empty = i + 1 == packed.size();  // nothing failed in one of them
      EXPECT_TRUE(may_be_empty || !packed[i].empty()) << commands[i] << name;
      EXPECT_EQ(run(commands[i] + file).out, packed[i]) << commands[i] << name;
    }
  }
}

TEST_F(Commands, HostileTraceIsHarmless) {
  const std::string trace = write(hostile());
  for (const char* command : {"report ", "connections ", "report --json ", "connections --json "}) {
    const Ran ran = run(command + trace);
    EXPECT_EQ(ran.status, 0) << command << ran.err;
    EXPECT_THAT(ran.out, Not(HasSubstr("\x1b")));
    EXPECT_THAT(ran.out, Not(HasSubstr("\xe2\x80\xae")));
  }
}

TEST_F(Commands, ConnectionsAsTextAndJson) {
  const std::string trace = write(incident());
  const Ran text = run("connections " + trace);
  EXPECT_EQ(lines(text.out), 101u);
  EXPECT_THAT(text.out, ::testing::StartsWith("TIME "));
  const Ran rows = run("connections --json " + trace);
  EXPECT_EQ(lines(rows.out), 100u);
  std::istringstream stream(rows.out);
  std::int64_t last = 0;
  for (std::string line; std::getline(stream, line);) {
    const json row = json::parse(line);
    EXPECT_LE(last, row["started_ns"].get<std::int64_t>());
    last = row["started_ns"];
  }
}

TEST_F(Commands, Filters) {
  const std::string trace = write(incident());
  const auto rows = [&](const std::string& flags) {
    const Ran ran = run("connections --json " + flags + " " + trace);
    EXPECT_EQ(ran.status, 0) << ran.err;
    return lines(ran.out);
  };
  EXPECT_EQ(rows("--failed"), 19u);
  EXPECT_EQ(rows("--outcome refused"), 7u);
  EXPECT_EQ(rows("--outcome refused,response_timed_out"), 8u);
  EXPECT_EQ(rows("--dst payments"), 60u);
  EXPECT_EQ(rows("--dst :6379"), 7u);
  EXPECT_EQ(rows("--dst 10.0.7.13:443 --failed"), 10u);
  EXPECT_EQ(rows("--exe java"), 100u);
  EXPECT_EQ(rows("--exe nothing"), 0u);
  EXPECT_EQ(rows("--min-ms 2999"), 11u);
  EXPECT_EQ(rows("--since 100s"), 5u);
  EXPECT_EQ(rows("--since 14:03:50"), 5u);
  EXPECT_EQ(rows("--since 1:00"), 100u);

  const json report = json::parse(run("report --json --dst inventory " + trace).out);
  EXPECT_EQ(report["destinations"].size(), 1u);
  EXPECT_EQ(report["resolutions"].size(), 1u);
  EXPECT_THAT(run("report --dst nowhere " + trace).out,
              HasSubstr("No attempt to connect matches the filter."));
}

TEST_F(Commands, WrongUse) {
  const std::string trace = write(healthy());
  const std::string other = write(healthy(), "other");
  for (const std::string command : {"report", "connections"}) {
    expect_two_lines(run(command), 125);
    expect_two_lines(run(command + " " + trace + " " + other), 125);
    expect_two_lines(run(command + " --since yesterday " + trace), 125);
    expect_two_lines(run(command + " --min-ms=-7 " + trace), 125);
    expect_two_lines(run(command + " --outcome timeout " + trace), 125);
    EXPECT_EQ(run(command + " --nonsense " + trace).status, 125);
    EXPECT_EQ(run(command + " --color blue " + trace).status, 125);
  }
}

TEST_F(Commands, UnreadableTraces) {
  std::ofstream(path("text")) << "this is no trace\n";
  std::ofstream(path("empty")).close();
  const std::string good = write(incident());
  std::string cut = content(good);
  cut.resize(cut.size() / 2);
  std::ofstream(path("cut")) << cut;
  for (const std::string command : {"report ", "connections "}) {
    expect_two_lines(run(command + path("missing")), 125);
    expect_two_lines(run(command + path("text")), 125);
    expect_two_lines(run(command + path("empty")), 125);
    expect_two_lines(run(command + folder_), 125);
    const Ran ran = run(command + path("cut"));
    EXPECT_EQ(ran.status, 125);
    EXPECT_EQ(lines(ran.err), 2u) << ran.err;
  }
}

TEST_F(Commands, ErrorsDoNotRepeatEscapes) {
  const Ran ran = run("report \"$(printf '/no/\\033[2Jsuch')\"");
  EXPECT_EQ(ran.status, 125);
  EXPECT_THAT(ran.err, Not(HasSubstr("\x1b")));
}

TEST_F(Commands, AReaderThatLeavesIsNoError) {
  Trace trace;
  trace.process(1, "/usr/bin/many");
  for (int i = 0; i < 20'000; ++i) refuse(trace.tcp(i * kMs, "10.0.0.1", 80));
  const std::string file = write(trace);
  for (const std::string command : {"connections", "connections --json", "report --json"}) {
    const std::string line = "( " SOCKWATCH " " + command + " " + file + " 2>" + path("err") +
                             "; echo $? >" + path("status") + " ) | head -n 1 >" + path("out");
    EXPECT_EQ(std::system(line.c_str()), 0);
    EXPECT_EQ(content(path("err")), "") << command;
    EXPECT_EQ(content(path("status")), "0\n") << command;
    EXPECT_EQ(lines(content(path("out"))), 1u) << command;
  }
}

TEST_F(Commands, AFullDiskIsAnError) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP();
  const std::string trace = write(incident());
  for (const char* command : {"report ", "connections ", "connections --json ", "report --json "}) {
    const Ran ran = run(command + trace + " >/dev/full");
    EXPECT_EQ(ran.status, 125) << command;
    EXPECT_THAT(ran.err, HasSubstr("No space left on device"));
    EXPECT_EQ(lines(ran.err), 2u);
  }
}

TEST_F(Commands, EmptyTrace) {
  const std::string trace = write(Trace());
  EXPECT_THAT(run("report " + trace).out, HasSubstr("No attempt to connect was recorded."));
  EXPECT_EQ(run("connections " + trace).out, "");
  EXPECT_EQ(run("connections --since 14:00 " + trace).status, 0);
}

TEST_F(Commands, WriteReportForTheLauncher) {
  const std::string trace = write(incident());
  cli::ReportOptions options;
  options.look.ascii = true;
  std::FILE* out = std::fopen(path("out").c_str(), "w");
  ASSERT_TRUE(cli::write_report(trace, options, out));
  std::fclose(out);
  EXPECT_THAT(content(path("out")), HasSubstr("FAILED CONNECTIONS"));
  out = std::fopen(path("out").c_str(), "w");
  EXPECT_FALSE(cli::write_report(path("missing"), options, out));
  std::fclose(out);
}

}  // namespace
}  // namespace sockwatch
