#include "tests/netlab/lab/server.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <memory>
#include <stdexcept>
#include <thread>
#include <utility>

#include "tests/netlab/lab/address.h"

namespace sockwatch::netlab {
namespace {

constexpr int kBacklog = 128;

Server serve_accepting(const Namespace& network, const SocketAddress& address,
                       Conversation conversation, int backlog = kBacklog,
                       std::chrono::milliseconds pause = {}) {
  auto listener = std::make_shared<int>(-1);
  return serve_with(
      network,
      [listener, &address, backlog] {
        *listener = bound_socket(address, SOCK_STREAM);
        if (listen(*listener, backlog) != 0) throw std::runtime_error("listen");
        return port_of(*listener);
      },
      [listener, conversation = std::move(conversation), pause] {
        for (;;) {
          std::this_thread::sleep_for(pause);
          const int fd = accept4(*listener, nullptr, nullptr, SOCK_CLOEXEC);
          if (fd < 0) continue;
          std::thread([fd, conversation] {
            conversation(fd);
            close(fd);
          }).detach();
        }
      });
}

// Connects to a listener until the kernel takes no more. The sockets stay open with the process.
void fill_queue(const SocketAddress& address) {
  for (int tried = 0; tried < 8; ++tried) {
    const int fd = socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int result = connect(fd, address.get(), address.length);
    if (result == 0) continue;
    if (errno != EINPROGRESS) return;  // a unix socket says EAGAIN when it is full
    pollfd one{fd, POLLOUT, 0};
    if (poll(&one, 1, 100) == 0) {
      close(fd);
      return;
    }
  }
}

Server serve_unaccepting(const Namespace& network, const SocketAddress& address,
                         const std::function<SocketAddress(std::uint16_t)>& at_port) {
  return serve_with(
      network,
      [&] {
        const int fd = bound_socket(address, SOCK_STREAM);
        if (listen(fd, 0) != 0) throw std::runtime_error("listen");
        const std::uint16_t port = port_of(fd);
        fill_queue(at_port(port));
        return port;
      },
      [] {
        for (;;) pause();
      });
}

}  // namespace

Server::Server(Server&& other) noexcept : pid_(std::exchange(other.pid_, -1)), port_(other.port_) {}

Server::~Server() {
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

Server serve_with(const Namespace& network, const std::function<std::uint16_t()>& set_up,
                  const std::function<void()>& serve) {
  std::array<int, 2> ready{};
  if (pipe2(ready.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe: out of descriptors");
  const pid_t child = network.fork_into([&]() -> int {
    signal(SIGPIPE, SIG_IGN);
    const std::uint16_t port = set_up();
    if (write(ready[1], &port, sizeof port) != sizeof port) return 125;
    close(ready[1]);
    serve();
    return 0;
  });
  close(ready[1]);
  std::uint16_t port = 0;
  const bool up = read(ready[0], &port, sizeof port) == sizeof port;
  close(ready[0]);
  if (!up) {
    waitpid(child, nullptr, 0);
    throw std::runtime_error("a server of the lab could not start");
  }
  return {child, port};
}

Server serve_tcp(const Namespace& network, Conversation conversation, Listen at) {
  return serve_accepting(network, internet_address(at.address, at.port), std::move(conversation));
}

Server serve_unix(const Namespace& network, Conversation conversation, const std::string& path) {
  return serve_accepting(network, unix_address(path), std::move(conversation));
}

Server serve_slowly(const Namespace& network, Conversation conversation, int backlog,
                    std::chrono::milliseconds pause) {
  return serve_accepting(network, internet_address("127.0.0.1", 0), std::move(conversation),
                         backlog, pause);
}

Server serve_nobody(const Namespace& network, int backlog) {
  return serve_with(
      network,
      [backlog] {
        const int fd = bound_socket(internet_address("127.0.0.1", 0), SOCK_STREAM);
        if (listen(fd, backlog) != 0) throw std::runtime_error("listen");
        return port_of(fd);
      },
      [] {
        for (;;) pause();
      });
}

Server serve_full_queue(const Namespace& network, Listen at) {
  return serve_unaccepting(
      network, internet_address(at.address, at.port),
      [&at](std::uint16_t port) { return internet_address(at.address, port); });
}

Server serve_full_unix_queue(const Namespace& network, const std::string& path) {
  const SocketAddress address = unix_address(path);
  return serve_unaccepting(network, address, [&address](std::uint16_t) { return address; });
}

Server serve_udp_echo(const Namespace& network, Listen at) {
  auto bound = std::make_shared<int>(-1);
  return serve_with(
      network,
      [&at, bound] {
        *bound = bound_socket(internet_address(at.address, at.port), SOCK_DGRAM);
        return port_of(*bound);
      },
      [bound] {
        std::array<char, 65536> datagram;
        for (;;) {
          SocketAddress from;
          from.length = sizeof from.storage;
          const ssize_t got =
              recvfrom(*bound, datagram.data(), datagram.size(), 0, from.get(), &from.length);
          if (got >= 0) {
            sendto(*bound, datagram.data(), static_cast<std::size_t>(got), 0, from.get(),
                   from.length);
          }
        }
      });
}

}  // namespace sockwatch::netlab
