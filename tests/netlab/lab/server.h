// Tiny servers, each a child process inside a private network, gone with the object.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "tests/netlab/lab/namespace.h"

namespace sockwatch::netlab {

class Server {
 public:
  Server(pid_t pid, std::uint16_t port) : pid_(pid), port_(port) {}
  ~Server();
  Server(Server&& other) noexcept;
  Server& operator=(Server&&) = delete;

  std::uint16_t port() const { return port_; }

 private:
  pid_t pid_;
  std::uint16_t port_;
};

struct Listen {
  std::string address = "127.0.0.1";  // "::" takes IPv4 too
  std::uint16_t port = 0;             // 0: any free one
};

// What a server does with one accepted connection; it is closed afterwards. Runs on a thread of its
// own.
using Conversation = std::function<void(int fd)>;

Conversation answering(std::string body, std::chrono::milliseconds before_first_byte = {});
Conversation answering_and_closing(std::string body);  // and says so beforehand
Conversation silent();                                 // reads and never says a word
Conversation stopping_half_way();                      // begins its answer and says no more
Conversation closing_unanswered();                // takes the request, then closes without a byte
Conversation resetting();                         // takes the request, then resets
Conversation resetting_after(std::string bytes);  // resets in the middle of its answer
Conversation echoing();
Conversation resetting_at_once();  // does not even wait for the request
Conversation never_reading();      // its window fills, nothing is taken from it
// One answer; then, `after` it, the server closes what the client would keep.
Conversation answering_once(std::string body, std::chrono::milliseconds after);
// The first request; what comes after it is read and not answered.
Conversation answering_first(std::string body);

// Accepting before they return. They throw std::runtime_error where the address cannot be had.
Server serve_tcp(const Namespace& network, Conversation conversation, Listen at = {});
Server serve_unix(const Namespace& network, Conversation conversation, const std::string& path);
Server serve_udp_echo(const Namespace& network, Listen at = {});

// Accepts one connection every `pause`, and has a queue of `backlog` + 1.
Server serve_slowly(const Namespace& network, Conversation conversation, int backlog,
                    std::chrono::milliseconds pause);

// Listens and accepts nobody: the kernel completes `backlog` + 1 handshakes, then drops SYNs.
Server serve_nobody(const Namespace& network, int backlog);

// Listens, accepts nobody, and its queue is full: further SYNs are dropped by the server's kernel.
Server serve_full_queue(const Namespace& network, Listen at = {});
Server serve_full_unix_queue(const Namespace& network, const std::string& path);

// For servers written elsewhere: `set_up` runs in the child and returns the port it serves, then
// `serve` runs until killed.
Server serve_with(const Namespace& network, const std::function<std::uint16_t()>& set_up,
                  const std::function<void()>& serve);

}  // namespace sockwatch::netlab
