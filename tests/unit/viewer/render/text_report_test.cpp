#include "viewer/render/text_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netdb.h>

#include <cstdlib>
#include <ctime>
#include <fstream>
#include <sstream>

#include "tests/unit/viewer/render/traces.h"
#include "viewer/render/clean_text.h"

namespace sockwatch::render {
namespace {

using namespace sockwatch::testing;
using ::testing::HasSubstr;
using ::testing::Not;

class TextReport : public ::testing::Test {
 protected:
  void SetUp() override {
    setenv("TZ", "UTC", 1);
    tzset();
    style_.file = "trace.sockwatch";
  }

  std::string report(const Trace& trace) { return text_report(summarise(trace), {}, style_); }

  // On one line, so that what is looked for may be broken over two.
  std::string flat(const Trace& trace) {
    std::istringstream words(report(trace));
    std::string text;
    for (std::string word; words >> word;) text += (text.empty() ? "" : " ") + word;
    return text;
  }

  // With SOCKWATCH_UPDATE_GOLDEN set the file is written instead of compared: read the difference
  // before it is committed.
  void expect_golden(const std::string& name, const Trace& trace) {
    const std::string text = report(trace);
    const std::string path = std::string(GOLDEN_FOLDER) + "/" + name + ".txt";
    if (std::getenv("SOCKWATCH_UPDATE_GOLDEN") != nullptr) std::ofstream(path) << text;
    std::ifstream file(path);
    std::stringstream wanted;
    wanted << file.rdbuf();
    EXPECT_EQ(text, wanted.str()) << path;
  }

  static void expect_fits(const std::string& text, std::size_t width) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      EXPECT_LE(columns(line), width) << line;
      EXPECT_FALSE(line.ends_with(' ')) << line;
    }
  }

  TextStyle style_;
};

TEST_F(TextReport, Healthy) { expect_golden("healthy", healthy()); }

TEST_F(TextReport, Incident100) { expect_golden("incident_100", incident()); }

TEST_F(TextReport, Incident80) {
  style_.width = 80;
  expect_golden("incident_80", incident());
}

TEST_F(TextReport, IncidentAscii) {
  style_.ascii = true;
  expect_golden("incident_ascii", incident());
}

TEST_F(TextReport, IncidentColour) {
  style_.color = true;
  expect_golden("incident_colour", incident());
}

TEST_F(TextReport, EverythingLost) { expect_golden("everything_lost", everything_lost()); }

TEST_F(TextReport, Hostile) { expect_golden("hostile", hostile()); }

TEST_F(TextReport, FitsItsWidth) {
  for (const int width : {80, 93, 100, 120}) {
    style_.width = width;
    for (const Trace& trace : {healthy(), incident(), everything_lost()}) {
      expect_fits(report(trace), static_cast<std::size_t>(width));
    }
  }
}

TEST_F(TextReport, NothingOfTheTraceReachesTheTerminal) {
  for (const bool ascii : {false, true}) {
    style_.ascii = ascii;
    style_.file = "/tmp/\x1b[2J\n.sockwatch";
    const std::string text = report(hostile());
    EXPECT_THAT(text, HasSubstr("\\x1b["));
    for (std::string_view rest = text; !rest.empty();) {
      const Character c = first_character(rest);
      ASSERT_GT(c.length, 0u);
      ASSERT_FALSE((c.code < 0x20 && c.code != '\n') || (c.code >= 0x7f && c.code < 0xa0));
      ASSERT_NE(c.code, 0x202eu);
      ASSERT_FALSE(ascii && c.code > 0x7f);
      rest.remove_prefix(c.length);
    }
  }
}

TEST_F(TextReport, ColourChangesNothingButColour) {
  const std::string plain = report(incident());
  style_.color = true;
  std::string colored = report(incident());
  for (std::size_t at; (at = colored.find("\x1b[")) != std::string::npos;) {
    colored.erase(at, colored.find('m', at) - at + 1);
  }
  EXPECT_EQ(colored, plain);
}

TEST_F(TextReport, EmptyTrace) {
  EXPECT_EQ(report(Trace()),
            "sockwatch report — no process, client view\n"
            "coverage: 0 attempts, 0 records lost, no process seen\n\n"
            "VERDICT: No attempt to connect was recorded.\n");
}

