// Names looked up by a thread of libc's own while the program does other things (getaddrinfo_a(3)).
//
// What came of such a look-up is known when the program asks (gai_error, gai_suspend, or
// getaddrinfo_a itself with GAI_WAIT), and is told then; its time ends there too. A program may
// know of the end by other ways and give back name, result and request before it asks, if it ever
// does: what is told was copied at the beginning, and a result is read only where that cannot be.
#include <netdb.h>
#include <signal.h>

#include <atomic>
#include <cerrno>
#include <cstring>

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
  std::uint64_t start_ns;
  int family;
  std::atomic<bool> told_begun;
  // The program is told by a signal or a thread, and may give everything back there while another
  // of its threads waits in gai_suspend.
  bool notified;
  // Some call of ours found it in progress: the program cannot have given its result back before
  // that call, or the next, has told it of the end.
  std::atomic<bool> seen_running;
  char name[wire::kMaxNameBytes + 1];  // the program's own may be gone when it asks
  char service[kMostServiceBytes + 1];
};

// More at a time than these are not recorded.
constexpr std::size_t kMostRunning = 64;
constinit Running running[kMostRunning]{};
// Stands in a place that is being filled, or read.
const gaicb* busy() { return reinterpret_cast<const gaicb*>(std::uintptr_t{1}); }

Running* find(const gaicb* request) {
  for (Running& one : running) {
    if (one.request.load(std::memory_order_acquire) == request) {
      return &one;
    }
  }
  return nullptr;
}

// Whose place it then is.
Running* take(const gaicb* request) {
  Running* one = find(request);
  return one != nullptr &&
                 one->request.compare_exchange_strong(request, busy(), std::memory_order_acq_rel)
             ? one
             : nullptr;
}

void give_back(Running& place) { place.request.store(nullptr, std::memory_order_release); }

void copy(char* into, const char* text, std::size_t most) {
  const std::size_t length = text == nullptr ? 0 : strnlen(text, most);
  std::memcpy(into, text, length);
  into[length] = '\0';
}

// Before libc has it: nobody can have given anything back.
void remember(const gaicb& request, std::uint64_t start_ns, bool notified) {
  // Used again without having been asked about: what came of it nobody knows.
  Running* place = take(&request);
  if (place == nullptr) {
    place = take(nullptr);
  }
  if (place == nullptr) {
    return;
  }
  place->start_ns = start_ns;
  place->family = request.ar_request == nullptr ? AF_UNSPEC : request.ar_request->ai_family;
  place->told_begun.store(false, std::memory_order_relaxed);
  place->seen_running.store(false, std::memory_order_relaxed);
  place->notified = notified;
  copy(place->name, request.ar_name, wire::kMaxNameBytes);
  copy(place->service, request.ar_service, kMostServiceBytes);
  place->request.store(&request, std::memory_order_release);
}

Lookup described(const Running& one, const gaicb* request) {
  return {wire::Op::getaddrinfo_a,
          one.name,
          one.service,
          std::strlen(one.name),
          std::strlen(one.service),
          one.family,
          one.start_ns,
          reinterpret_cast<std::uintptr_t>(request)};
}

// `result` as gai_error gave it: not EAI_INPROGRESS. `readable`: the result is still the program's.
void tell_end(const gaicb* request, int result, bool readable) {
  Running* one = take(request);
  if (one == nullptr) {
    return;  // told already, or not remembered
  }
  Addresses addresses;
  if (result == 0 && readable && !one->notified) {
    addresses.add_all(request->ar_result);
  }
  // Taken back before a thread of libc had got to it: as one that was left.
  lookup::tell_ended(described(*one, request), result == EAI_CANCELED ? EAI_INPROGRESS : result, 0,
                     addresses);
  give_back(*one);
}

// The requests of a list that are remembered and may be looked at: `use(request, place)`.
template <class Use>
void for_each(const gaicb* const* list, int count, Use use) {
  for (int i = 0; i < count; ++i) {
    Running* place = list[i] == nullptr ? nullptr : find(list[i]);
    if (place != nullptr && !place->notified) {
      use(list[i], *place);
    }
  }
}

int state_of(const gaicb* request) { return real::gai_error(const_cast<gaicb*>(request)); }

void tell_ended_ones(const gaicb* const* list, int count) {
  for_each(list, count, [](const gaicb* request, Running& place) {
    const int result = state_of(request);
    if (result != EAI_INPROGRESS) {
      tell_end(request, result, place.seen_running.load(std::memory_order_relaxed));
    }
  });
}

// Somebody waits now; should it be for ever, that is all there is to say.
void tell_begun_ones(const gaicb* const* list, int count, bool just_begun) {
  for_each(list, count, [=](const gaicb* request, Running& place) {
    if (just_begun || state_of(request) == EAI_INPROGRESS) {
      place.seen_running.store(true, std::memory_order_relaxed);
      if (!place.told_begun.exchange(true, std::memory_order_relaxed)) {
        lookup::tell_begun(described(place, request), place.start_ns);
      }
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
      remember(*list[i], start_ns, notified);
    }
  }
  if (mode == GAI_WAIT) {
    tell_begun_ones(list, count, true);
  }
  errno = error_before;
  const int result = real::getaddrinfo_a(mode, list, count, tell);
  const int error = errno;
  if (mode == GAI_WAIT) {
    tell_ended_ones(list, count);
  } else if (result != 0) {
    // Some were not begun, and which is not said.
    for (int i = 0; i < count; ++i) {
      if (Running* place = list[i] == nullptr ? nullptr : take(list[i])) {
        give_back(*place);
      }
    }
  }
  errno = error;
  return result;
}

int hook_gai_error(gaicb* request) {
  const int result = real::gai_error(request);
  if (!state::recording()) {
    return result;
  }
  const int error = errno;
  Running* place = find(request);
  if (place != nullptr && result == EAI_INPROGRESS) {
    place->seen_running.store(true, std::memory_order_relaxed);
  } else if (place != nullptr) {
    tell_end(request, result, place->seen_running.load(std::memory_order_relaxed));
  }
  errno = error;
  return result;
}

int hook_gai_suspend(const gaicb* const* list, int count, const timespec* timeout) {
  if (!state::recording()) {
    return real::gai_suspend(list, count, timeout);
  }
  const int error_before = errno;
  tell_begun_ones(list, count, false);
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
      tell_end(request, ended, false);
    }
    errno = error;
  }
  return result;
}
