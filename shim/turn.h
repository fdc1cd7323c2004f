// Something one thread of a process does while the others wait for it.
#pragma once

#include <atomic>
#include <cstdint>

namespace sockwatch::shim::turn {

// 0 at first. Of one process: in the child of a fork it has to be 0 again.
using Word = std::atomic<std::uint32_t>;

// False: another thread is at it.
bool begin(Word& word);
void end(Word& word);

// Until nobody is at it, or for `patience_ns` (below a second). Questions must be allowed.
void wait(Word& word, std::int64_t patience_ns);

}  // namespace sockwatch::shim::turn