TEST_F(TextReport, FilteredToNothing) {
  model::SummaryBuilder builder;
  const std::string text = text_report(builder.finish(true), {}, style_);
  EXPECT_THAT(text, HasSubstr("No attempt to connect matches the filter."));
}

TEST_F(TextReport, RecordingCutShortIsSaid) {
  Trace trace = healthy();
  trace.facts.erase("ended");
  EXPECT_THAT(flat(trace), HasSubstr("0 records lost as far as known"));
  EXPECT_THAT(flat(trace), HasSubstr("the recording has no end: it still runs, or was cut short"));
  EXPECT_THAT(flat(trace), HasSubstr("The recording has no end: what came later is not here."));
}

TEST_F(TextReport, NoRoomForTheTraceIsSaid) {
  Trace trace = healthy();
  trace.facts.erase("ended");
  trace.facts["store_error"] = "cannot write trace 't': No space left on device";
  trace.losses.push_back({std::nullopt, "not_stored", 812});
  const std::string text = flat(trace);
  EXPECT_THAT(text, HasSubstr("812 records lost as far as known"));
  EXPECT_THAT(text, HasSubstr("its collector gave up: cannot write trace 't': No space left"));
  EXPECT_THAT(text, HasSubstr("812 records (not_stored): the trace could not be written to its "
                              "end, for want of room"));
}

TEST_F(TextReport, OneFailureOfOneDestination) {
  Trace trace;
  trace.process(1, "/usr/bin/curl");
  black_hole(trace.tcp(0, "10.99.0.1", 80), 3 * kS, 1);
  for (int i = 0; i < 3; ++i) connect_in(trace.tcp(0, "10.0.0.1", 80 + i), kMs);
  EXPECT_THAT(flat(trace), HasSubstr("1 of 4 destinations failed: 10.99.0.1:80 never answered (2 "
                                     "SYNs in 3.00s, nothing came back);"));
}

// A load generator that stops: what was under way then had not failed.
TEST_F(TextReport, ConnectsThatEndWithTheirProcessAreNoFailedDestination) {
  Trace trace;
  trace.process(1, "/usr/bin/wrk");
  for (int i = 0; i < 3; ++i) connect_in(trace.tcp(i, "127.0.0.1", 80, "api"), kMs);
  trace.tcp(3, "127.0.0.1", 80, "api").outcome = "abandoned";
  EXPECT_THAT(flat(trace), HasSubstr("VERDICT: 3 of 4 attempts connected; 1 was not known to be "
                                     "connected when the process ended."));
  EXPECT_THAT(flat(trace), Not(HasSubstr("No rule of the catalogue")));
}

TEST_F(TextReport, SupersededIsNoFailure) {
  Trace trace;
  trace.process(1, "/usr/bin/curl");
  connect_in(trace.tcp(0, "127.0.0.1", 80, "api"), kMs);
  black_hole(trace.tcp(0, "::1", 80, "api"), 204 * kMs, 0).outcome = "superseded";
  const std::string text = report(trace);
  EXPECT_THAT(flat(trace),
              HasSubstr("No failures: 1 of 2 attempts connected, 1 lost to a faster address "
                        "of the same name."));
  EXPECT_THAT(text, Not(HasSubstr("FAILED")));
  EXPECT_THAT(text, Not(HasSubstr("! ")));
}

