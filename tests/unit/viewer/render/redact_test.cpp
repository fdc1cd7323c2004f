// --redact: what is printed of a trace can be given to somebody else.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "collector/store/reader.h"
#include "tests/unit/viewer/render/commands_fixture.h"

namespace sockwatch {
namespace {

using namespace sockwatch::testing;
using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

// Everything in it that names somebody, and nothing else does.
const std::vector<std::string> kSecrets = {"10.0.7.1",  "10.0.8.1",  "10.99.0.1", "10.0.9.9",
                                           "10.0.0.53", "2a00:1450", "payments",  "inventory",
                                           "typo",      "app-7",     "acme",      "secret",
                                           "corp",      "/opt",      "/home"};

Trace secret_incident() {
  Trace trace = incident();
  trace.processes[0].command_line = "java -Dpassword=secret -jar /home/me/acme.jar";
  trace.processes[1].exe = "/opt/acme/tyk";
  trace.processes[1].command_line = "/opt/acme/tyk --secret";
  trace.facts["resolver_nameservers"] = "10.0.0.53";
  trace.facts["resolver_search"] = "corp.acme";
  trace.facts["proxy_http"] = "secret.corp:3128";
  trace.facts["boot_id"] = "secret";
  trace.facts["store_error"] = "cannot write trace '/home/me/secret'";
  for (auto& row : trace.connections) row.local_address = "10.0.7.1";
  for (auto& row : trace.resolutions) row.addresses = "10.0.7.13 2a00:1450::1";
  auto& socket = refuse(trace.tcp(130 * kS, "/home/me/secret.sock", 0));
  socket.family = socket.protocol = "unix";
  socket.peer_port.reset();
  socket.local_address = "@secret";
  connect_in(trace.tcp(131 * kS, "2a00:1450::1", 443, "six.corp"), kMs);
  return trace;
}

class Redacted : public Commands {
 protected:
  std::string look(const std::string& arguments) const {
    const Ran ran = run(arguments);
    EXPECT_EQ(ran.err, "") << arguments;
    EXPECT_NE(ran.out, "") << arguments;
    for (const std::string& secret : kSecrets)
      EXPECT_THAT(ran.out, Not(HasSubstr(secret))) << arguments;
    EXPECT_THAT(ran.out, Not(HasSubstr(folder_))) << "the trace's own path, by " << arguments;
    return ran.out;
  }
};

TEST_F(Redacted, NothingThatNamesSomebodyIsPrinted) {
  const std::string trace = write(secret_incident());
  const std::string plain = run("report " + trace).out;
  for (const char* told : {"payments", "10.0.7.13", "secret.sock"})
    EXPECT_THAT(plain, HasSubstr(told));
  const std::string report = look("report --redact " + trace);
  EXPECT_THAT(report, HasSubstr("redacted: "));
  EXPECT_THAT(report, HasSubstr("localhost:6379")) << "this machine is no secret, a port neither";
  for (const char* view : {"report --redact --json ", "report --redact --waterfall ",
                           "connections --redact ", "connections --redact --json "}) {
    look(view + trace);
  }
  for (int id = 1; id <= 102; id += 3) {
    look("show --redact " + trace + " " + std::to_string(id));
    look("show --redact --json " + trace + " " + std::to_string(id));
  }
  int findings = 0;
  for (const char severity : {'E', 'W', 'I'}) {
    for (int number = 1; number < 10; ++number) {
      const std::string id = std::string(1, severity) + std::to_string(number);
      if (report.find("\n" + id + " ") == std::string::npos) continue;
      look("explain --redact " + trace + " " + id);
      ++findings;
    }
  }
  EXPECT_GE(findings, 3) << report;
}

TEST_F(Redacted, TheDiagnosesAreTheSame) {
  const std::string trace = write(secret_incident());
  const json plain = json::parse(run("report --json " + trace).out);
  const json redacted = json::parse(look("report --json --redact " + trace));
  EXPECT_EQ(redacted["trace"]["redacted"], "1");
  // Equals are listed by what they speak of, so their numbers may change places.
  const auto told = [](const json& report) {
    std::multiset<std::string> all;
    for (const json& diagnosis : report["diagnoses"]) {
      json same;
      for (const char* key : {"id", "severity", "confidence", "count", "of", "connections"}) {
        same[key] = diagnosis[key];
      }
      all.insert(same.dump());
    }
    return all;
  };
  EXPECT_GE(told(plain).size(), 3u);
  EXPECT_EQ(told(plain), told(redacted));
}

TEST_F(Redacted, TheSameThingHasTheSamePseudonymEverywhere) {
  const std::string trace = write(secret_incident());
  std::map<std::string, std::set<std::string>> shown;  // original → pseudonyms
  const auto add = [&](const json& plain, const json& redacted) {
    for (const char* key : {"peer_address", "peer_name", "local_address"}) {
      if (!plain[key].is_null()) shown[plain[key]].insert(redacted[key].get<std::string>());
    }
  };
  for (const std::string filter : {"", "--failed ", "--dst 10.0.7.13 ", "--outcome refused "}) {
    std::istringstream plain(run("connections --json " + filter + trace).out);
    std::istringstream redacted(look("connections --redact --json " + filter + trace));
    for (std::string a, b; std::getline(plain, a) && std::getline(redacted, b);)
      add(json::parse(a), json::parse(b));
  }
  for (const char* id : {"3", "100", "101", "102"}) {
    add(json::parse(run("show --json " + trace + " " + id).out),
        json::parse(look("show --redact --json " + trace + " " + id)));
  }
  EXPECT_GE(shown.size(), 10u);
  std::set<std::string> all;
  for (const auto& [original, pseudonyms] : shown) {
    EXPECT_EQ(pseudonyms.size(), 1u) << original;
    all.insert(*pseudonyms.begin());
  }
  EXPECT_EQ(all.size(), shown.size()) << "and no two share one";
}

TEST_F(Redacted, FiltersSpeakOfTheOriginals) {
  const std::string trace = write(secret_incident());
  const json report = json::parse(look("report --redact --json --dst inventory " + trace));
  EXPECT_EQ(report["destinations"].size(), 1u);
  EXPECT_EQ(report["resolutions"].size(), 1u);
  EXPECT_EQ(lines(look("connections --redact --json --exe /jvm/ " + trace)), 102u);
}

TEST_F(Redacted, OfARecordedCommandLineTheProgramIsStored) {
  const Ran ran = run("run --redact -o " + path("recorded") + " -- /bin/sh -c 'exit 3; secret'");
  EXPECT_EQ(ran.status, 3);
  EXPECT_THAT(ran.err, Not(HasSubstr("secret")));
  const auto reader = store::Reader::open(path("recorded"));
  ASSERT_TRUE(reader) << reader.error().message;
  const auto processes = reader->processes();
  ASSERT_TRUE(processes);
  ASSERT_EQ(processes->size(), 1u);
  EXPECT_EQ(processes->front().command_line, "/bin/sh [redacted]");
  EXPECT_THAT(content(path("recorded")), Not(HasSubstr("secret")));
}

}  // namespace
}  // namespace sockwatch
