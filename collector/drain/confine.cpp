#include "collector/drain/confine.h"

#include <fmt/format.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>

#include <cerrno>
#include <initializer_list>
#include <memory>
#include <string_view>
#include <type_traits>

#include "collector/drain/system_error.h"

namespace sockwatch::drain {
namespace {

constexpr std::string_view kNeverCalled[] = {
    // the network, and sockets of the machine
    "socket", "socketpair", "socketcall", "connect", "bind", "listen", "accept", "accept4",
    "sendto", "sendmsg", "sendmmsg", "recvfrom", "recvmsg", "recvmmsg",
    // other programs, other processes
    "execve", "execveat", "fork", "vfork", "ptrace", "process_vm_readv", "process_vm_writev",
    "process_madvise", "process_mrelease", "pidfd_getfd", "pidfd_send_signal", "kill", "tkill",
    "rt_sigqueueinfo", "kcmp", "migrate_pages", "move_pages",
    // another user, another view of the machine
    "setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setfsuid", "setfsgid",
    "setgroups", "capset", "chroot", "pivot_root", "setns", "unshare", "mount", "umount", "umount2",
    "mount_setattr", "move_mount", "open_tree", "fsopen", "fsconfig", "fsmount", "fspick",
    "open_by_handle_at", "mknod", "mknodat", "chown", "lchown", "fchownat", "personality",
    // large and rarely needed parts of the kernel
    "bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_enter",
    "io_uring_register", "keyctl", "add_key", "request_key", "fanotify_init", "lookup_dcookie",
    "modify_ldt", "vmsplice",
    // the machine itself
    "init_module", "finit_module", "delete_module", "create_module", "kexec_load",
    "kexec_file_load", "reboot", "swapon", "swapoff", "acct", "quotactl", "quotactl_fd",
    "settimeofday", "clock_settime", "clock_settime64", "clock_adjtime", "adjtimex", "stime",
    "sethostname", "setdomainname", "syslog", "vhangup", "iopl", "ioperm", "nfsservctl", "uselib"};

struct Release {
  void operator()(scmp_filter_ctx filter) const { seccomp_release(filter); }
};
using Filter = std::unique_ptr<std::remove_pointer_t<scmp_filter_ctx>, Release>;

// A rule that cannot be made (the machine has no such call) is one less.
void refuse(const Filter& filter, std::string_view call, int error,
            std::initializer_list<scmp_arg_cmp> where = {}) {
  const int number = seccomp_syscall_resolve_name(std::string(call).c_str());
  if (number == __NR_SCMP_ERROR) return;
  (void)seccomp_rule_add_array(filter.get(), SCMP_ACT_ERRNO(static_cast<std::uint32_t>(error)),
                               number, static_cast<unsigned>(where.size()), where.begin());
}

Status cannot(int error) {
  return Error{
      fmt::format("the collector keeps rights it does not need: {} from the kernel for its "
                  "filter of system calls",
                  errno_text(error)),
      "it records all the same; seccomp(2) says what this error can mean"};
}

}  // namespace

Status confine() {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return cannot(errno);
#ifdef __SANITIZE_ADDRESS__
  return {};  // its search for leaks stops the process from another one, by ptrace
#endif
  const Filter filter(seccomp_init(SCMP_ACT_ALLOW));
  if (!filter) return cannot(ENOMEM);
  // Calls in the way of another architecture, for which no rule would hold.
  (void)seccomp_attr_set(filter.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS));
  // No slower memory accesses for the filter's sake: nothing foreign is executed here.
  (void)seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_SSB, 1);
  (void)seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);  // a search tree
  for (const std::string_view call : kNeverCalled) refuse(filter, call, EPERM);
  // Threads, but no processes. The arguments of clone3 lie in memory where no filter sees them; the
  // C library goes on with clone where that does not exist.
  refuse(filter, "clone3", ENOSYS);
  refuse(filter, "clone", EPERM, {{0, SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0}});
  // Standard error may be somebody's terminal: nothing is typed or pasted into it.
  constexpr scmp_datum_t kWholeRequest = 0xffffffff;
  for (const scmp_datum_t request : {TIOCSTI, TIOCLINUX}) {
    refuse(filter, "ioctl", EPERM, {{1, SCMP_CMP_MASKED_EQ, kWholeRequest, request}});
  }
  const int loaded = seccomp_load(filter.get());
  return loaded == 0 ? Status() : cannot(-loaded);
}

}  // namespace sockwatch::drain
