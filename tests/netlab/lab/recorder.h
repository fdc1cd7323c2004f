// Records programs with the product, and reads the recording back through the product's own viewer.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/netlab/lab/namespace.h"

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

class Recorder {
 public:
  explicit Recorder(const Namespace& network) : network_(network) {}  // outlives the recorder

  // Whatever the target's own status was: tests of failures expect one.
  Recording record(const Command& target) const;

  // The two halves of it, for targets that must be talked to while they run.
  Process start(const Command& target, const std::string& trace = kTrace) const;
  Recording finish(Process& process, const std::string& trace = kTrace) const;

  Finished sockwatch(std::vector<std::string> arguments) const;

 private:
  static constexpr const char* kTrace = "trace.sockwatch";
  const Namespace& network_;
};

}  // namespace sockwatch::netlab
