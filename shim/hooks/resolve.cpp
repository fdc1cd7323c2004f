// Names. The sockets libc opens inside these calls pass us by; the calls themselves are timed.
#include <netdb.h>
#include <netinet/in.h>

#include <cerrno>
#include <cstring>

#include "shim/caller_memory.h"
#include "shim/clock.h"
#include "shim/hooks/hook.h"
#include "shim/real.h"
#include "shim/record.h"
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

constexpr std::size_t kMostServiceBytes = wire::Continuation::kBytes;  // one slot

class Addresses {
 public:
  void add(int family, const void* bytes) {
    const std::size_t size = family == AF_INET    ? sizeof(in_addr)
                             : family == AF_INET6 ? sizeof(in6_addr)
                                                  : 0;
    if (size == 0) {
      return;
    }
    ++total_;
    if (used_ < wire::kMaxResolvedAddresses) {
      wire::ResolvedAddress& address = list_[used_++];
      address = wire::ResolvedAddress{};
      address.family = static_cast<std::uint16_t>(family);
      std::memcpy(address.bytes, bytes, size);
    }
  }

  void add_all(const addrinfo* found) {
    const void* before = nullptr;
    for (; found != nullptr; found = found->ai_next) {
      // One entry for each socket type asked for: the same address in a row is told once.
      const void* bytes =
          found->ai_addr == nullptr ? nullptr
          : found->ai_family == AF_INET
              ? static_cast<const void*>(
                    &reinterpret_cast<const sockaddr_in*>(found->ai_addr)->sin_addr)
          : found->ai_family == AF_INET6
              ? static_cast<const void*>(
                    &reinterpret_cast<const sockaddr_in6*>(found->ai_addr)->sin6_addr)
              : nullptr;
      const std::size_t size = found->ai_family == AF_INET ? sizeof(in_addr) : sizeof(in6_addr);
      if (bytes == nullptr || (before != nullptr && family_ == found->ai_family &&
                               std::memcmp(before, bytes, size) == 0)) {
        continue;
      }
      add(found->ai_family, bytes);
      before = bytes;
      family_ = found->ai_family;
    }
  }

  void add_all(const hostent* found) {
    for (char** address = found->h_addr_list; address != nullptr && *address != nullptr;
         ++address) {
      add(found->h_addrtype, *address);
    }
  }

  void tell(Record& record) const {
    record.event().payload.resolve.address_count = total_;
    record.part(wire::Part::addresses, list_, used_ * sizeof(list_[0]));
  }

 private:
  std::uint32_t total_ = 0;
  std::size_t used_ = 0;
  int family_ = AF_UNSPEC;
  wire::ResolvedAddress list_[wire::kMaxResolvedAddresses];
};

struct Lookup {
  wire::Op op;
  const char* name;  // read: the resolver has read it already
  const char* service;
  int family;
  std::uint64_t start_ns;
};

// A lookup may be all a program ever does: given up by a signal handler, or running when it ends.
Lookup begun(wire::Op op, const char* name, const char* service, int family) {
  const Lookup lookup{op, name, service, family, clock::now_ns()};
  const int error = errno;
  if (readable(name, 1)) {
    Record record(op, -1);
    if (record) {
      record.event().flags = wire::kBegin;
      record.event().payload.resolve.family = family;
      record.part(wire::Part::name, name, strnlen(name, wire::kMaxNameBytes));
      record.publish();
    }
  }
  errno = error;
  return lookup;
}

// `result` is 0 or the resolver's own code (EAI_..., or h_errno for the older functions).
void told(const Lookup& lookup, int result, int error, const Addresses& addresses) {
  Record record(lookup.op, -1);
  if (!record) {
    return;
  }
  record.outcome({result, 0}, lookup.start_ns);
  record.event().error = static_cast<std::int16_t>(error);
  record.event().payload.resolve.family = lookup.family;
  record.part(wire::Part::name, lookup.name, strnlen(lookup.name, wire::kMaxNameBytes));
  if (lookup.service != nullptr) {
    record.part(wire::Part::service, lookup.service, strnlen(lookup.service, kMostServiceBytes));
  }
  addresses.tell(record);
  record.publish();
}

template <class Real>
hostent* by_static_entry(wire::Op op, const char* name, int family, Real real) {
  if (!state::recording() || name == nullptr) {
    return real();
  }
  const Lookup lookup = begun(op, name, nullptr, family);
  hostent* found = real();
  const int error = errno;
  const int h_error = h_errno;
  Addresses addresses;
  if (found != nullptr) {
    addresses.add_all(found);
  }
  told(lookup, found != nullptr ? 0 : h_error, found == nullptr ? error : 0, addresses);
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
  const Lookup lookup = begun(op, name, nullptr, family);
  const int result = real();
  const int error = errno;
  // ERANGE: the buffer was too small, and the caller will ask again.
  if (result != ERANGE) {
    Addresses addresses;
    const bool good = result == 0 && *found != nullptr;
    if (good) {
      addresses.add_all(*found);
    }
    told(lookup, good ? 0 : *h_error, good ? 0 : result, addresses);
  }
  errno = error;
  return result;
}

}  // namespace

int hook_getaddrinfo(const char* name, const char* service, const addrinfo* hints,
                     addrinfo** found) {
  // Without a name there is nothing to look up (a server that asks for its wildcard address).
  if (!state::recording() || name == nullptr) {
    return real::getaddrinfo(name, service, hints, found);
  }
  const int family = hints == nullptr ? AF_UNSPEC : hints->ai_family;
  const Lookup lookup = begun(wire::Op::getaddrinfo, name, service, family);
  const int result = real::getaddrinfo(name, service, hints, found);
  const int error = errno;
  if (result == EAI_BADFLAGS && !readable(name, 1)) {
    errno = error;
    return result;  // refused before the names were read
  }
  Addresses addresses;
  if (result == 0) {
    addresses.add_all(*found);
  }
  told(lookup, result, result == EAI_SYSTEM ? error : 0, addresses);
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
