#include "collector/connect/sockets.h"

#include <algorithm>

namespace sockwatch::connect {

Socket* Sockets::look_up(int fd) const {
  const auto found = numbers_.find(fd);
  return found == numbers_.end() ? nullptr : note(fd, found->second.get());
}

Socket* Sockets::note(int fd, Socket* socket) const {
  const auto at = static_cast<std::size_t>(static_cast<unsigned>(fd));
  if (at >= kNear) return socket;
  if (at >= near_.size()) near_.resize(std::min(kNear, std::max<std::size_t>(64, 2 * at)));
  near_[at] = socket;
  return socket;
}

void Sockets::forget(int fd) {
  const auto at = static_cast<std::size_t>(static_cast<unsigned>(fd));
  if (at < near_.size()) near_[at] = nullptr;
}

Socket* Sockets::find_or_create(int fd) {
  if (Socket* const known = find(fd)) return known;
  auto& socket = numbers_[fd];
  socket = std::make_shared<Socket>();
  return note(fd, socket.get());
}

void Sockets::drop(int fd) {
  const auto found = numbers_.find(fd);
  if (found == numbers_.end()) return;
  --found->second->numbers;
  forget(fd);
  numbers_.erase(found);
}

void Sockets::alias(int from, int to) {
  const auto found = numbers_.find(from);
  if (found == numbers_.end()) return;
  const std::shared_ptr<Socket> socket = found->second;
  ++socket->numbers;
  numbers_[to] = socket;
  note(to, socket.get());
}

void Sockets::replace(int fd) {
  std::shared_ptr<Socket>& socket = numbers_[fd];
  socket = std::make_shared<Socket>();
  note(fd, socket.get());
}

std::vector<int> Sockets::in_range(std::uint32_t first, std::uint32_t last) const {
  std::vector<int> found;
  for (const auto& [fd, socket] : numbers_) {
    if (fd >= 0 && static_cast<std::uint32_t>(fd) >= first &&
        static_cast<std::uint32_t>(fd) <= last) {
      found.push_back(fd);
    }
  }
  std::ranges::sort(found);  // rows in the same order for the same events
  return found;
}

}  // namespace sockwatch::connect
