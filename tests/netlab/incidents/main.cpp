// The confusion matrix: plays all incidents, prints what was found, fails where it does not hold.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <fstream>

#include "tests/netlab/incidents/incident.h"
#include "tests/netlab/incidents/matrix.h"
#include "tests/netlab/incidents/runner.h"

namespace {

using namespace sockwatch::netlab;

// Every word of `wanted` is a rule that is right there, a client, or a part of the name.
bool is_wanted(const Incident& incident, const Words& wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const std::string& word) {
    const auto& rules = incident.expected;
    return std::find(rules.begin(), rules.end(), word) != rules.end() || incident.client == word ||
           incident.name.find(word) != std::string::npos;
  });
}

int run(const Words& wanted, int at_once, bool list, bool told, const std::string& file) {
  std::vector<Incident> incidents = all_incidents();
  std::erase_if(incidents, [&](const Incident& one) { return !is_wanted(one, wanted); });
  if (list) {
    for (const auto& one : incidents) {
      fmt::print("{} / {}: {}\n", one.name, one.client, fmt::join(one.expected, ", "));
    }
    return 0;
  }
  const std::vector<Played> all = play(incidents, at_once);
  if (told) {
    for (const Played& one : all) fmt::print("{} / {}{}\n", one.name, one.client, one.told);
  }
  fmt::print("{}", as_text(all));
  if (!file.empty() && !(std::ofstream(file) << as_markdown(all)).flush()) {
    fmt::print(stderr, "cannot write {}\n", file);
    return 2;
  }
  const bool none =
      std::all_of(all.begin(), all.end(), [](const Played& one) { return !one.skipped.empty(); });
  constexpr int kSkipped = 77;  // as CTest is told
  if (none) return kSkipped;
  return holds(all) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Plays incidents in private networks and compares the diagnoses with what is right"};
  Words wanted;
  int at_once = 7;
  bool list = false;
  bool told = false;
  std::string file;
  app.add_option("only", wanted, "Those with this rule, client, or part of the name");
  app.add_option("--at-once", at_once, "How many at the same time")->check(CLI::Range(1, 64));
  app.add_flag("--list", list, "Name them, play none");
  app.add_flag("--rows", told, "Print the rows of each recording too");
  app.add_option("--write", file, "Write the matrix to this file, as Markdown");
  CLI11_PARSE(app, argc, argv);
  return run(wanted, at_once, list, told, file);
}
