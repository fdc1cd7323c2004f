// A recording made by the product, read back through the product's own viewer.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "tests/netlab/lab/fixture.h"

namespace sockwatch::netlab {

using Json = nlohmann::json;

struct Recording {
  Finished target;                // of `sockwatch record -- target`
  std::string trace;              // path of the file
  std::vector<Json> connections;  // `connections --json`, a row each
  Json report;                    // `report --json`

  // Throw std::runtime_error, with every row in the text, unless there is exactly one / at least
  // one.
  const Json& to_port(std::uint16_t port) const;
  const Json& only() const;
  std::vector<Json> all_to_port(std::uint16_t port) const;
  const Json& resolution(const std::string& name) const;  // of the report
  std::string told() const;
};

class Recorded : public Lab {
 protected:
  explicit Recorded(std::vector<std::string> needed = {}) : Lab(std::move(needed)) {}

  // Whatever the target's own status was: tests of failures expect one.
  Recording record(const std::vector<std::string>& command,
                   const std::map<std::string, std::string>& environment = {}) const;

  // The two halves of it, for targets that must be talked to while they run.
  Process start_recording(const std::string& name, const std::vector<std::string>& command,
                          const std::map<std::string, std::string>& environment = {}) const;
  Recording finish_recording(const std::string& name, Process& process) const;

  Finished sockwatch(std::vector<std::string> arguments) const;
};

// Every column of `expected` has its value in `row` (null: known to be unknown). Tells all that
// differ.
testing::AssertionResult shows(const Json& row, const Json& expected);

// A number column lies in [least, most].
testing::AssertionResult between(const Json& row, const std::string& column, double least,
                                 double most);
testing::AssertionResult at_least(const Json& row, const std::string& column, double least);

// The time between two columns lies in [least, most].
testing::AssertionResult took(const Json& row, const std::string& from, const std::string& to,
                              std::chrono::duration<double> least,
                              std::chrono::duration<double> most);

}  // namespace sockwatch::netlab
