// Results on their way out. A reader that has seen enough (`| head`) is no error; a full disk is.
#pragma once

#include <cstdio>
#include <string_view>

#include "collector/support/result.h"

namespace sockwatch::cli {

class Output {
 public:
  // `out` stays the caller's. From here on a closed pipe no longer ends this process by a signal.
  explicit Output(std::FILE* out);

  // False: stop producing, nobody reads or it cannot be stored.
  bool write(std::string_view text);

  // Flushes. An error only if something was wanted and could not be written.
  Status finish();

 private:
  std::FILE* out_;
  int error_ = 0;
};

}  // namespace sockwatch::cli
