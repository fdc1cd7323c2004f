#include "viewer/render/format.h"

#include <gtest/gtest.h>
#include <netdb.h>

#include <cerrno>
#include <cstdlib>
#include <ctime>

#include "viewer/render/labels.h"
#include "viewer/render/terminal.h"
#include "viewer/render/wall_clock.h"

namespace sockwatch::render {
namespace {

TEST(Format, DurationHasOneUnitAndThreeDigits) {
  EXPECT_EQ(duration(0), "0ms");
  EXPECT_EQ(duration(-5), "0ms");
  EXPECT_EQ(duration(4'000), "<0.01ms");
  EXPECT_EQ(duration(23'000), "0.02ms");
  EXPECT_EQ(duration(94'900), "0.09ms");
  EXPECT_EQ(duration(95'100), "0.1ms");
  EXPECT_EQ(duration(9'949'000), "9.9ms");
  EXPECT_EQ(duration(9'960'000), "10ms");
  EXPECT_EQ(duration(999'400'000), "999ms");
  EXPECT_EQ(duration(999'600'000), "1.00s");
  EXPECT_EQ(duration(3'020'000'000), "3.02s");
  EXPECT_EQ(duration(9'996'000'000), "10.0s");
  EXPECT_EQ(duration(119'940'000'000), "119.9s");
  EXPECT_EQ(duration(119'960'000'000), "2m00s");
  EXPECT_EQ(duration(3'599'600'000'000), "1h00m");
  EXPECT_EQ(duration(INT64_MAX), "2562047h47m");
}

TEST(Format, Ranges) {
  model::Range range;
  range.add(std::int64_t{1'000'000'000});
  range.add(std::int64_t{1'000'001'000});
  EXPECT_EQ(duration(range, {}), "1.00s");
  range.add(std::int64_t{3'000'000'000});
  EXPECT_EQ(duration(range, {}), "1.00s–3.00s");
  model::Range syns;
  syns.add(std::int64_t{1});
  EXPECT_EQ(counted(syns, "SYN", {}), "1 SYN");
  syns.add(std::int64_t{3});
  EXPECT_EQ(counted(syns, "SYN", {}), "1–3 SYNs");
}

TEST(Format, Counts) {
  EXPECT_EQ(number(999), "999");
  EXPECT_EQ(number(1'204'882), "1,204,882");
  EXPECT_EQ(counted(1, "process"), "1 process");
  EXPECT_EQ(counted(2, "process"), "2 processes");
  EXPECT_EQ(bytes(200), "200 B");
  EXPECT_EQ(bytes(1'400), "1.4 kB");
  EXPECT_EQ(bytes(999'999), "1.0 MB");
}

TEST(Format, ShareNeverRoundsToAllOrNothing) {
  EXPECT_EQ(share(1, 1), "1 of 1");
  EXPECT_EQ(share(3, 4), "3 of 4");
  EXPECT_EQ(share(184, 438), "184 of 438 (42 %)");
  EXPECT_EQ(share(1, 1'000), "1 of 1,000 (< 1 %)");
  EXPECT_EQ(share(999, 1'000), "999 of 1,000 (> 99 %)");
  EXPECT_EQ(share(7, 7), "7 of 7 (100 %)");
  EXPECT_EQ(share(10, 20, "attempt"), "10 of 20 attempts (50 %)");
}

TEST(Format, ErrorsByName) {
  EXPECT_EQ(errno_name(ECONNREFUSED), "ECONNREFUSED");
  EXPECT_EQ(errno_words(ENETUNREACH), "ENETUNREACH (Network is unreachable)");
  EXPECT_EQ(errno_name(-1), "error -1");
  EXPECT_EQ(errno_name(4'000), "error 4000");
  EXPECT_EQ(errno_name(INT64_MAX), "error 9223372036854775807");
  EXPECT_EQ(lookup_error(EAI_NONAME, std::nullopt), "name does not exist (EAI_NONAME)");
  EXPECT_EQ(lookup_error(EAI_SYSTEM, ENOMEM), "ENOMEM (Cannot allocate memory)");
  EXPECT_EQ(lookup_error(HOST_NOT_FOUND, std::nullopt), "name does not exist (HOST_NOT_FOUND)");
  EXPECT_EQ(lookup_error(-99, std::nullopt), "result -99");
}

TEST(Labels, Places) {
  EXPECT_EQ(place("::1", 443, "tcp", {}), "[::1]:443");
  EXPECT_EQ(place("10.0.0.2", 53, "udp", {}), "10.0.0.2:53/udp");
  EXPECT_EQ(place("/run/db.sock", std::nullopt, "unix", {}), "/run/db.sock");
  EXPECT_EQ(place("", std::nullopt, "unix", {}), "(unnamed unix socket)");
  EXPECT_EQ(place(std::nullopt, 80, "tcp", {}), "(address not known):80");
}

TEST(Labels, ProgramsAndFiles) {
  store::ProcessRow row;
  row.pid = 7;
  EXPECT_EQ(program(row, {}), "pid 7");
  EXPECT_EQ(programs({row}, {}), "pid 7");
  row.command_line = "curl -s http://x";
  EXPECT_EQ(program(row, {}), "curl");
  row.exe = "/usr/bin/java";
  EXPECT_EQ(programs({row, row, row}, {}), "java, 3 processes");
  store::ProcessRow other = row;
  other.exe = "/bin/sh";
  EXPECT_EQ(programs({other, row, row}, {}), "sh and 1 more program, 3 processes");
  EXPECT_EQ(shell_word("", {}), "FILE");
  EXPECT_EQ(shell_word("a/b-1.sockwatch", {}), "a/b-1.sockwatch");
  EXPECT_EQ(shell_word("it's $(rm)", {}), "'it'\\''s $(rm)'");
}

TEST(WallClock, LocalTimeOrSecondsWithoutAnAnchor) {
  setenv("TZ", "UTC", 1);
  tzset();
  using Facts = std::map<std::string, std::string>;
  const WallClock clock(Facts{{"monotonic_to_unix_ns", "1795269730000000000"}});
  EXPECT_EQ(clock.date(0), "2026-11-21");
  EXPECT_EQ(clock.time_ms(118'000'000), "14:02:10.118");
  EXPECT_EQ(WallClock(Facts()).time_ms(1'500'000'000), "1.500");
  EXPECT_FALSE(WallClock(Facts{{"monotonic_to_unix_ns", "12x"}}).anchored());
  EXPECT_FALSE(clock.unix_ns(INT64_MAX));
}

TEST(Terminal, Environment) {
  unsetenv("LC_ALL");
  unsetenv("LC_CTYPE");
  setenv("LANG", "C", 1);
  EXPECT_FALSE(locale_is_utf8());
  setenv("LANG", "de_DE.UTF-8", 1);
  EXPECT_TRUE(locale_is_utf8());
  setenv("LC_ALL", "POSIX", 1);
  EXPECT_FALSE(locale_is_utf8());
  setenv("LC_ALL", "C.utf8", 1);
  EXPECT_TRUE(locale_is_utf8());
  unsetenv("LC_ALL");

  std::FILE* file = std::tmpfile();
  setenv("COLUMNS", "40", 1);
  EXPECT_EQ(text_width(file), 80);
  setenv("COLUMNS", "90", 1);
  EXPECT_EQ(text_width(file), 90);
  setenv("COLUMNS", "900", 1);
  EXPECT_EQ(text_width(file), 120);
  setenv("COLUMNS", "nonsense", 1);
  EXPECT_EQ(text_width(file), 100);
  EXPECT_FALSE(wants_color(ColorMode::automatic, file));
  EXPECT_TRUE(wants_color(ColorMode::always, file));
  std::fclose(file);
}

TEST(Color, WhatIsAskedForWinsOverTheEnvironment) {
  setenv("NO_COLOR", "1", 1);
  EXPECT_TRUE(wants_color(ColorMode::always, stdout));
  EXPECT_FALSE(wants_color(ColorMode::automatic, stdout));
  unsetenv("NO_COLOR");
  EXPECT_FALSE(wants_color(ColorMode::never, stdout));
}

}  // namespace
}  // namespace sockwatch::render
