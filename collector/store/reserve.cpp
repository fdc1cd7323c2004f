#include "collector/store/reserve.h"

#include <fcntl.h>
#include <unistd.h>

#include <utility>

namespace sockwatch::store {

Reserve Reserve::beside(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  Reserve reserve;
  reserve.fd_ = ::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  // Not posix_fallocate, which would write the bytes where the file system cannot reserve them.
  if (reserve.holds() && ::fallocate(reserve.fd_, 0, 0, kBytes) != 0) reserve.give_back();
  return reserve;
}

Reserve::Reserve(Reserve&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

Reserve& Reserve::operator=(Reserve&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

void Reserve::give_back() {
  if (holds()) ::close(std::exchange(fd_, -1));
}

}  // namespace sockwatch::store
