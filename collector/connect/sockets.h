// Descriptor numbers of one process → sockets. Several numbers may mean one socket (dup); a socket
// ends with its last number.
//
// Bounded by the numbers the process can have: an entry whose close was missed is replaced when its
// number is handed out again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "collector/connect/attempt.h"
#include "collector/connect/waits.h"

namespace sockwatch::connect {

// A connect call that has begun and not returned.
struct ConnectCall {
  std::uint32_t tid = 0;
  store::Ns began_ns = 0;
  auto fields() { return fields_are(tid, began_ns); }
};

struct EpollMembership {
  int epoll_fd = -1;
  WaitLog::Mark mark{};  // log of the set, as far as read
  auto fields() { return fields_are(epoll_fd, mark); }
};

struct Socket {
  int numbers = 1;
  SocketOptions options;
  int attempts = 0;       // so far, the current one included
  bool in_epoll = false;  // was ever seen to be put into a set
  std::vector<EpollMembership> sets;
  std::optional<ConnectCall> call;
  std::shared_ptr<Attempt> attempt;  // the current one
  auto fields() { return fields_are(numbers, options, attempts, in_epoll, sets, call, attempt); }
};

class Sockets {
 public:
  // The pointers are good until the last number of the socket is dropped or replaced.
  Socket* find(int fd) const {
    const auto at = static_cast<std::size_t>(static_cast<unsigned>(fd));
    if (at < near_.size() && near_[at] != nullptr) return near_[at];
    return look_up(fd);
  }
  Socket* find_or_create(int fd);
  void drop(int fd);             // forgets the number
  void alias(int from, int to);  // `to` now means the socket of `from`; must be free
  void replace(int fd);          // a new, empty socket; the number must be free
  std::vector<int> in_range(std::uint32_t first, std::uint32_t last) const;

  template <typename Each>
  void for_each(Each&& each) const {
    for (const auto& [fd, socket] : numbers_) each(fd, *socket);
  }

  auto fields() { return fields_are(numbers_, Skipped<std::vector<Socket*>>()); }

 private:
  // Most programs have small numbers, and nearly every event looks one up.
  static constexpr std::size_t kNear = 4096;

  Socket* look_up(int fd) const;
  Socket* note(int fd, Socket* socket) const;
  void forget(int fd);

  std::unordered_map<int, std::shared_ptr<Socket>> numbers_;
  mutable std::vector<Socket*> near_;  // by number; null: not there, or not looked up yet
};

}  // namespace sockwatch::connect
