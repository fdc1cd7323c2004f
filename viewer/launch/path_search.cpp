#include "viewer/launch/path_search.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace sockwatch::launch {
namespace {

int why_not_executable(const std::string& path) {
  struct stat status = {};
  if (::stat(path.c_str(), &status) != 0) return errno;
  // access(2) says yes to a directory, execve(2) does not.
  if (!S_ISREG(status.st_mode)) return EACCES;
  if (::faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) != 0) return errno;
  return 0;
}

}  // namespace

Found find_command(const std::string& command, const std::string& search_path) {
  if (command.empty()) return {"", ENOENT};
  if (command.find('/') != std::string::npos) {
    const int error = why_not_executable(command);
    return {error == 0 ? command : "", error};
  }
  int error = ENOENT;
  for (std::size_t begin = 0; begin <= search_path.size();) {
    const std::size_t end = std::min(search_path.find(':', begin), search_path.size());
    std::string path = search_path.substr(begin, end - begin);
    if (!path.empty() && path.back() != '/') path += '/';
    path += command;
    const int why_not = why_not_executable(path);
    if (why_not == 0) return {path, 0};
    if (why_not == EACCES) error = EACCES;
    begin = end + 1;
  }
  return {"", error};
}

std::string command_search_path() {
  if (const char* path = std::getenv("PATH")) return path;
  std::string standard(::confstr(_CS_PATH, nullptr, 0), '\0');
  ::confstr(_CS_PATH, standard.data(), standard.size());
  standard.resize(standard.find('\0'));
  return standard;
}

}  // namespace sockwatch::launch
