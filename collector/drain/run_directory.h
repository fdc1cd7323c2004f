// The directory one recording happens in: segments of the targets, the launcher's notes.
//
// create_run_directory() is declared in collect.h.
#pragma once

#include <string>

#include "collector/drain/unique_fd.h"
#include "collector/support/result.h"

namespace sockwatch::drain {

// The directory itself, opened and checked: no symbolic link, ours, mode 0700. Everything in it is
// then reached through this descriptor, so a directory put in its place later changes nothing.
Result<UniqueFd> open_run_directory(const std::string& path);

// Whether libraries record there (wire::holds_rings).
Status check_file_system(int directory_fd, const std::string& path);

}  // namespace sockwatch::drain
