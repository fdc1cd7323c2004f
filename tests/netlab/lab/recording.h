// The base of tests that look at a recording, and how they look at a row of it.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "tests/netlab/lab/fixture.h"
#include "tests/netlab/lab/recorder.h"

namespace sockwatch::netlab {

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
