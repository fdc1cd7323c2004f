// Runs one program to its end, with an environment made from nothing, and keeps all it said.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace sockwatch::preload {

struct Command {
  std::vector<std::string> arguments;    // the first is the program's path
  std::vector<std::string> environment;  // NAME=value
  uid_t user = 0;  // other than 0: run as this user and its group (needs root)
  std::chrono::seconds limit{30};
};

struct ProgramRun {
  int status = -1;  // exit status, or 128 + signal
  bool timed_out = false;
  std::string out;
  std::string err;
  std::uint64_t started_ns = 0;  // CLOCK_MONOTONIC around the run
  std::uint64_t ended_ns = 0;
};

// Standard input is /dev/null, output and error are files (nothing blocks on a full pipe). The
// program leads a process group of its own; past the limit the whole group is killed.
ProgramRun run_program(const Command& command);

}  // namespace sockwatch::preload
