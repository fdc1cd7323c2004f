#include "viewer/launch/collector_keeper.h"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <thread>

#include "collector/store/reader.h"
#include "collector/store/schema.h"
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
  if (wait_for_word(collector_)) return true;
  const int status = wait_for(collector_.pid);
  collector_.pid = -1;
  killed_ = WIFSIGNALED(status);
  // One that exited has said why. Of one that replaced another enough is said.
  if (killed_ && !order_.resume) say(fmt::format("the collector was {}", how_it_ended(status)));
  return false;
}

void CollectorKeeper::check() {
  int status = 0;
  if (collector_.pid >= 0) {
    if (::waitpid(collector_.pid, &status, WNOHANG) != collector_.pid) return;
    collector_.pid = -1;
    lost_ = true;
    next_try_ = {};
  }
  if (!trying() || Clock::now() < next_try_) return;
  const bool again = restart();
  if (again && !told_) {
    told_ = true;  // the report has the number
    say(
        fmt::format("the collector ended unexpectedly ({}) and was started again; the report says "
                    "what was lost",
                    how_it_ended(status)));
  }
  if (!again && failures_ >= kMostFailures) {
    say("the collector cannot be started again; nothing is stored from here on, the program goes "
        "on");
  }
}

bool CollectorKeeper::restart() {
  // Where the trace was removed, its notes go into a new one of that name.
  order_.resume = ::access(order_.trace_path.c_str(), F_OK) == 0;
  order_.replace = false;
  // Somebody who kills has no reason that waiting would remove.
  for (int tries = 0; tries < kMostKills; ++tries) {
    killed_ = false;
    if (start() && wait_until_ready()) {
      lost_ = false;
      failures_ = 0;
      return true;
    }
    if (!killed_) break;
  }
  collector_.pid = -1;
  constexpr std::chrono::milliseconds kFirst{10}, kLongest{2500};
  next_try_ = Clock::now() + std::min(kFirst * (1 << std::min(failures_, 12)), kLongest);
  ++failures_;
  return false;
}

bool CollectorKeeper::is_complete() const {
  const auto trace = store::Reader::open(order_.trace_path);
  if (!trace) return false;
  const auto facts = trace->trace();
  return facts && facts->contains(store::kFinishedKey);
}

bool CollectorKeeper::finish() {
  // It may have died a moment ago, with what the rings hold still unread.
  check();
  constexpr int kMostDeaths = 100;
  for (int deaths = 0; deaths < kMostDeaths; ++deaths) {
    if (collector_.pid < 0) {
      if (is_complete()) return true;
      if (!trying()) return false;
      std::this_thread::sleep_until(next_try_);
      if (!restart()) continue;
    }
    const char byte = 's';
    (void)!::write(collector_.stop.get(), &byte, 1);
    // The rest is its own business: it ends when the kernel has taken apart what it held.
    if (wait_for_word(collector_)) return true;
    const int status = wait_for(collector_.pid);
    collector_.pid = -1;
    if (!WIFSIGNALED(status)) return WEXITSTATUS(status) == 0;
    lost_ = true;
    next_try_ = {};
  }
  return false;
}

}  // namespace sockwatch::launch
