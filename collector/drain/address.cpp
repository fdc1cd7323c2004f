#include "collector/drain/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <iterator>

namespace sockwatch::drain {
namespace {

// What the kernel takes for a connect, which is less than the structures have (no padding, no
// scope).
constexpr std::size_t kInetBytes = offsetof(sockaddr_in, sin_addr) + sizeof(in_addr);
constexpr std::size_t kInet6Bytes = offsetof(sockaddr_in6, sin6_addr) + sizeof(in6_addr);

template <typename T>
T read_as(std::span<const std::byte> bytes) {
  T value{};
  std::memcpy(&value, bytes.data(), std::min(sizeof value, bytes.size()));
  return value;
}

std::string inet6_text(const in6_addr& address) {
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(AF_INET6, &address, text, sizeof text);
  return text;
}

// As inet_ntop, which goes through sprintf: a good part of what a connection takes.
std::string inet_text(const void* address) {
  std::uint8_t bytes[4];
  std::memcpy(bytes, address, sizeof bytes);
  char text[INET_ADDRSTRLEN];
  char* end = text;
  for (const unsigned byte : bytes) {
    if (end != text) *end++ = '.';
    end = std::to_chars(end, std::end(text), byte).ptr;
  }
  return {text, end};
}

// Family and text of 16 bytes of IPv6, which may be an IPv4 address in disguise.
connect::Address inet6_address(const in6_addr& address) {
  if (IN6_IS_ADDR_V4MAPPED(&address)) {
    return {"ipv4", inet_text(address.s6_addr + 12), 0};
  }
  return {"ipv6", inet6_text(address), 0};
}

connect::Address unix_address(std::span<const std::byte> path) {
  std::string text(reinterpret_cast<const char*>(path.data()), path.size());
  if (text.empty()) return {"unix", "", 0};  // unnamed
  if (text.front() == '\0') {
    std::replace(text.begin(), text.end(), '\0', '@');
  } else {
    text.resize(std::min(text.find('\0'), text.size()));
  }
  return {"unix", text, 0};
}

}  // namespace

std::optional<connect::Address> decode_address(std::span<const std::byte> bytes) {
  if (bytes.size() < sizeof(sa_family_t) || bytes.size() > sizeof(sockaddr_storage)) {
    return std::nullopt;
  }
  switch (read_as<sa_family_t>(bytes)) {
    case AF_INET: {
      if (bytes.size() < kInetBytes) return std::nullopt;
      const auto address = read_as<sockaddr_in>(bytes);
      return connect::Address{"ipv4", inet_text(&address.sin_addr), ntohs(address.sin_port)};
    }
    case AF_INET6: {
      if (bytes.size() < kInet6Bytes) return std::nullopt;
      const auto address = read_as<sockaddr_in6>(bytes);
      connect::Address result = inet6_address(address.sin6_addr);
      result.port = ntohs(address.sin6_port);
      return result;
    }
    case AF_UNIX:
      if (bytes.size() > sizeof(sockaddr_un)) return std::nullopt;
      return unix_address(bytes.subspan(offsetof(sockaddr_un, sun_path)));
    default:
      return connect::Address{"other", "", 0};
  }
}

std::optional<std::string> decode_resolved(const wire::ResolvedAddress& address) {
  if (address.family == AF_INET) return inet_text(address.bytes);
  if (address.family != AF_INET6) return std::nullopt;
  in6_addr in6{};
  std::memcpy(&in6, address.bytes, sizeof in6);
  return inet6_address(in6).text;
}

}  // namespace sockwatch::drain
