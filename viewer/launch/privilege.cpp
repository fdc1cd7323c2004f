#include "viewer/launch/privilege.h"

#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <memory>
#include <type_traits>

namespace sockwatch::launch {
namespace {

struct FreeCapabilities {
  void operator()(cap_t capabilities) const { cap_free(capabilities); }
};
using Capabilities = std::unique_ptr<std::remove_pointer_t<cap_t>, FreeCapabilities>;

bool grants_capabilities(const std::string& path) {
  const Capabilities granted(cap_get_file(path.c_str()));
  if (!granted) return false;
  // Inheritable ones alone grant nothing to a process that has none to inherit.
  for (cap_value_t capability = 0; CAP_IS_SUPPORTED(capability); ++capability) {
    cap_flag_value_t permitted = CAP_CLEAR;
    cap_flag_value_t effective = CAP_CLEAR;
    cap_get_flag(granted.get(), capability, CAP_PERMITTED, &permitted);
    cap_get_flag(granted.get(), capability, CAP_EFFECTIVE, &effective);
    if (permitted == CAP_SET || effective == CAP_SET) return true;
  }
  return false;
}

}  // namespace

bool may_look_into_others() {
  const Capabilities own(cap_get_proc());
  cap_flag_value_t effective = CAP_CLEAR;
  return own && cap_get_flag(own.get(), CAP_SYS_PTRACE, CAP_EFFECTIVE, &effective) == 0 &&
         effective == CAP_SET;
}

std::string gains_privilege(const std::string& path) {
  struct stat status = {};
  struct statvfs mount = {};
  if (::stat(path.c_str(), &status) != 0) return {};
  // Both switch all of it off in execve(2).
  if (::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1) return {};
  if (::statvfs(path.c_str(), &mount) == 0 && (mount.f_flag & ST_NOSUID) != 0) return {};

  if ((status.st_mode & S_ISUID) != 0 && status.st_uid != ::getuid()) return "set-user-ID";
  // Without group execute permission the bit means mandatory locking, not privilege.
  if ((status.st_mode & S_ISGID) != 0 && (status.st_mode & S_IXGRP) != 0 &&
      status.st_gid != ::getgid()) {
    return "set-group-ID";
  }
  // For root the kernel does not count file capabilities as a gain.
  if (::getuid() != 0 && grants_capabilities(path)) return "file capabilities";
  return {};
}

}  // namespace sockwatch::launch
