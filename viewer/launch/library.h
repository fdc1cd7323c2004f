// Where the library for the target is.
#pragma once

#include <string>

#include "collector/support/result.h"

namespace sockwatch::launch {

inline constexpr const char* kLibraryName = "libsockwatch.so";

// SOCKWATCH_LIBRARY if set; else beside this executable, as a build tree or an installation has it.
// An absolute path of a file that can be read.
Result<std::string> find_library();

// What to put into LD_PRELOAD for it: the path itself, or a link to it in the run directory where
// ld.so could not take the path (blanks, colons, `$`).
Result<std::string> preload_path(const std::string& library, const std::string& run_directory);

}  // namespace sockwatch::launch
