// Numeric addresses and sockets, for servers of the lab.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstdint>
#include <string>

namespace sockwatch::netlab {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

// Throw std::runtime_error on text that is no address, and on sockets that cannot be had.
SocketAddress internet_address(const std::string& text, std::uint16_t port);
SocketAddress unix_address(const std::string& path);
int bound_socket(const SocketAddress& address, int type);  // not yet listening
std::uint16_t port_of(int fd);

}  // namespace sockwatch::netlab
