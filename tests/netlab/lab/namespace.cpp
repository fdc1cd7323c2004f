#include "tests/netlab/lab/namespace.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <utility>

#include "tests/netlab/lab/keeper.h"

namespace sockwatch::netlab {
namespace {

std::array<int, 2> make_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe: out of descriptors");
  return ends;
}

std::string read_all(int fd) {
  std::string text;
  std::array<char, 4096> chunk;
  ssize_t got = 0;
  while ((got = read(fd, chunk.data(), chunk.size())) > 0) {
    text.append(chunk.data(), static_cast<std::size_t>(got));
  }
  return text;
}

std::string make_scratch() {
  std::string path = std::filesystem::temp_directory_path() / "netlab.XXXXXX";
  if (mkdtemp(path.data()) == nullptr) throw std::runtime_error("no scratch directory: " + path);
  std::filesystem::create_directory(path + "/tmp");
  return path;
}

int open_namespace(pid_t keeper, const char* kind) {
  return open(fmt::format("/proc/{}/ns/{}", keeper, kind).c_str(), O_RDONLY | O_CLOEXEC);
}

}  // namespace

Result<Namespace> Namespace::create() {
  std::string refused;
  for (const bool user_namespace : {false, true}) {
    if (!user_namespace && geteuid() != 0) continue;
    Namespace made;
    made.scratch_ = make_scratch();
    const auto ready = make_pipe();
    const pid_t owner = getpid();
    made.keeper_ = fork();
    if (made.keeper_ == 0) {
      close(ready[0]);
      keep_namespaces(user_namespace, made.scratch_, ready[1], owner);
    }
    close(ready[1]);
    const std::string answer = read_all(ready[0]);
    close(ready[0]);
    if (answer != "ok") {
      refused += (refused.empty() ? "" : "; ") + answer;
      continue;
    }
    made.net_fd_ = open_namespace(made.keeper_, "net");
    made.mount_fd_ = open_namespace(made.keeper_, "mnt");
    if (user_namespace) made.user_fd_ = open_namespace(made.keeper_, "user");
    return made;
  }
  return Error{"this machine does not permit a private network namespace (" + refused + ")",
               "run the test as root, or allow unprivileged user namespaces"};
}

Namespace::Namespace(Namespace&& other) noexcept
    : keeper_(std::exchange(other.keeper_, -1)),
      user_fd_(std::exchange(other.user_fd_, -1)),
      mount_fd_(std::exchange(other.mount_fd_, -1)),
      net_fd_(std::exchange(other.net_fd_, -1)),
      scratch_(std::move(other.scratch_)) {}

Namespace::~Namespace() {
  for (const int fd : {user_fd_, mount_fd_, net_fd_}) {
    if (fd >= 0) close(fd);
  }
  if (keeper_ <= 0) return;
  kill(keeper_, SIGTERM);
  waitpid(keeper_, nullptr, 0);
}

void Namespace::enter() const {
  const bool inside = (user_fd_ < 0 || setns(user_fd_, CLONE_NEWUSER) == 0) &&
                      setns(mount_fd_, CLONE_NEWNS) == 0 && setns(net_fd_, CLONE_NEWNET) == 0;
  if (inside) return;
  dprintf(STDERR_FILENO, "netlab: cannot enter the namespace: %s\n", std::strerror(errno));
  _exit(126);  // nothing may run outside by mistake
}

pid_t Namespace::fork_into(const std::function<int()>& body) const {
  const pid_t owner = getpid();
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error(std::string("fork: ") + std::strerror(errno));
  if (child > 0) return child;
  enter();
  // After entering: joining a user namespace changes credentials, which clears the death signal.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != owner) _exit(125);
  try {
    _exit(body());
  } catch (const std::exception& failure) {
    dprintf(STDERR_FILENO, "netlab: %s\n", failure.what());
    _exit(125);
  }
}

Process Namespace::start(const Command& command) const {
  const auto out = make_pipe();
  const auto err = make_pipe();
  const pid_t child = fork_into([&]() -> int { become(command, scratch_, out[1], err[1]); });
  setpgid(child, child);  // here too: a signal sent at once must find the group
  close(out[1]);
  close(err[1]);
  return {child, out[0], err[0], command.limit};
}

void Namespace::feed(const std::vector<std::string>& argv, std::string_view input) const {
  const std::string path = write_scratch("feed", input);
  const Finished done =
      run({.argv = {"/bin/sh", "-c", "exec \"$@\" <\"$0\"", path, argv[0], argv[1], argv[2]}});
  if (done.status != 0) {
    throw std::runtime_error(fmt::format("{} failed on:\n{}\n{}", argv[0], input, done.told()));
  }
}

void Namespace::ip(std::string_view commands) const { feed({"ip", "-batch", "-"}, commands); }
void Namespace::nft(std::string_view rules) const { feed({"nft", "-f", "-"}, rules); }

void Namespace::sysctl(std::string_view name, std::string_view value) const {
  const Finished done = run({.argv = {"/bin/sh", "-c", "printf %s \"$1\" >\"/proc/sys/$0\"",
                                      std::string(name), std::string(value)}});
  if (done.status != 0) throw std::runtime_error("sysctl " + std::string(name) + done.told());
}

void Namespace::replace_file(const std::string& path, std::string_view text) const {
  std::string name = path;
  for (char& letter : name) letter = letter == '/' ? '_' : letter;
  const std::string ours = write_scratch(name, text);
  const pid_t child = fork_into([&] {
    if (mount(ours.c_str(), path.c_str(), nullptr, MS_BIND, nullptr) == 0) return 0;
    throw std::runtime_error("bind mount over " + path + ": " + std::strerror(errno));
  });
  int raw = 0;
  waitpid(child, &raw, 0);
  if (raw != 0) throw std::runtime_error("could not replace " + path);
}

std::string Namespace::write_scratch(const std::string& name, std::string_view text) const {
  std::string path = scratch_ + "/" + name;
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  if (!(file << text).flush()) throw std::runtime_error("cannot write " + path);
  return path;
}

}  // namespace sockwatch::netlab
