// The table of what is tried: one row is one program with its arguments and what it leaves behind
// under the library.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "tests/preload/expectations.h"

namespace sockwatch::preload {

struct Hazard {
  std::string name;
  std::vector<std::string> command;  // program in programs/, then its arguments
  Recording recording;
  std::vector<std::string> before = {};  // libraries in LD_PRELOAD before and after ours
  std::vector<std::string> after = {};
  int status = 0;       // of the bare run
  bool follow = false;  // SOCKWATCH_FOLLOW
};

// For GoogleTest's messages.
inline void PrintTo(const Hazard& hazard, std::ostream* out) { *out << hazard.name; }

// Calls and what they leave in errno, descriptors, bytes, waits.
std::vector<Hazard> hazards_of_calls();
// Signals, threads, processes, limits, loaders.
std::vector<Hazard> hazards_of_life();

std::string program_path(const std::string& name);
// LD_PRELOAD of the bare run: the libraries beside ours are part of the program. Or empty.
std::vector<std::string> bare_environment(const Hazard& hazard);

}  // namespace sockwatch::preload
