// What all hooks of name look-ups tell.
#pragma once

#include <netdb.h>

#include <cstddef>
#include <cstdint>

#include "shim/record.h"
#include "shim/wire/event.h"

namespace sockwatch::shim {

// The addresses a look-up found: how many, and the first of them.
class Addresses {
 public:
  void add(int family, const void* bytes);
  void add_all(const addrinfo* found);
  void add_all(const hostent* found);
  void tell(Record& record) const;

 private:
  std::uint32_t total_ = 0;
  std::size_t used_ = 0;
  int family_ = AF_UNSPEC;
  wire::ResolvedAddress list_[wire::kMaxResolvedAddresses];
};

// Of a service, or number of a port, no more is told.
inline constexpr std::size_t kMostServiceBytes = 32;

struct Lookup {
  wire::Op op;
  const char* name;  // the caller's
  const char* service;
  std::size_t name_length;  // of what is told of them, and can be read
  std::size_t service_length;
  int family;
  std::uint64_t start_ns;
  std::uint64_t request;  // payload.resolve.request
};

namespace lookup {

// AI_NUMERICHOST: "is this text an address?" No file is read and no name server asked, so whatever
// the answer, it tells nothing of the name.
inline bool asks_nobody(const addrinfo* hints) {
  return hints != nullptr && (hints->ai_flags & AI_NUMERICHOST) != 0;
}

// A look-up may be all a program ever does: given up by a signal handler, or running when it ends.
// Tells that it is under way. One that began earlier (`start_ns` not 0) says so.
void tell_begun(const Lookup& lookup, std::uint64_t start_ns = 0);

// `result` is 0 or the resolver's own code (EAI_..., or h_errno for the older functions).
void tell_ended(const Lookup& lookup, int result, int error, const Addresses& addresses);

}  // namespace lookup
}  // namespace sockwatch::shim
