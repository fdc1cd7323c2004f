#include "tests/unit/viewer/launch/running_program.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>

#include "tests/unit/viewer/launch/temporary_directory.h"

namespace sockwatch::launch {
namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void become(const std::vector<std::string>& words, const Setting& setting) {
  if (!setting.directory.empty() && ::chdir(setting.directory.c_str()) != 0) ::_exit(99);
  for (const auto& entry : setting.environment) ::putenv(const_cast<char*>(entry.c_str()));
  if (setting.close_input) ::close(0);
  if (setting.ignore_children) ::signal(SIGCHLD, SIG_IGN);
  std::vector<char*> arguments;
  for (const auto& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  ::execvp(arguments[0], arguments.data());
  ::_exit(98);
}

std::string content(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

int wait_for(pid_t pid, int milliseconds) {
  const auto end = Clock::now() + std::chrono::milliseconds(milliseconds);
  int status = -1;
  while (Clock::now() < end) {
    if (::waitpid(pid, &status, WNOHANG) == pid) return status;
    ::usleep(2000);
  }
  return -1;
}

}  // namespace

int Ran::exit_status() const { return WIFEXITED(status) ? WEXITSTATUS(status) : -1; }

std::vector<std::string> sockwatch(const std::vector<std::string>& words) {
  std::vector<std::string> all = {SOCKWATCH_PROGRAM};
  all.insert(all.end(), words.begin(), words.end());
  return all;
}

Ran run(const std::vector<std::string>& words, const Setting& setting) {
  const TemporaryDirectory directory;
  const std::string in = directory.write("in", setting.input, 0600);
  const std::string out = directory / "out";
  const std::string err = directory / "err";
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::setpgid(0, 0);
    ::dup2(::open(in.c_str(), O_RDONLY | O_CLOEXEC), 0);
    ::dup2(::open(out.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600), 1);
    ::dup2(::open(err.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600), 2);
    become(words, setting);
  }
  Ran ran;
  ran.status = wait_for(pid, 30000);
  if (ran.status == -1) {
    ::kill(-pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
  ran.out = content(out);
  ran.err = content(err);
  return ran;
}

Conversation::Conversation(const std::vector<std::string>& words, const Setting& setting,
                           bool on_terminal) {
  if (on_terminal) {
    int terminal = -1;
    pid_ = ::forkpty(&terminal, nullptr, nullptr, nullptr);
    if (pid_ == 0) become(words, setting);
    ::fcntl(terminal, F_SETFD, FD_CLOEXEC);
    input_ = output_ = terminal;
    return;
  }
  int in[2];
  int out[2];
  if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0) ::abort();
  pid_ = ::fork();
  if (pid_ == 0) {
    ::setpgid(0, 0);
    ::dup2(in[0], 0);
    ::dup2(out[1], 1);
    ::dup2(out[1], 2);
    become(words, setting);
  }
  ::close(in[0]);
  ::close(out[1]);
  input_ = in[1];
  output_ = out[0];
}

Conversation::~Conversation() {
  if (pid_ > 0) {
    ::kill(-pid_, SIGKILL);
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  if (input_ != output_) close_input();
  ::close(output_);
}

void Conversation::type(const std::string& text) {
  if (::write(input_, text.data(), text.size()) != static_cast<ssize_t>(text.size())) ::abort();
}

void Conversation::close_input() {
  if (input_ >= 0) ::close(input_);
  input_ = -1;
}

bool Conversation::read_some(int milliseconds) {
  pollfd wait = {output_, POLLIN, 0};
  if (::poll(&wait, 1, milliseconds) <= 0) return false;
  char bytes[4096];
  const ssize_t got = ::read(output_, bytes, sizeof bytes);
  if (got <= 0) return false;
  heard_.append(bytes, static_cast<std::size_t>(got));
  return true;
}

bool Conversation::expect(const std::string& text) {
  const auto end = Clock::now() + std::chrono::seconds(10);
  while (Clock::now() < end) {
    const std::size_t at = heard_.find(text, expected_to_);
    if (at != std::string::npos) {
      expected_to_ = at + text.size();
      return true;
    }
    if (!read_some(100) && ::kill(pid_, 0) != 0) return false;
  }
  return false;
}

std::string Conversation::listen(int milliseconds) {
  const std::size_t begin = expected_to_;
  const auto end = Clock::now() + std::chrono::milliseconds(milliseconds);
  while (Clock::now() < end) read_some(20);
  expected_to_ = heard_.size();
  return heard_.substr(begin);
}

int Conversation::wait() {
  const auto end = Clock::now() + std::chrono::seconds(10);
  int status = -1;
  while (Clock::now() < end) {
    read_some(5);  // a full pipe or terminal would keep it from ending
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = -1;
      while (read_some(20)) {
      }
      return status;
    }
  }
  return -1;
}

}  // namespace sockwatch::launch
