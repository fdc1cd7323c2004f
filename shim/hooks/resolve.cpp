// Names. The sockets libc opens inside these calls pass us by; the calls themselves are timed.
#include <netdb.h>

#include <cerrno>
#include <cstring>

#include "shim/caller_memory.h"
#include "shim/clock.h"
#include "shim/hooks/hook.h"
#include "shim/lookup.h"
#include "shim/real.h"
#include "shim/state.h"

using namespace sockwatch;
using namespace sockwatch::shim;

extern "C" {
int hook_getaddrinfo(const char* name, const char* service, const addrinfo* hints, addrinfo** found)
    SOCKWATCH_EXPORT("getaddrinfo");
hostent* hook_gethostbyname(const char* name) SOCKWATCH_EXPORT("gethostbyname");
hostent* hook_gethostbyname2(const char* name, int family) SOCKWATCH_EXPORT("gethostbyname2");
int hook_gethostbyname_r(const char* name, hostent* entry, char* buffer, size_t size,
                         hostent** found, int* h_error) SOCKWATCH_EXPORT("gethostbyname_r");
int hook_gethostbyname2_r(const char* name, int family, hostent* entry, char* buffer, size_t size,
                          hostent** found, int* h_error) SOCKWATCH_EXPORT("gethostbyname2_r");
}

namespace {

// A look-up under way, and whether its name could be read before libc did: it cannot where it is
// no address at all, or where the kernel may not be asked.
struct Begun {
  Lookup lookup;
  bool name_known;
};

Begun begin(wire::Op op, const char* name, const char* service, int family) {
  const int error = errno;
  CallerMemory memory(true);
  const long name_length = memory.text_up_to(name, wire::kMaxNameBytes);
  const long service_length =
      service == nullptr ? 0 : memory.text_up_to(service, kMostServiceBytes);
  Begun begun{{op, name, service, 0, 0, family, clock::now_ns(), 0}, name_length >= 0};
  begun.lookup.name_length = begun.name_known ? static_cast<std::size_t>(name_length) : 0;
  begun.lookup.service_length = service_length >= 0 ? static_cast<std::size_t>(service_length) : 0;
  if (begun.name_known) {
    lookup::tell_begun(begun.lookup);
  }
  errno = error;
  return begun;
}

// libc has read the name since.
void name_was_read(Begun& begun) {
  if (!begun.name_known) {
    begun.lookup.name_length = strnlen(begun.lookup.name, wire::kMaxNameBytes);
  }
}

template <class Real>
hostent* by_static_entry(wire::Op op, const char* name, int family, Real real) {
  if (!state::recording() || name == nullptr) {
    return real();
  }
  Begun begun = begin(op, name, nullptr, family);
  hostent* found = real();
  const int error = errno;
  const int h_error = h_errno;
  Addresses addresses;
  if (found != nullptr) {
    addresses.add_all(found);
  }
  name_was_read(begun);
  lookup::tell_ended(begun.lookup, found != nullptr ? 0 : h_error, found == nullptr ? error : 0,
                     addresses);
  h_errno = h_error;
  errno = error;
  return found;
}

template <class Real>
int by_callers_entry(wire::Op op, const char* name, int family, hostent** found, int* h_error,
                     Real real) {
  if (!state::recording() || name == nullptr) {
    return real();
  }
  Begun begun = begin(op, name, nullptr, family);
  const int result = real();
  const int error = errno;
  // ERANGE: the buffer was too small, and the caller will ask again.
  if (result != ERANGE) {
    Addresses addresses;
    const bool good = result == 0 && *found != nullptr;
    if (good) {
      addresses.add_all(*found);
    }
    name_was_read(begun);
    lookup::tell_ended(begun.lookup, good ? 0 : *h_error, good ? 0 : result, addresses);
  }
  errno = error;
  return result;
}

}  // namespace

int hook_getaddrinfo(const char* name, const char* service, const addrinfo* hints,
                     addrinfo** found) {
  // Without a name there is nothing to look up (a server that asks for its wildcard address), nor
  // where the program only wants to know whether it is a number.
  if (!state::recording() || name == nullptr || lookup::asks_nobody(hints)) {
    return real::getaddrinfo(name, service, hints, found);
  }
  const int family = hints == nullptr ? AF_UNSPEC : hints->ai_family;
  Begun begun = begin(wire::Op::getaddrinfo, name, service, family);
  const int result = real::getaddrinfo(name, service, hints, found);
  const int error = errno;
  switch (result) {
    case EAI_BADFLAGS:
    case EAI_FAMILY:
    case EAI_SOCKTYPE:
    case EAI_SERVICE:
      break;  // refused, perhaps before the name was read
    default:
      name_was_read(begun);
  }
  if (!begun.name_known && begun.lookup.name_length == 0) {
    errno = error;
    return result;
  }
  Addresses addresses;
  if (result == 0) {
    addresses.add_all(*found);
  }
  lookup::tell_ended(begun.lookup, result, result == EAI_SYSTEM ? error : 0, addresses);
  errno = error;
  return result;
}

hostent* hook_gethostbyname(const char* name) {
  return by_static_entry(wire::Op::gethostbyname, name, AF_INET,
                         [=] { return real::gethostbyname(name); });
}

hostent* hook_gethostbyname2(const char* name, int family) {
  return by_static_entry(wire::Op::gethostbyname2, name, family,
                         [=] { return real::gethostbyname2(name, family); });
}

int hook_gethostbyname_r(const char* name, hostent* entry, char* buffer, size_t size,
                         hostent** found, int* h_error) {
  return by_callers_entry(wire::Op::gethostbyname_r, name, AF_INET, found, h_error, [=] {
    return real::gethostbyname_r(name, entry, buffer, size, found, h_error);
  });
}

int hook_gethostbyname2_r(const char* name, int family, hostent* entry, char* buffer, size_t size,
                          hostent** found, int* h_error) {
  return by_callers_entry(wire::Op::gethostbyname2_r, name, family, found, h_error, [=] {
    return real::gethostbyname2_r(name, family, entry, buffer, size, found, h_error);
  });
}
