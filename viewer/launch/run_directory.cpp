#include "viewer/launch/run_directory.h"

#include <fmt/format.h>
#include <sys/statvfs.h>

#include <filesystem>
#include <utility>

#include "collector/drain/collect.h"
#include "collector/drain/logbook.h"
#include "shim/wire/segment.h"

namespace sockwatch::launch {
namespace fs = std::filesystem;

Result<RunDirectory> RunDirectory::create() {
  auto path = drain::create_run_directory();
  if (!path) return path.error();
  return RunDirectory(*path);
}

RunDirectory::RunDirectory(RunDirectory&& other) noexcept : path_(std::exchange(other.path_, {})) {}

RunDirectory::~RunDirectory() {
  std::error_code ignored;  // somebody else may be removing it too
  if (!path_.empty()) fs::remove_all(path_, ignored);
}

std::string RunDirectory::complaint_about_space() const {
  constexpr std::uint64_t kLittle = 4u << 20;
  struct statvfs space = {};
  if (::statvfs(path_.c_str(), &space) != 0 || space.f_blocks == 0) return {};  // 0: no limit
  const std::uint64_t free = std::uint64_t{space.f_bavail} * space.f_frsize;
  if (free >= kLittle) return {};
  return fmt::format("only {} KiB are free in {}; part of the recording may be lost", free / 1024,
                     fs::path(path_).parent_path().string());
}

bool RunDirectory::has_segments_or_notes() const {
  std::error_code error;
  for (fs::directory_iterator it(path_, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (name.ends_with(wire::kSegmentSuffix) || drain::Logbook::is_file_name(name)) return true;
  }
  return false;
}

}  // namespace sockwatch::launch
