#include "viewer/cli/output.h"

#include <cerrno>
#include <csignal>
#include <cstring>

namespace sockwatch::cli {

Output::Output(std::FILE* out) : out_(out) { std::signal(SIGPIPE, SIG_IGN); }

bool Output::write(std::string_view text) {
  if (error_ != 0) return false;
  errno = 0;
  if (std::fwrite(text.data(), 1, text.size(), out_) != text.size()) {
    error_ = errno != 0 ? errno : EIO;
  }
  return error_ == 0;
}

Status Output::finish() {
  errno = 0;
  if (error_ == 0 && std::fflush(out_) != 0) error_ = errno != 0 ? errno : EIO;
  if (error_ == 0 || error_ == EPIPE) return {};
  return Error{std::string("the result could not be written: ") + std::strerror(error_),
               "free some space there, or write it to another place"};
}

}  // namespace sockwatch::cli
