#include "shim/own_table.h"

#include "shim/apart.h"
#include "shim/membership.h"
#include "shim/questions.h"
#include "shim/state.h"
#include "shim/thread.h"

namespace sockwatch::shim::own_table {

bool is_shared() {
  if (!state::recording()) {
    return false;
  }
  const Questions questions;
  if (const long threads = questions ? apart::threads() : 0; threads != 0) {
    return threads > 1;
  }
  const Process& process = process::current();
  return process.pid.load(std::memory_order_relaxed) != 0 && !process::is_borrowed(process);
}

void taken() {
  membership::tell();
  thread::mine.foreign |= thread::kOwnTable;
}

}  // namespace sockwatch::shim::own_table
