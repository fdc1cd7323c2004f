#include "shim/lookup.h"

#include <netinet/in.h>

#include <cstring>

namespace sockwatch::shim {
namespace {

// The bytes of an address, nullptr where it is neither IPv4 nor IPv6.
const void* bytes_of(const addrinfo& found) {
  if (found.ai_addr == nullptr) {
    return nullptr;
  }
  switch (found.ai_family) {
    case AF_INET:
      return &reinterpret_cast<const sockaddr_in*>(found.ai_addr)->sin_addr;
    case AF_INET6:
      return &reinterpret_cast<const sockaddr_in6*>(found.ai_addr)->sin6_addr;
    default:
      return nullptr;
  }
}

std::size_t size_of(int family) {
  return family == AF_INET ? sizeof(in_addr) : family == AF_INET6 ? sizeof(in6_addr) : 0;
}

}  // namespace

void Addresses::add(int family, const void* bytes) {
  const std::size_t size = size_of(family);
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

void Addresses::add_all(const addrinfo* found) {
  const void* before = nullptr;
  for (; found != nullptr; found = found->ai_next) {
    // One entry for each socket type asked for: the same address in a row is told once.
    const void* bytes = bytes_of(*found);
    if (bytes == nullptr || (before != nullptr && family_ == found->ai_family &&
                             std::memcmp(before, bytes, size_of(family_)) == 0)) {
      continue;
    }
    add(found->ai_family, bytes);
    before = bytes;
    family_ = found->ai_family;
  }
}

void Addresses::add_all(const hostent* found) {
  for (char** address = found->h_addr_list; address != nullptr && *address != nullptr; ++address) {
    add(found->h_addrtype, *address);
  }
}

void Addresses::tell(Record& record) const {
  record.event().payload.resolve.address_count = total_;
  record.part(wire::Part::addresses, list_, used_ * sizeof(list_[0]));
}

namespace lookup {

void tell_begun(const Lookup& lookup, std::uint64_t start_ns) {
  Record record(lookup.op, -1);
  if (!record) {
    return;
  }
  if (start_ns != 0) {
    record.outcome({0, 0}, start_ns);
  }
  record.event().flags |= wire::kBegin;
  record.event().payload.resolve.family = lookup.family;
  record.event().payload.resolve.request = lookup.request;
  record.part(wire::Part::name, lookup.name, lookup.name_length);
  record.publish();
}

void tell_ended(const Lookup& lookup, int result, int error, const Addresses& addresses) {
  Record record(lookup.op, -1);
  if (!record) {
    return;
  }
  record.outcome({result, 0}, lookup.start_ns);
  record.event().error = static_cast<std::int16_t>(error);
  record.event().payload.resolve.family = lookup.family;
  record.event().payload.resolve.request = lookup.request;
  record.part(wire::Part::name, lookup.name, lookup.name_length);
  if (lookup.service_length != 0) {
    record.part(wire::Part::service, lookup.service, lookup.service_length);
  }
  addresses.tell(record);
  record.publish();
}

}  // namespace lookup
}  // namespace sockwatch::shim
