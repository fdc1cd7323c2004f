// Whether executing a file raises privileges. The dynamic loader then runs in secure mode
// (AT_SECURE, ld.so(8)) and ignores a preloaded library that is not in a system directory.
#pragma once

#include <string>

namespace sockwatch::launch {

// For the calling process. Empty: no. Else how, in words: "set-user-ID", "set-group-ID" or
// "file capabilities".
std::string gains_privilege(const std::string& path);

// Whether this process may look into others that root started: CAP_SYS_PTRACE.
bool may_look_into_others();

}  // namespace sockwatch::launch
