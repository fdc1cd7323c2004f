// What would and would not be seen of a command or of a running process.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "viewer/launch/preflight.h"

namespace sockwatch::launch {

struct Inspection {
  std::string subject;             // as the user named it
  std::optional<int> pid;          // of a process
  std::string path;                // the executable
  std::vector<std::string> chain;  // of a command: the interpreters of a script
  std::string coverage;            // word of the column process.coverage
  bool seen = false;               // would be, if started under sockwatch
  std::optional<bool> recording;   // of a process: it has the library now
  std::vector<std::string> reasons;
  std::vector<std::string> next_steps;
};

std::variant<Inspection, CannotRun> inspect_command(const std::vector<std::string>& words);
Result<Inspection> inspect_process(pid_t pid);

}  // namespace sockwatch::launch
