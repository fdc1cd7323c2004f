#include "tests/netlab/lab/recording.h"

#include <fmt/format.h>

#include <limits>
#include <optional>

namespace sockwatch::netlab {
namespace {

std::optional<double> number(const Json& row, const std::string& column) {
  const auto found = row.find(column);
  if (found == row.end() || !found->is_number()) return std::nullopt;
  return found->get<double>();
}

}  // namespace

Finished Recorded::sockwatch(std::vector<std::string> arguments) const {
  return Recorder(network()).sockwatch(std::move(arguments));
}

Process Recorded::start_recording(const std::string& name, const std::vector<std::string>& command,
                                  const std::map<std::string, std::string>& environment) const {
  return Recorder(network()).start({.argv = command, .environment = environment}, name);
}

Recording Recorded::finish_recording(const std::string& name, Process& process) const {
  return Recorder(network()).finish(process, name);
}

Recording Recorded::record(const std::vector<std::string>& command,
                           const std::map<std::string, std::string>& environment) const {
  return Recorder(network()).record({.argv = command, .environment = environment});
}

testing::AssertionResult shows(const Json& row, const Json& expected) {
  std::string differences;
  for (const auto& [column, value] : expected.items()) {
    const auto found = row.find(column);
    if (found != row.end() && *found == value) continue;
    differences += fmt::format("  {}: expected {}, got {}\n", column, value.dump(),
                               found == row.end() ? "no such column" : found->dump());
  }
  if (differences.empty()) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "\n" << differences << "row: " << row.dump();
}

testing::AssertionResult between(const Json& row, const std::string& column, double least,
                                 double most) {
  const auto value = number(row, column);
  if (value && *value >= least && *value <= most) return testing::AssertionSuccess();
  return testing::AssertionFailure()
         << "\n  " << column << ": expected " << fmt::format("{}..{}", least, most) << ", got "
         << row.value(column, Json()).dump() << "\nrow: " << row.dump();
}

testing::AssertionResult at_least(const Json& row, const std::string& column, double least) {
  return between(row, column, least, std::numeric_limits<double>::infinity());
}

testing::AssertionResult took(const Json& row, const std::string& from, const std::string& to,
                              std::chrono::duration<double> least,
                              std::chrono::duration<double> most) {
  const auto start = number(row, from);
  const auto end = number(row, to);
  if (start && end) {
    const double seconds = (*end - *start) / 1e9;
    if (seconds >= least.count() && seconds <= most.count()) return testing::AssertionSuccess();
    return testing::AssertionFailure()
           << fmt::format("\n  {} → {}: expected {}..{} s, got {} s\nrow: ", from, to,
                          least.count(), most.count(), seconds)
           << row.dump();
  }
  return testing::AssertionFailure()
         << "\n  " << from << " → " << to << ": not known\nrow: " << row.dump();
}

}  // namespace sockwatch::netlab
