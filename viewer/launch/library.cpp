#include "viewer/launch/library.h"

#include <fmt/format.h>

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "viewer/launch/environment.h"

namespace sockwatch::launch {

namespace fs = std::filesystem;

Result<std::string> find_library() {
  std::error_code error;
  if (const char* chosen = std::getenv("SOCKWATCH_LIBRARY"); chosen != nullptr && *chosen != '\0') {
    const fs::path path = fs::absolute(chosen, error);
    if (::access(path.c_str(), R_OK) == 0) return path.string();
    return Error{std::string("cannot read the library '") + chosen + "': " + std::strerror(errno),
                 "correct or unset SOCKWATCH_LIBRARY"};
  }
  const fs::path here = fs::read_symlink("/proc/self/exe", error).parent_path();
  for (const char* relative : {"../lib", "../shim", SOCKWATCH_LIBRARY_DIRECTORY}) {
    const fs::path path = (here / relative / kLibraryName).lexically_normal();
    if (::access(path.c_str(), R_OK) == 0) return path.string();
  }
  return Error{fmt::format("{} is not beside '{}'", kLibraryName, here.string()),
               "install sockwatch completely, or name the library in SOCKWATCH_LIBRARY"};
}

Result<std::string> preload_path(const std::string& library, const std::string& run_directory) {
  if (fits_preload(library)) return library;
  const std::string link = run_directory + "/" + kLibraryName;
  if (!fits_preload(link)) {
    return Error{"LD_PRELOAD cannot carry the path '" + library + "'",
                 "move the library to a path without blanks, colons and dollar signs"};
  }
  if (::symlink(library.c_str(), link.c_str()) != 0) {
    return Error{"cannot create '" + link + "': " + std::strerror(errno), ""};
  }
  return link;
}

}  // namespace sockwatch::launch
