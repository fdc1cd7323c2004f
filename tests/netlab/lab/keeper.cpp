#include "tests/netlab/lab/keeper.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <filesystem>

namespace sockwatch::netlab {
namespace {

namespace fs = std::filesystem;

bool write_text(const char* path, const std::string& text) {
  const int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool done = write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  close(fd);
  return done;
}

// Root inside, the caller outside. Groups cannot be changed inside: the price of doing it
// unprivileged.
std::string map_ids(uid_t uid, gid_t gid) {
  if (!write_text("/proc/self/setgroups", "deny")) return "writing setgroups";
  if (!write_text("/proc/self/uid_map", fmt::format("0 {} 1", uid))) return "writing uid_map";
  if (!write_text("/proc/self/gid_map", fmt::format("0 {} 1", gid))) return "writing gid_map";
  return "";
}

bool loopback_up() {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  const bool done = fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
  if (fd >= 0) close(fd);
  return done;
}

// Empty, or the step that failed.
std::string make_namespaces(bool user_namespace) {
  const uid_t uid = geteuid();
  const gid_t gid = getegid();
  const int user = user_namespace ? CLONE_NEWUSER : 0;
  if (unshare(user | CLONE_NEWNET | CLONE_NEWNS) != 0) return "unshare";
  if (user_namespace) {
    if (auto failed = map_ids(uid, gid); !failed.empty()) return failed;
  }
  if (mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return "making / private";
  if (mount("tmpfs", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777,size=512m") != 0) {
    return "mounting a private /dev/shm";
  }
  // A name-service cache of the host would answer for us through its socket, past any network
  // namespace.
  if (access("/run/nscd", F_OK) == 0) mount("tmpfs", "/run/nscd", "tmpfs", 0, "size=64k");
  if (!loopback_up()) return "bringing up lo";
  return "";
}

std::string network_of(const std::string& process) {
  std::array<char, 64> name;
  const auto got = readlink(("/proc/" + process + "/ns/net").c_str(), name.data(), name.size());
  return got > 0 ? std::string(name.data(), static_cast<std::size_t>(got)) : std::string();
}

// One pass over /proc; true if anything was there to kill.
bool kill_inhabitants() {
  const std::string ours = network_of("self");
  bool found = false;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/proc", ignored)) {
    const std::string name = entry.path().filename();
    pid_t pid = 0;
    const auto parsed = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (parsed.ec != std::errc{} || parsed.ptr != name.data() + name.size()) continue;
    if (pid == getpid() || network_of(name) != ours) continue;
    found = kill(pid, SIGKILL) == 0 || found;
  }
  return found;
}

}  // namespace

void keep_namespaces(bool user_namespace, const std::string& scratch, int ready_fd, int owner) {
  sigset_t term;
  sigemptyset(&term);
  sigaddset(&term, SIGTERM);
  sigprocmask(SIG_BLOCK, &term, nullptr);
  setsid();  // a terminal's Ctrl-C ends the owner, and through it us: the order matters
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  const bool orphaned = getppid() != owner;

  const std::string failed = make_namespaces(user_namespace);
  const std::string answer =
      failed.empty() ? "ok" : fmt::format("{}: {}", failed, std::strerror(errno));
  const bool told = write(ready_fd, answer.data(), answer.size()) > 0;
  close(ready_fd);

  if (failed.empty()) {
    int signal_number = 0;
    if (told && !orphaned) sigwait(&term, &signal_number);
    for (int pass = 0; pass < 100 && kill_inhabitants(); ++pass) usleep(2000);
  }
  std::error_code ignored;
  fs::remove_all(scratch, ignored);
  _exit(failed.empty() ? 0 : 1);
}

}  // namespace sockwatch::netlab
