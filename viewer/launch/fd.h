// A file descriptor with an owner. Everything the launcher opens is close-on-exec: the target gets
// exactly the descriptors sockwatch itself was started with.
#pragma once

#include "collector/drain/unique_fd.h"

namespace sockwatch::launch {

using Fd = drain::UniqueFd;

}  // namespace sockwatch::launch
