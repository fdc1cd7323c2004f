#include "tests/preload/run_directory.h"

#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace sockwatch::preload {
namespace {

constexpr char kSharedMemory[] = "/dev/shm";

bool take_own_shared_memory() {
  return unshare(CLONE_NEWNS) == 0 &&
         mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         mount("tmpfs", kSharedMemory, "tmpfs", 0, "mode=1777") == 0;
}

void must_mount(const std::filesystem::path& where, unsigned long flags, const char* options) {
  if (mount("tmpfs", where.c_str(), "tmpfs", flags, options) != 0) {
    throw std::system_error(errno, std::generic_category(), "mount on " + where.string());
  }
}

}  // namespace

bool own_shared_memory() {
  static const bool own = take_own_shared_memory();
  return own;
}

std::vector<std::string> shared_memory_names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kSharedMemory))
    names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

RunDirectory::RunDirectory(Kind kind) {
  std::string name = std::string(kSharedMemory) + "/preload-test-XXXXXX";
  if (mkdtemp(name.data()) == nullptr)
    throw std::system_error(errno, std::generic_category(), name);
  path_ = name;
  switch (kind) {
    case Kind::usual:
      break;
    case Kind::everybody:
      chmod(path_.c_str(), 0777);
      break;
    case Kind::missing:
      std::filesystem::remove(path_);
      break;
    case Kind::tiny:
      must_mount(path_, 0, "size=64k,mode=700");
      break;
    case Kind::read_only:
      must_mount(path_, MS_RDONLY, "mode=700");
      break;
  }
  mounted_ = kind == Kind::tiny || kind == Kind::read_only;
}

RunDirectory::~RunDirectory() {
  if (mounted_) umount2(path_.c_str(), MNT_DETACH);
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::vector<std::filesystem::path> RunDirectory::files() const {
  std::vector<std::filesystem::path> files;
  std::error_code missing;
  for (const auto& entry : std::filesystem::directory_iterator(path_, missing))
    files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace sockwatch::preload
