#include "tests/netlab/lab/recorder.h"

#include <fmt/format.h>

#include <functional>
#include <sstream>
#include <stdexcept>

namespace sockwatch::netlab {
namespace {

constexpr const char* kSockwatch = SOCKWATCH_BINARY;

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

Finished Recorder::sockwatch(std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(), kSockwatch);
  return network_.run({.argv = std::move(arguments)});
}

Process Recorder::start(const Command& target, const std::string& trace) const {
  Command recording = target;
  recording.argv = {kSockwatch, "record", "-o", network_.scratch() + "/" + trace, "--"};
  recording.argv.insert(recording.argv.end(), target.argv.begin(), target.argv.end());
  return network_.start(recording);
}

Recording Recorder::finish(Process& process, const std::string& trace) const {
  Recording recording;
  recording.trace = network_.scratch() + "/" + trace;
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

Recording Recorder::record(const Command& target) const {
  Process process = start(target);
  return finish(process);
}

}  // namespace sockwatch::netlab
