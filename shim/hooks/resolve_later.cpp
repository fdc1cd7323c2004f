// Names looked up by a thread of libc's own while the program does other things (getaddrinfo_a(3)).
//
// What came of such a look-up is known when the program asks (gai_error, gai_suspend, or
// getaddrinfo_a itself with GAI_WAIT), and is told then; its time ends there too. Only memory the
// caller has just named is read: a request that nobody asked about may be gone long ago.
#include <netdb.h>
#include <signal.h>

#include <atomic>
#include <cerrno>

#include "shim/clock.h"
#include "shim/hooks/hook.h"
#include "shim/lookup.h"
#include "shim/real.h"
#include "shim/state.h"

using namespace sockwatch;
using namespace sockwatch::shim;

extern "C" {
int hook_getaddrinfo_a(int mode, gaicb** list, int count, sigevent* tell)
    SOCKWATCH_EXPORT("getaddrinfo_a");
int hook_gai_error(gaicb* request) SOCKWATCH_EXPORT("gai_error");
int hook_gai_suspend(const gaicb* const* list, int count, const timespec* timeout)
    SOCKWATCH_EXPORT("gai_suspend");
int hook_gai_cancel(gaicb* request) SOCKWATCH_EXPORT("gai_cancel");
}

namespace {

// One look-up between getaddrinfo_a and the call that says how it ended. Written by any thread.
struct Running {
  std::atomic<const gaicb*> request;  // nullptr: free
  std::atomic<std::uint64_t> start_ns;
  std::atomic<bool> told_begun;
  // The program is told by a signal or a thread, and may give the request back there while another
  // of its threads waits in gai_suspend.
  std::atomic<bool> notified;
};

// More at a time than these are not recorded.
constexpr std::size_t kMostRunning = 64;
constinit Running running[kMostRunning]{};
// Stands in a place that is being filled.
const gaicb* const kFilling = reinterpret_cast<const gaicb*>(std::uintptr_t{1});

Running* find(const gaicb* request) {
  for (Running& one : running) {
    if (one.request.load(std::memory_order_acquire) == request) {
      return &one;
    }
  }
  return nullptr;
}

void remember(const gaicb* request, std::uint64_t start_ns, bool notified) {
  const auto fill = [&](Running& place) {
    place.start_ns.store(start_ns, std::memory_order_relaxed);
    place.told_begun.store(false, std::memory_order_relaxed);
    place.notified.store(notified, std::memory_order_relaxed);
    place.request.store(request, std::memory_order_release);
  };
  // Used again without having been asked about: what came of it nobody knows.
  if (Running* again = find(request)) {
    fill(*again);
    return;
  }
  for (Running& place : running) {
    const gaicb* expected = nullptr;
    if (place.request.compare_exchange_strong(expected, kFilling, std::memory_order_acq_rel)) {
      fill(place);
      return;
    }
  }
}

// The one caller who gets the start is the one who tells. 0: told already, or not remembered.
std::uint64_t take(const gaicb* request) {
  Running* one = find(request);
  if (one == nullptr) {
    return 0;
  }
  const std::uint64_t start_ns = one->start_ns.load(std::memory_order_relaxed);
  return one->request.compare_exchange_strong(request, nullptr, std::memory_order_acq_rel)
             ? start_ns
             : 0;
}

Lookup described(const gaicb& request, std::uint64_t start_ns) {
  return {wire::Op::getaddrinfo_a,
          request.ar_name,
          request.ar_service,
          request.ar_request == nullptr ? AF_UNSPEC : request.ar_request->ai_family,
          start_ns,
          reinterpret_cast<std::uintptr_t>(&request)};
}

// `result` as gai_error gave it: not EAI_INPROGRESS.
void tell_end(const gaicb& request, int result) {
  const std::uint64_t start_ns = take(&request);
  if (start_ns == 0) {
    return;
  }
  Addresses addresses;
  if (result == 0) {
    addresses.add_all(request.ar_result);
  }
  // Taken back before a thread of libc had got to it: as one that was left.
  lookup::tell_ended(described(request, start_ns), result == EAI_CANCELED ? EAI_INPROGRESS : result,
                     0, addresses);
}

// The requests of a list that are ours to read and in the table: `use(request, place)`.
template <class Use>
void for_each(const gaicb* const* list, int count, Use use) {
  for (int i = 0; i < count; ++i) {
    Running* place = list[i] == nullptr ? nullptr : find(list[i]);
    if (place != nullptr && !place->notified.load(std::memory_order_relaxed)) {
      use(*list[i], *place);
    }
  }
}

void tell_ended_ones(const gaicb* const* list, int count) {
  for_each(list, count, [](const gaicb& request, Running&) {
    const int result = real::gai_error(const_cast<gaicb*>(&request));
    if (result != EAI_INPROGRESS) {
      tell_end(request, result);
    }
  });
}

// Somebody waits now; should it be for ever, that is all there is to say.
void tell_begun_ones(const gaicb* const* list, int count) {
  for_each(list, count, [](const gaicb& request, Running& place) {
    if (!place.told_begun.exchange(true, std::memory_order_relaxed)) {
      const std::uint64_t start_ns = place.start_ns.load(std::memory_order_relaxed);
      lookup::tell_begun(described(request, start_ns), start_ns);
    }
  });
}

}  // namespace

int hook_getaddrinfo_a(int mode, gaicb** list, int count, sigevent* tell) {
  if (!state::recording() || (mode != GAI_WAIT && mode != GAI_NOWAIT) || list == nullptr) {
    return real::getaddrinfo_a(mode, list, count, tell);
  }
  const int error_before = errno;
  const std::uint64_t start_ns = clock::now_ns();
  const bool notified = mode == GAI_NOWAIT && tell != nullptr && tell->sigev_notify != SIGEV_NONE;
  for (int i = 0; i < count; ++i) {
    if (list[i] != nullptr && list[i]->ar_name != nullptr) {
      remember(list[i], start_ns, notified);
    }
  }
  if (mode == GAI_WAIT) {
    tell_begun_ones(list, count);
  }
  errno = error_before;
  const int result = real::getaddrinfo_a(mode, list, count, tell);
  const int error = errno;
  if (mode == GAI_WAIT) {
    tell_ended_ones(list, count);
  } else if (result != 0) {
    // Some were not begun, and which is not said.
    for (int i = 0; i < count; ++i) {
      take(list[i]);
    }
  }
  errno = error;
  return result;
}

int hook_gai_error(gaicb* request) {
  const int result = real::gai_error(request);
  if (state::recording() && result != EAI_INPROGRESS) {
    const int error = errno;
    tell_end(*request, result);
    errno = error;
  }
  return result;
}

int hook_gai_suspend(const gaicb* const* list, int count, const timespec* timeout) {
  if (!state::recording()) {
    return real::gai_suspend(list, count, timeout);
  }
  const int error_before = errno;
  tell_begun_ones(list, count);
  errno = error_before;
  const int result = real::gai_suspend(list, count, timeout);
  const int error = errno;
  tell_ended_ones(list, count);
  errno = error;
  return result;
}

int hook_gai_cancel(gaicb* request) {
  const int result = real::gai_cancel(request);
  // nullptr: all of them, and which those are libc knows.
  if (state::recording() && request != nullptr && result != EAI_NOTCANCELED) {
    const int error = errno;
    // glibc 2.36 leaves a request it has taken back "in progress" for good.
    const int ended = result == EAI_CANCELED ? result : real::gai_error(request);
    if (ended != EAI_INPROGRESS) {
      tell_end(*request, ended);
    }
    errno = error;
  }
  return result;
}