TEST_F(TextReport, LostSynsOfHealthyConnectsAreSaid) {
  Trace trace;
  trace.process(1, "/usr/bin/curl");
  connect_in(trace.tcp(0, "10.0.0.1", 80), 1'020 * kMs).syn_retransmits = 1;
  EXPECT_THAT(flat(trace), HasSubstr("1 SYN had to be sent again; the slowest connect took "
                                     "1.02s."));
}

TEST_F(TextReport, AProgramThatLooksLateIsNoSlowNetwork) {
  Trace trace;
  trace.process(1, "/usr/bin/curl");
  auto& row = connect_in(trace.tcp(0, "10.0.0.1", 80), 1'010 * kMs);
  EXPECT_THAT(flat(trace), HasSubstr("The slowest connect took 1.01s."));
  row.rtt_us = 60;
  EXPECT_THAT(flat(trace),
              HasSubstr("The slowest connect took 1.01s, but no handshake more than 0.06ms: the "
                        "rest is the program's own time."));
}

TEST_F(TextReport, SlowLookupIsSaid) {
  Trace trace = healthy();
  trace.lookup(0, "api.internal", 5'010 * kMs);
  EXPECT_THAT(flat(trace), HasSubstr("The slowest name lookup took 5.01s: api.internal."));
}

TEST_F(TextReport, LookupsOfAddressesAreNoNews) {
  Trace trace;
  trace.process(1, "/usr/bin/curl");
  trace.lookup(0, "127.0.0.1", kMs / 100);
  trace.lookup(0, "::1", kMs / 100);
  EXPECT_THAT(report(trace), Not(HasSubstr("NAME LOOKUPS")));
  trace.lookup(0, "::1", kMs / 100, -9);
  EXPECT_THAT(report(trace), HasSubstr("! ::1"));
}

TEST_F(TextReport, ManyFailuresAreLimited) {
  Trace trace;
  trace.process(1, "/usr/bin/scan");
  for (int i = 0; i < 60; ++i) refuse(trace.tcp(0, "10.0.0." + std::to_string(i), 80));
  const std::string text = report(trace);
  EXPECT_THAT(text, HasSubstr("… and 50 more failures"));
  EXPECT_THAT(text, HasSubstr("… and 48 more destinations"));
  EXPECT_THAT(text, HasSubstr("sockwatch connections trace.sockwatch --failed"));
}

// Who goes back to them wants to see more of them than one who looks around.
TEST_F(TextReport, ManyDestinationsAreLimited) {
  Trace trace;
  trace.process(1, "/usr/bin/proxy");
  for (int i = 0; i < 120; ++i) refuse(trace.tcp(0, "10.0.0." + std::to_string(i % 60), 80));
  EXPECT_THAT(report(trace), HasSubstr("… and 20 more destinations"));
}

TEST_F(TextReport, PlacesCountedTogetherComeLastAndAreNotANumberOfPlaces) {
  Trace trace;
  trace.process(1, "/usr/bin/scan");
  for (int i = 0; i < 60; ++i) refuse(trace.tcp(0, "10.0.0." + std::to_string(i), 80));
  const std::string text = text_report(summarise(trace, {3, 3, 100}), {}, style_);
  EXPECT_THAT(text, HasSubstr("3 of more than 3 destinations failed: 10.0.0.0:80 answered"));
  EXPECT_THAT(text, HasSubstr("57 of 57 (100 %)"));
  EXPECT_LT(text.find("10.0.0.2:80"), text.find("(all other destinations)"));
}

TEST_F(TextReport, SeveralProgramsAreToldApart) {
  Trace trace;
  trace.process(1, "/bin/sh");
  trace.process(2, "/usr/bin/curl");
  refuse(trace.tcp(0, "10.0.0.1", 80)).process_id = 2;
  EXPECT_THAT(flat(trace), HasSubstr("[curl (pid 2), 14:02:10]"));
}

TEST_F(TextReport, AnErrorOfManyNamesIsToldOnce) {
  Trace trace;
  for (int i = 0; i < 12; ++i) trace.lookup(0, "n" + std::to_string(i), kMs, EAI_AGAIN);
  trace.lookup(0, "typo", kMs / 2, EAI_NONAME);
  const std::string text = report(trace);
  EXPECT_THAT(text, HasSubstr("    n0, n1, n10, n11 and 8 other names: the name servers did not"));
  EXPECT_THAT(text, HasSubstr("    typo: name does not exist (EAI_NONAME)"));
}

TEST_F(TextReport, ABracketedCountIsExplainedAlsoInTheRowOfAnAddress) {
  Trace trace;
  for (int i = 0; i < 30; ++i) {
    exchange(connect_in(trace.tcp(i * kS, "10.0.0.1", 80, "shop"), kMs), kMs);
  }
  const std::string all = report(trace);
  EXPECT_THAT(all, Not(HasSubstr("(n): from n values only")));
  for (int i = 0; i < 3; ++i) {
    exchange(connect_in(trace.tcp(i * kS, "10.0.0.2", 80, "shop"), 90 * kMs), kMs);
  }
  refuse(trace.tcp(0, "10.0.0.2", 80, "shop"));
  EXPECT_THAT(report(trace), HasSubstr("(n): from n values only"));
}

}  // namespace
}  // namespace sockwatch::render
