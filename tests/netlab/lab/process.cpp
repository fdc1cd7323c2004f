#include "tests/netlab/lab/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <sstream>
#include <utility>

namespace sockwatch::netlab {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

const char* const kPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

namespace {

// How long a stream may stay open after the program itself has ended: a helper of the program that
// finishes its work may still hold it.
constexpr milliseconds kStreamGrace{2'000};

int shell_status(int raw) { return WIFSIGNALED(raw) ? 128 + WTERMSIG(raw) : WEXITSTATUS(raw); }

// Reads what is there; false at the end of the stream.
bool take(int fd, std::string& into) {
  std::array<char, 65536> chunk;
  const ssize_t got = read(fd, chunk.data(), chunk.size());
  if (got < 0) return errno == EAGAIN || errno == EINTR;
  if (got == 0) return false;
  const std::size_t room = Finished::kMaxOutput - into.size();
  into.append(chunk.data(), std::min(room, static_cast<std::size_t>(got)));
  return true;
}

}  // namespace

std::string Finished::told() const {
  return fmt::format("status {}{} after {} ms\nstdout: {}\nstderr: {}", status,
                     timed_out ? " (time limit)" : "", elapsed.count(), out.substr(0, 4000),
                     err.substr(0, 4000));
}

Process::Process(pid_t pid, int out_fd, int err_fd, milliseconds limit)
    : pid_(pid), out_fd_(out_fd), err_fd_(err_fd), started_(steady_clock::now()), limit_(limit) {
  fcntl(out_fd_, F_SETFL, O_NONBLOCK);
  fcntl(err_fd_, F_SETFL, O_NONBLOCK);
}

Process::Process(Process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      out_fd_(std::exchange(other.out_fd_, -1)),
      err_fd_(std::exchange(other.err_fd_, -1)),
      started_(other.started_),
      limit_(other.limit_) {}

Process::~Process() {
  if (pid_ > 0) {
    signal(SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  if (out_fd_ >= 0) close(out_fd_);
  if (err_fd_ >= 0) close(err_fd_);
}

void Process::signal(int number) const {
  if (pid_ > 0) kill(-pid_, number);
}

Finished Process::wait() {
  Finished result;
  std::array<pollfd, 2> streams{{{out_fd_, POLLIN, 0}, {err_fd_, POLLIN, 0}}};
  bool ended = false;
  auto until = started_ + limit_;
  while (!ended || streams[0].fd >= 0 || streams[1].fd >= 0) {
    if (!ended) {
      int raw = 0;
      if (waitpid(pid_, &raw, WNOHANG) == pid_) {
        ended = true;
        result.status = shell_status(raw);
        result.elapsed = std::chrono::duration_cast<milliseconds>(steady_clock::now() - started_);
        until = steady_clock::now() + kStreamGrace;
      }
    }
    if (steady_clock::now() >= until) {
      if (ended) break;
      result.timed_out = true;
      signal(SIGKILL);
      until = steady_clock::now() + kStreamGrace;
    }
    poll(streams.data(), streams.size(), 5);
    if (streams[0].revents != 0 && !take(out_fd_, result.out)) streams[0].fd = -1;
    if (streams[1].revents != 0 && !take(err_fd_, result.err)) streams[1].fd = -1;
  }
  signal(SIGKILL);  // what the program left behind in its group
  pid_ = -1;
  return result;
}

void become(const Command& command, const std::string& directory, int out_fd, int err_fd) {
  setpgid(0, 0);
  const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
  dup2(null, STDIN_FILENO);
  dup2(out_fd, STDOUT_FILENO);
  dup2(err_fd, STDERR_FILENO);
  if (chdir(directory.c_str()) != 0) _exit(127);

  std::map<std::string, std::string> variables{{"PATH", kPath},
                                               {"HOME", directory},
                                               {"TMPDIR", directory + "/tmp"},
                                               {"LANG", "C.UTF-8"},
                                               {"LC_ALL", "C.UTF-8"}};
  for (const auto& [name, value] : command.environment) variables[name] = value;
  std::vector<std::string> settings;
  for (const auto& [name, value] : variables) settings.push_back(name + "=" + value);
  std::vector<char*> environment;
  for (auto& setting : settings) environment.push_back(setting.data());
  environment.push_back(nullptr);

  std::vector<std::string> words = command.argv;
  std::vector<char*> arguments;
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);

  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const std::string program = find_program(words.at(0));
  if (!program.empty()) execve(program.c_str(), arguments.data(), environment.data());
  dprintf(STDERR_FILENO, "netlab: cannot run %s\n", words.at(0).c_str());
  _exit(127);
}

std::string find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) return access(name.c_str(), X_OK) == 0 ? name : "";
  std::istringstream directories{kPath};
  for (std::string directory; std::getline(directories, directory, ':');) {
    std::string candidate = directory + "/" + name;
    if (access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return "";
}

}  // namespace sockwatch::netlab
