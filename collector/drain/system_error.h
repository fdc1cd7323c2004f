// errno in words, for messages.
#pragma once

#include <string>
#include <system_error>

namespace sockwatch::drain {

// Thread-safe, unlike strerror.
inline std::string errno_text(int error) {
  return std::error_code(error, std::generic_category()).message();
}

}  // namespace sockwatch::drain
