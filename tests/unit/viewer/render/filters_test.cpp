#include "viewer/cli/filters.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

#include "tests/unit/viewer/render/traces.h"

namespace sockwatch::cli {
namespace {

using namespace sockwatch::testing;

TEST(ParseSince, TimesFromTheStart) {
  EXPECT_EQ(*parse_since("30s"), (Since{30 * kS, 0}));
  EXPECT_EQ(*parse_since("30"), (Since{30 * kS, 0}));
  EXPECT_EQ(*parse_since("0"), (Since{0, 0}));
  EXPECT_EQ(*parse_since("1.5s"), (Since{1'500 * kMs, 0}));
  EXPECT_EQ(*parse_since("250ms"), (Since{250 * kMs, 0}));
  EXPECT_EQ(*parse_since("5m"), (Since{300 * kS, 0}));
  EXPECT_EQ(*parse_since("5min"), (Since{300 * kS, 0}));
  EXPECT_EQ(*parse_since("2h"), (Since{7'200 * kS, 0}));
}

TEST(ParseSince, TimesOfDay) {
  EXPECT_EQ(*parse_since("14:03"), (Since{std::nullopt, 14 * 3600 + 3 * 60}));
  EXPECT_EQ(*parse_since("14:03:20"), (Since{std::nullopt, 14 * 3600 + 3 * 60 + 20}));
  EXPECT_EQ(*parse_since("0:00"), (Since{std::nullopt, 0}));
}

TEST(ParseSince, RefusesWhatItDoesNotUnderstand) {
  for (const char* text :
       {"", "s", "-5s", "30x", "30 s", "24:00", "12:60", "12:00:60", "12:", ":30", "1:2:3:4",
        "12:00:", "nan", "inf", "1e300s", "0x10", "+3s", "12:-1", "14:03pm"}) {
    const auto since = parse_since(text);
    ASSERT_FALSE(since) << text;
    EXPECT_FALSE(since.error().hint.empty());
  }
}

class TimeOfDay : public ::testing::Test {
 protected:
  static void zone(const char* name) {
    setenv("TZ", name, 1);
    tzset();
  }
  void TearDown() override { zone("UTC"); }
};

TEST_F(TimeOfDay, OnTheDayTheTraceBegan) {
  zone("UTC");
  EXPECT_EQ(resolve_time_of_day(14 * 3600 + 3 * 60, kStartUnix, kStartUnix + 300 * kS),
            kStartUnix + 50 * kS);
  // Before the trace began: everything, not the next day.
  EXPECT_EQ(resolve_time_of_day(14 * 3600, kStartUnix, kStartUnix + 300 * kS),
            kStartUnix - 130 * kS);
}

TEST_F(TimeOfDay, FollowsTheLocalZone) {
  zone("CET-1CEST,M3.5.0,M10.5.0/3");
  EXPECT_EQ(resolve_time_of_day(15 * 3600 + 3 * 60, kStartUnix, kStartUnix + 300 * kS),
            kStartUnix + 50 * kS);
}

TEST_F(TimeOfDay, OfTheNextDayIfTheTraceReachesIt) {
  zone("UTC");
  const store::Ns long_trace = kStartUnix + 20 * 3600 * kS;
  EXPECT_EQ(resolve_time_of_day(60, kStartUnix, long_trace),
            kStartUnix - (14 * 3600 + 130) * kS + 24 * 3600 * kS + 60 * kS);
}

TEST_F(TimeOfDay, OverAChangeOfClocks) {
  // 2026-10-25 in Berlin: 3:00 summer time becomes 2:00; from 23:00 the evening before to 4:00 are
  // 6 h.
  zone("CET-1CEST,M3.5.0,M10.5.0/3");
  std::tm evening{};
  evening.tm_year = 126;
  evening.tm_mon = 9;
  evening.tm_mday = 24;
  evening.tm_hour = 23;
  evening.tm_isdst = -1;
  const store::Ns first = static_cast<store::Ns>(std::mktime(&evening)) * kS;
  EXPECT_EQ(resolve_time_of_day(4 * 3600, first, first + 10 * 3600 * kS) - first, 6 * 3600 * kS);
}

TEST(FilterFlags, WrongUseIsFoundWithoutATrace) {
  FilterFlags flags;
  EXPECT_TRUE(check_filter_flags(flags));
  flags.since = "yesterday";
  EXPECT_FALSE(check_filter_flags(flags));
  flags.since = "5m";
  EXPECT_TRUE(check_filter_flags(flags));
  for (const double bad : {-2.0, 1e300, std::numeric_limits<double>::quiet_NaN()}) {
    flags.min_ms = bad;
    EXPECT_FALSE(check_filter_flags(flags)) << bad;
  }
  flags.min_ms = 0;
  EXPECT_TRUE(check_filter_flags(flags));
}

}  // namespace
}  // namespace sockwatch::cli
