#include "collector/drain/text_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "collector/drain/unique_fd.h"

namespace sockwatch::drain {

std::optional<std::string> read_text_file(const std::string& path, std::size_t limit) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!fd) return std::nullopt;
  std::string text(limit, '\0');
  std::size_t length = 0;
  while (length < limit) {
    const ssize_t got = ::read(fd.get(), text.data() + length, limit - length);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::nullopt;
    if (got == 0) break;
    length += static_cast<std::size_t>(got);
  }
  text.resize(length);
  return text;
}

}  // namespace sockwatch::drain
