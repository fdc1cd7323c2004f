// What the tiny servers say.
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string_view>
#include <thread>

#include "tests/netlab/lab/server.h"

namespace sockwatch::netlab {
namespace {

// The whole message: a HTTP request with its body, or whatever a client that speaks no HTTP sent
// first. 0: not all of it is there yet.
std::size_t message_length(const std::string& seen) {
  if (seen.find("HTTP/1") == std::string::npos) return seen.size();
  const std::size_t head = seen.find("\r\n\r\n");
  if (head == std::string::npos) return 0;
  constexpr std::string_view kLength = "Content-Length: ";
  const std::size_t length = seen.find(kLength);
  const std::size_t body = length < head ? std::stoul(seen.substr(length + kLength.size())) : 0;
  const std::size_t whole = head + 4 + body;
  return seen.size() >= whole ? whole : 0;
}

// False if the peer closed before it sent all.
bool take_request(int fd) {
  std::string seen;
  std::array<char, 4096> chunk;
  do {
    const ssize_t got = recv(fd, chunk.data(), chunk.size(), 0);
    if (got <= 0) return false;
    seen.append(chunk.data(), static_cast<std::size_t>(got));
  } while (message_length(seen) == 0);
  return true;
}

void say(int fd, const std::string& text) {
  std::size_t sent = 0;
  while (sent < text.size()) {
    const ssize_t more = send(fd, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
    if (more <= 0) return;
    sent += static_cast<std::size_t>(more);
  }
}

std::string response(const std::string& body, const std::string& header = "") {
  return "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n" + header +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

void reset(int fd) {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

}  // namespace

Conversation answering(std::string body, std::chrono::milliseconds before_first_byte) {
  return [body = std::move(body), before_first_byte](int fd) {
    // The connection is kept: who closes it is the client's choice.
    while (take_request(fd)) {
      std::this_thread::sleep_for(before_first_byte);
      say(fd, response(body));
    }
  };
}

Conversation silent() {
  return [](int fd) {
    while (take_request(fd)) {
    }
  };
}

Conversation stopping_half_way() {
  return [](int fd) {
    if (!take_request(fd)) return;
    say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf of");
    take_request(fd);  // until the client leaves
  };
}

Conversation closing_unanswered() {
  return [](int fd) { take_request(fd); };
}

Conversation resetting() {
  return [](int fd) {
    take_request(fd);
    reset(fd);
  };
}

Conversation resetting_after(std::string bytes) {
  return [bytes = std::move(bytes)](int fd) {
    take_request(fd);
    say(fd, bytes);
    std::this_thread::sleep_for(std::chrono::milliseconds{200});  // let the client read them first
    reset(fd);
  };
}

Conversation resetting_at_once() { return reset; }

Conversation never_reading() {
  return [](int) { std::this_thread::sleep_for(std::chrono::hours{1}); };
}

Conversation answering_and_closing(std::string body) {
  return [body = std::move(body)](int fd) {
    if (take_request(fd)) say(fd, response(body, "Connection: close\r\n"));
  };
}

Conversation answering_once(std::string body, std::chrono::milliseconds after) {
  return [body = std::move(body), after](int fd) {
    if (!take_request(fd)) return;
    say(fd, response(body));
    std::this_thread::sleep_for(after);
  };
}

Conversation answering_first(std::string body) {
  return [body = std::move(body)](int fd) {
    if (!take_request(fd)) return;
    say(fd, response(body));
    while (take_request(fd)) {
    }
  };
}

Conversation echoing() {
  return [](int fd) {
    std::array<char, 4096> chunk;
    ssize_t got = 0;
    while ((got = recv(fd, chunk.data(), chunk.size(), 0)) > 0) {
      say(fd, std::string(chunk.data(), static_cast<std::size_t>(got)));
    }
  };
}

}  // namespace sockwatch::netlab
