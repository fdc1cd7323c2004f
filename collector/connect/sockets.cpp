#include "collector/connect/sockets.h"

#include <algorithm>

namespace sockwatch::connect {

std::shared_ptr<Socket> Sockets::find(int fd) const {
  const auto found = numbers_.find(fd);
  return found == numbers_.end() ? nullptr : found->second;
}

std::shared_ptr<Socket> Sockets::find_or_create(int fd) {
  auto& socket = numbers_[fd];
  if (!socket) socket = std::make_shared<Socket>();
  return socket;
}

void Sockets::drop(int fd) {
  const auto found = numbers_.find(fd);
  if (found == numbers_.end()) return;
  --found->second->numbers;
  numbers_.erase(found);
}

void Sockets::alias(int from, int to) {
  const auto socket = find(from);
  if (!socket) return;
  ++socket->numbers;
  numbers_[to] = socket;
}

void Sockets::replace(int fd) { numbers_[fd] = std::make_shared<Socket>(); }

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
