#include "tests/netlab/lab/recording.h"

#include <fmt/format.h>

#include <limits>
#include <sstream>
#include <stdexcept>

namespace sockwatch::netlab {
namespace {

constexpr const char* kSockwatch = SOCKWATCH_BINARY;

std::optional<double> number(const Json& row, const std::string& column) {
  const auto found = row.find(column);
  if (found == row.end() || !found->is_number()) return std::nullopt;
  return found->get<double>();
}

std::vector<Json> parse_lines(const std::string& text) {
  std::vector<Json> rows;
  std::istringstream lines{text};
  for (std::string line; std::getline(lines, line);) rows.push_back(Json::parse(line));
  return rows;
}

const Json& single(const std::vector<Json>& rows, const Recording& recording,
                   const std::function<bool(const Json&)>& wanted, const std::string& what) {
  const Json* found = nullptr;
  for (const auto& row : rows) {
    if (!wanted(row)) continue;
    if (found != nullptr) {
      throw std::runtime_error("more than one " + what + recording.told());
    }
    found = &row;
  }
  if (found == nullptr) throw std::runtime_error("no " + what + recording.told());
  return *found;
}

bool goes_to(const Json& row, std::uint16_t port) { return row.value("peer_port", Json()) == port; }

}  // namespace

const Json& Recording::to_port(std::uint16_t port) const {
  return single(
      connections, *this, [port](const Json& row) { return goes_to(row, port); },
      fmt::format("connection to port {}", port));
}

const Json& Recording::only() const {
  return single(
      connections, *this, [](const Json&) { return true; }, "connection");
}

std::vector<Json> Recording::all_to_port(std::uint16_t port) const {
  std::vector<Json> rows;
  for (const auto& row : connections) {
    if (goes_to(row, port)) rows.push_back(row);
  }
  return rows;
}

const Json& Recording::resolution(const std::string& name) const {
  for (const auto& row : report.at("resolutions")) {
    if (row.at("name") == name) return row;
  }
  throw std::runtime_error("no lookup of " + name + told() + report.dump(2));
}

std::string Recording::told() const {
  std::string text = "\ntarget: " + target.told() + "\nconnections:\n";
  for (const auto& row : connections) text += row.dump() + "\n";
  return text;
}

Finished Recorded::sockwatch(std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(), kSockwatch);
  return network().run({.argv = std::move(arguments)});
}

Process Recorded::start_recording(const std::string& name, const std::vector<std::string>& command,
                                  const std::map<std::string, std::string>& environment) const {
  std::vector<std::string> words{kSockwatch, "record", "-o", network().scratch() + "/" + name,
                                 "--"};
  words.insert(words.end(), command.begin(), command.end());
  return network().start({.argv = std::move(words), .environment = environment});
}

Recording Recorded::finish_recording(const std::string& name, Process& process) const {
  Recording recording;
  recording.trace = network().scratch() + "/" + name;
  recording.target = process.wait();
  if (recording.target.timed_out) {
    throw std::runtime_error("the recording did not end\n" + recording.target.told());
  }
  const Finished rows = sockwatch({"connections", recording.trace, "--json"});
  const Finished report = sockwatch({"report", recording.trace, "--json"});
  if (rows.status != 0 || report.status != 0) {
    throw std::runtime_error("the trace could not be read\nrecord: " + recording.target.told() +
                             "\nconnections: " + rows.told() + "\nreport: " + report.told());
  }
  recording.connections = parse_lines(rows.out);
  recording.report = Json::parse(report.out);
  return recording;
}

Recording Recorded::record(const std::vector<std::string>& command,
                           const std::map<std::string, std::string>& environment) const {
  Process process = start_recording("trace.sockwatch", command, environment);
  return finish_recording("trace.sockwatch", process);
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
