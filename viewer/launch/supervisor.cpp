#include "viewer/launch/supervisor.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>

#include "viewer/launch/proc.h"
#include "viewer/launch/running.h"
#include "viewer/launch/say.h"
#include "viewer/launch/terminal.h"

namespace sockwatch::launch {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::size_t kMaxWatchedEnds = 256;

void continue_if_stopped(pid_t pid) {
  const auto stat = process_stat(pid);
  if (stat && stat->state == 'T') ::kill(pid, SIGCONT);
}

}  // namespace

int Supervisor::run_until_ended(pid_t target) {
  auto next_look = Clock::now() + milliseconds(5);
  for (;;) {
    pollfd wait = {inbox_.fd(), POLLIN, 0};
    const auto left = std::chrono::ceil<milliseconds>(next_look - Clock::now()).count();
    ::poll(&wait, 1, static_cast<int>(std::max<long>(left, 0)));
    while (const auto signal = inbox_.next()) {
      if (signal->ssi_signo == SIGCONT) {
        continue_if_stopped(
            target);  // `fg` and `bg` continue the group, kill -CONT perhaps us alone
      } else {
        forward(*signal, target);
      }
    }
    // After each wake-up rather than by SIGCHLD's word: several of them arrive as one.
    int status = 0;
    if (has_ended(target, status)) return status;
    keeper_.check();
    if (Clock::now() >= next_look) next_look = Clock::now() + watch_.look();
  }
}

bool Supervisor::has_ended(pid_t target, int& status) {
  pid_t got;
  do {
    got = ::waitpid(target, &status, WNOHANG | WUNTRACED);
  } while (got < 0 && errno == EINTR);
  if (got != target) return false;
  if (!WIFSTOPPED(status)) return true;
  stop_like_it();
  return false;
}

// A shell with job control must see its job stop, or it never gives its prompt back. Without a
// terminal nobody would continue us, and whoever stopped the program by hand continues it by hand.
void Supervisor::stop_like_it() {
  sigset_t pending;
  sigemptyset(&pending);
  ::sigpending(&pending);
  // The shell has continued the program already: stopping now would be stopping for good.
  if (sigismember(&pending, SIGCONT) == 1) return;
  if (has_terminal()) ::kill(::getpid(), SIGSTOP);
}

bool Supervisor::asked_to_end(Foreground& foreground) {
  bool ends = false;
  while (const auto signal = inbox_.next()) {
    const int number = static_cast<int>(signal->ssi_signo);
    if (asks_to_end(number)) ends = true;
    if (number == SIGTSTP) ::kill(::getpid(), SIGSTOP);
    if (number == SIGCONT) foreground.retake();
  }
  keeper_.check();
  return foreground.asked_to_end() || ends;
}

void Supervisor::wait_for_descendants(const std::string& run_directory, std::int64_t since_ticks,
                                      const std::optional<PidMark>& mark, bool quiet) {
  Foreground foreground;
  for (bool first = true;; first = false) {
    auto pids = processes_recording(run_directory, since_ticks, mark);
    std::erase(pids, keeper_.pid());
    if (pids.empty()) return;
    watch_.look();
    if (first) {
      const bool ours_alone = foreground.take(pids);
      if (!quiet) {
        say(fmt::format(
            "{} process{} started by it {} still running (pid{} {}); recording goes on "
            "until {}; {} ends the recording only",
            pids.size(), pids.size() == 1 ? "" : "es", pids.size() == 1 ? "is" : "are",
            pids.size() == 1 ? "" : "s", list_pids(pids), pids.size() == 1 ? "it ends" : "they end",
            ours_alone ? "Ctrl-C" : fmt::format("kill {}", ::getpid())));
      }
    }
    std::vector<Fd> ends;
    std::vector<pollfd> waits = {{inbox_.fd(), POLLIN, 0}};
    if (foreground.fd() >= 0) waits.push_back({foreground.fd(), POLLIN, 0});
    const std::size_t ours = waits.size();
    for (std::size_t i = 0; i < pids.size() && i < kMaxWatchedEnds; ++i) {
      ends.emplace_back(open_pidfd(pids[i]));
      if (ends.back()) waits.push_back({ends.back().get(), POLLIN, 0});
    }
    const bool pidfds = waits.size() > ours;  // none before Linux 5.3
    for (bool ended = false; !ended;) {
      const int timeout = pidfds && !keeper_.trying() ? -1 : 500;
      ended = ::poll(waits.data(), waits.size(), timeout) == 0;
      if (asked_to_end(foreground)) return;
      for (std::size_t i = ours; i < waits.size(); ++i) ended = ended || waits[i].revents != 0;
    }
  }
}

}  // namespace sockwatch::launch
