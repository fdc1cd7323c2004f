// What the rules said of each incident, against what is right.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace sockwatch::netlab {

// A diagnosis of `report --json`.
struct Found {
  std::string rule;
  std::string severity;
  std::string confidence;
  std::string summary;
  std::vector<Found> explained;  // shown inside this one, as what it is the reason of

  bool accuses() const { return severity != "info"; }
};

std::vector<Found> findings_of(const nlohmann::json& report);

struct Played {
  std::string name;
  std::string client;
  std::vector<std::string> expected;
  std::vector<std::string> also;
  std::vector<Found> found;
  std::string skipped;  // why it could not be played here
  std::string broken;   // what went wrong with the incident itself
  std::string told;     // of the recording, for whoever looks into it

  bool judged() const { return skipped.empty() && broken.empty(); }
  // Expected rules not in the list of findings (those that another explains are not in it).
  std::vector<std::string> missing() const;
  // Findings that accuse wrongly, those inside others too: with high confidence, or with less.
  std::vector<Found> wrong() const;
  std::vector<Found> doubtful() const;
};

// The promise: at least 95 of 100 incidents have every verdict that is right, none has a wrong
// error or warning of high confidence, none is broken.
bool holds(const std::vector<Played>& all);

std::string as_text(const std::vector<Played>& all);      // for a terminal
std::string as_markdown(const std::vector<Played>& all);  // for the documentation

}  // namespace sockwatch::netlab
