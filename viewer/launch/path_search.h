// Finds the file a command names, by the rules of execvp(3).
#pragma once

#include <string>

namespace sockwatch::launch {

struct Found {
  std::string path;  // empty: nothing to execute
  int error = 0;     // then ENOENT, EACCES or what else stat(2) said
};

// `search_path` as the variable PATH has it, with colons; an empty entry is the current directory.
// A command with a slash is not searched for. A match that may not be executed does not end the
// search, but is what the answer says if nothing better comes (EACCES).
Found find_command(const std::string& command, const std::string& search_path);

// PATH, or what execvp takes where it is not set.
std::string command_search_path();

}  // namespace sockwatch::launch
