#include "viewer/launch/trace_file.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string_view>

#include "viewer/launch/fd.h"
#include "viewer/model/shell_word.h"

namespace sockwatch::launch {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view kSuffix = ".sockwatch";
constexpr int kMaxSameName = 1000;

bool create_new(const std::string& path) {
  return static_cast<bool>(Fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)));
}

std::string absolute(const std::string& path) {
  std::error_code error;
  const fs::path whole = fs::absolute(path, error);
  return error ? path : whole.string();
}

Error a_directory(const std::string& path) {
  return {"'" + path + "' is a directory, and a trace is a file",
          "name a file in it: -o " +
              model::shell_file(path + (path.ends_with('/') ? "" : "/") + "trace.sockwatch")};
}

Error cannot_create(const std::string& path, int error) {
  const std::string directory = fs::path(path).parent_path().string();
  std::error_code unknown;
  if (error == EISDIR) return a_directory(path);
  std::string hint = "name another file with -o";
  if (error == ENOENT && !directory.empty() && !fs::exists(directory, unknown)) {
    hint = "create the directory first: mkdir -p " + model::shell_file(directory);
  } else if (error == ENOENT) {  // /proc and its like
    hint = "no file can be made in '" + (directory.empty() ? "." : directory) +
           "': name a file in another directory with -o";
  }
  if (error == EACCES || error == EROFS)
    hint = "name a file in a directory you may write to with -o";
  return {"cannot create the trace '" + path + "': " + std::strerror(error), hint};
}

}  // namespace

std::string default_trace_name(const std::string& program, std::time_t now) {
  std::string name;
  for (const char c : program.substr(program.rfind('/') + 1)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '.' || c == '_' || c == '+' || c == '-';
    if (plain) name += c;
  }
  // A leading dash would be an option to the next command, a leading dot would hide the file.
  name.erase(0, name.find_first_not_of("-."));
  if (name.empty()) name = "trace";
  name.resize(std::min<std::size_t>(name.size(), 100));
  return fmt::format("{}-{:%Y%m%d-%H%M%S}{}", name, fmt::localtime(now), kSuffix);
}

Result<TraceFile> reserve_named_trace(const std::string& path, bool force) {
  TraceFile trace{absolute(path), false, false};
  if (create_new(trace.path)) {
    trace.reserved = true;
    return trace;
  }
  if (errno != EEXIST) return cannot_create(path, errno);
  std::error_code unknown;
  if (fs::is_directory(trace.path, unknown)) return a_directory(path);
  if (!fs::is_regular_file(trace.path, unknown)) {
    return Error{"'" + path + "' is no regular file, so it cannot hold a trace",
                 "name a file with -o; one that is not wanted can be deleted afterwards"};
  }
  if (!force) {
    return Error{"the trace '" + path + "' exists",
                 "add --force to replace it, or name another with -o"};
  }
  return trace;
}

Result<TraceFile> reserve_in(const std::vector<std::string>& directories, const std::string& name) {
  const std::string stem = name.substr(0, name.size() - kSuffix.size());
  int error = ENOENT;
  for (std::size_t i = 0; i < directories.size(); ++i) {
    for (int number = 1; number <= kMaxSameName; ++number) {
      const std::string file = number == 1 ? name : fmt::format("{}-{}{}", stem, number, kSuffix);
      const std::string path = directories[i] == "." ? file : directories[i] + "/" + file;
      TraceFile trace{absolute(path), true, i != 0};
      if (create_new(trace.path)) return trace;
      if (errno != EEXIST) {
        if (i == 0) error = errno;
        break;
      }
    }
  }
  return cannot_create(name, error);
}

Result<TraceFile> reserve_default_trace(const std::string& program, std::time_t now) {
  std::vector<std::string> directories = {"."};
  std::string state;
  if (const char* set = std::getenv("XDG_STATE_HOME"); set != nullptr && *set == '/') {
    state = set;
  } else if (const char* home = std::getenv("HOME"); home != nullptr && *home == '/') {
    state = std::string(home) + "/.local/state";
  }
  if (!state.empty() && ::access(".", W_OK) != 0) {
    std::error_code ignored;  // if it fails, the file cannot be created there either
    fs::create_directories(state + "/sockwatch", ignored);
    directories.push_back(state + "/sockwatch");
  }
  directories.emplace_back("/tmp");
  return reserve_in(directories, default_trace_name(program, now));
}

}  // namespace sockwatch::launch
