// A trace, a file name, a command line of somebody who wants to write to the terminal of the one
// who looks at it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>

#include "collector/support/clean_text.h"
#include "tests/unit/viewer/render/commands_fixture.h"

namespace sockwatch {
namespace {

using namespace sockwatch::testing;

// Sets a title, clears the screen, in C0 and C1, turns the direction of writing, is no UTF-8, makes
// lines of its own.
const std::string kEvil =
    "\x1b]0;owned\x07\x1b[2J\xc2\x9b"
    "31m\xe2\x80\xae\xff\r\nsockwatch: all is well\x7f<b>";

void make_evil(std::string& text) { text = text.substr(0, text.find('.')) + kEvil + text; }
void make_evil(store::OptText& text) {
  if (text) make_evil(*text);
}

// Everything the rules find in incident(), with every text that a program or a name server can
// choose.
Trace evil_incident() {
  Trace trace = incident();
  for (const char* key : {"host", "kernel", "sockwatch_version", "detail"})
    make_evil(trace.facts[key]);
  trace.facts["resolver_nameservers"] = kEvil + " 10.0.0.53";
  trace.facts["resolver_search"] = kEvil;
  trace.facts["proxy_http"] = kEvil + ":3128";
  trace.facts[kEvil] = kEvil;
  for (auto& row : trace.processes) {
    make_evil(row.exe);
    row.command_line = kEvil;
  }
  for (auto& row : trace.connections) {
    make_evil(row.peer_name);
    row.local_address = kEvil;
    if (row.peer_address == "10.99.0.1") make_evil(row.peer_address);
    make_evil(row.budget_source);
  }
  for (auto& row : trace.resolutions) {
    make_evil(row.name);
    row.service = kEvil;
    row.addresses = kEvil;
  }
  trace.losses.push_back({std::nullopt, kEvil, 3});
  return trace;
}

void expect_harmless(const std::string& text, const std::string& what) {
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    EXPECT_EQ(clean(line), line) << "printed by " << clean(what);
    EXPECT_FALSE(line.starts_with("sockwatch: all is well"))
        << "a line of its own, by " << clean(what);
  }
}

class HostileCommands : public Commands {
 protected:
  Ran look(const std::string& arguments) const {
    Ran ran = run(arguments);
    expect_harmless(ran.out, arguments);
    expect_harmless(ran.err, arguments);
    EXPECT_NE(ran.out + ran.err, "") << arguments;
    return ran;
  }
};

std::string in_quotes(const std::string& text) { return "'" + text + "'"; }

TEST_F(HostileCommands, EveryViewOfATrace) {
  const std::string trace = write(evil_incident());
  const Ran report = look("report " + trace);
  EXPECT_EQ(report.status, 0) << report.err;
  for (const char* view : {"report --json ", "report --waterfall ", "report --ascii ",
                           "report --fail-on failure,SYNDROP ", "connections ",
                           "connections --json ", "connections --failed --ascii "}) {
    look(view + trace);
  }
  for (const int id : {1, 3, 60, 92, 99, 100}) {
    EXPECT_EQ(look("show " + trace + " " + std::to_string(id)).status, 0);
    EXPECT_EQ(look("show --json " + trace + " " + std::to_string(id)).status, 0);
  }
  int findings = 0;
  for (const char severity : {'E', 'W', 'I'}) {
    for (int number = 1; number < 10; ++number) {
      const std::string id = std::string(1, severity) + std::to_string(number);
      if (report.out.find("\n" + id + " ") == std::string::npos) continue;
      ++findings;
      EXPECT_EQ(look("explain " + trace + " " + id).status, 0);
    }
  }
  EXPECT_GE(findings, 3) << report.out;
}

TEST_F(HostileCommands, WhatIsGivenOnTheCommandLine) {
  const std::string trace = write(incident());
  std::filesystem::copy_file(trace, path(kEvil));
  const std::string here = in_quotes(path(kEvil));
  for (const char* view : {"report ", "connections ", "report --waterfall "}) look(view + here);
  look("show " + here + " 1");
  look("show " + here + " 4711");
  look("explain " + here + " E1");
  look("explain " + here + " E99");
  look("explain " + here);
  const std::string evil = in_quotes(kEvil);
  for (const char* command :
       {"", "report ", "connections ", "explain ", "check ", "run -- ", "record -- ", "show "}) {
    look(command + evil);
  }
  look("explain 'connection timed out " + kEvil + "'");
  look("explain 'dial tcp " + kEvil + ":443: i/o timeout'");
  for (const char* option :
       {"--dst ", "--exe ", "--outcome ", "--since ", "--min-ms ", "--fail-on ", "--color "}) {
    look("report " + (option + evil) + " " + trace);
  }
  look("collect --dir " + evil + " -o " + here);
  look("collect --dir " + in_quotes(folder_) + " --detail " + evil + " -o " + here);
}

TEST_F(HostileCommands, ProgramsThatAreLookedAtAndRecorded) {
  const std::string program = path("tool" + kEvil);
  std::filesystem::copy_file("/bin/true", program);
  const std::string script = path("script" + kEvil);
  std::ofstream(script) << "#!/bin/true \x1b[2J\n";
  std::filesystem::permissions(script, std::filesystem::perms::owner_all);
  const std::string lost = path("lost" + kEvil);
  std::ofstream(lost) << "#!/nowhere/\x1b[2J\n";
  std::filesystem::permissions(lost, std::filesystem::perms::owner_all);
  for (const std::string& file : {program, script, lost}) {
    look("check " + in_quotes(file));
    look("check --json " + in_quotes(file));
    look("run --force -o " + in_quotes(path("trace" + kEvil)) + " -- " + in_quotes(file));
  }
  look("record -o " + in_quotes(path("another" + kEvil)) + " -- /bin/true");
}

}  // namespace
}  // namespace sockwatch
