// pthread_cancel in each blocking call, with C++ objects above it: forced unwinding has to pass the
// library's frames and reach their destructors.
#include <cstdio>

#include "support/blocking.h"
#include "support/check.h"
#include "support/loopback.h"
#include "support/thread.h"

namespace {

int destroyed;

struct Witness {
  ~Witness() { ++destroyed; }
};

long with_witness(const BlockingCall& blocking) {
  Witness witness;
  return blocking.call();
}

void* block(void* argument) {
  Witness witness;
  try {
    with_witness(*static_cast<const BlockingCall*>(argument));
  } catch (...) {  // a cancellation passes here too and has to go on
    ++destroyed;
    throw;
  }
  return nullptr;
}

}  // namespace

int main() {
  blocking_prepare();
  for (int i = 0; i < blocking_call_count; ++i) {
    if (blocking_calls[i].uncancellable) continue;
    void* result = nullptr;
    destroyed = 0;
    pthread_t thread = thread_start(block, const_cast<BlockingCall*>(&blocking_calls[i]));
    sleep_ms(20);
    pthread_cancel(thread);
    pthread_join(thread, &result);
    if (!CHECK(result == PTHREAD_CANCELED) || !CHECK_EQUAL(destroyed, 3)) {
      std::fprintf(stderr, "in %s\n", blocking_calls[i].name);
    }
  }
  sockaddr_in closed;
  loopback_refuse(&closed);
  CHECK_EQUAL(loopback_refused(&closed), ECONNREFUSED);
  return check_status();
}
