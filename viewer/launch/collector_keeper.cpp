#include "viewer/launch/collector_keeper.h"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "viewer/launch/say.h"

namespace sockwatch::launch {
namespace {

std::string how_it_ended(int wait_status) {
  return WIFSIGNALED(wait_status) ? fmt::format("killed by signal {}", WTERMSIG(wait_status))
                                  : fmt::format("exit status {}", WEXITSTATUS(wait_status));
}

int wait_for(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

}  // namespace

bool CollectorKeeper::start() {
  auto started = start_collector(order_);
  if (!started) {
    say(started.error());
    return false;
  }
  collector_ = std::move(*started);
  return true;
}

bool CollectorKeeper::wait_until_ready() {
  if (launch::wait_until_ready(collector_)) return true;
  const int status = wait_for(collector_.pid);
  collector_.pid = -1;
  // One that exited has said why.
  if (WIFSIGNALED(status)) say(fmt::format("the collector was {}", how_it_ended(status)));
  return false;
}

void CollectorKeeper::check() {
  int status = 0;
  if (collector_.pid < 0 || ::waitpid(collector_.pid, &status, WNOHANG) != collector_.pid) return;
  collector_.pid = -1;
  order_.resume = true;
  order_.replace = false;
  const std::string how = how_it_ended(status);
  const bool again = ++restarts_ <= kMaxRestarts && start() && wait_until_ready();
  say(again ? fmt::format("the collector ended unexpectedly ({}) and was started again; the "
                          "report says what was lost",
                          how)
            : fmt::format("the collector ended unexpectedly ({}); nothing is stored from here on, "
                          "the program goes on",
                          how));
}

bool CollectorKeeper::finish() {
  // It may have died a moment ago, with what the rings hold still unread.
  check();
  while (collector_.pid >= 0) {
    const char byte = 's';
    if (::write(collector_.stop.get(), &byte, 1) == 1) {
      const int status = wait_for(collector_.pid);
      if (!WIFSIGNALED(status)) {
        collector_.pid = -1;
        return WEXITSTATUS(status) == 0;
      }
    } else {
      wait_for(collector_.pid);
    }
    collector_.pid = -1;
    order_.resume = true;
    order_.replace = false;
    if (++restarts_ > kMaxRestarts || !start() || !wait_until_ready()) return false;
  }
  return false;
}

}  // namespace sockwatch::launch
