// Small files of the system: /proc, /etc.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace sockwatch::drain {

// At most `limit` bytes from the start. Empty if the file cannot be read.
std::optional<std::string> read_text_file(const std::string& path, std::size_t limit = 65536);

}  // namespace sockwatch::drain
