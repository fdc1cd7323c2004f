#include "collector/drain/bus_guard.h"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <mutex>
#include <utility>

namespace sockwatch::drain {

// The handler walks these, so they are never freed, only used again.
struct GuardedRange {
  std::atomic<std::uintptr_t> begin{0};  // 0: unused
  std::atomic<std::size_t> length{0};
  std::atomic<bool> broken{false};
  GuardedRange* next = nullptr;  // written once, before the range is reachable
};

namespace {

std::atomic<GuardedRange*> all_ranges{nullptr};
std::mutex registration;
struct sigaction previous_action;
std::uintptr_t page_size;

void on_bus_error(int signal_number, siginfo_t* info, void* context) {
  const int saved_errno = errno;
  const auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);
  for (GuardedRange* range = all_ranges.load(std::memory_order_acquire); range != nullptr;
       range = range->next) {
    const std::uintptr_t begin = range->begin.load(std::memory_order_acquire);
    if (begin == 0 || address < begin ||
        address - begin >= range->length.load(std::memory_order_relaxed)) {
      continue;
    }
    range->broken.store(true, std::memory_order_release);
    void* page = reinterpret_cast<void*>(address & ~(page_size - 1));
    if (mmap(page, page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
             0) == MAP_FAILED) {
      break;
    }
    errno = saved_errno;
    return;
  }
  errno = saved_errno;
  if ((previous_action.sa_flags & SA_SIGINFO) != 0 && previous_action.sa_sigaction != nullptr) {
    previous_action.sa_sigaction(signal_number, info, context);
    return;
  }
  // The access is repeated under the old action: an honest crash where it belongs.
  sigaction(SIGBUS, &previous_action, nullptr);
}

void install_handler() {
  page_size = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  struct sigaction action {};
  action.sa_sigaction = on_bus_error;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  sigaction(SIGBUS, &action, &previous_action);
}

}  // namespace

BusGuard::BusGuard(void* begin, std::size_t length) {
  static std::once_flag once;
  std::call_once(once, install_handler);
  const std::lock_guard lock(registration);
  GuardedRange* range = all_ranges.load(std::memory_order_relaxed);
  while (range != nullptr && range->begin.load(std::memory_order_relaxed) != 0) range = range->next;
  const bool is_new = range == nullptr;
  if (is_new) range = new GuardedRange;
  range->broken.store(false, std::memory_order_relaxed);
  range->length.store(length, std::memory_order_relaxed);
  range->begin.store(reinterpret_cast<std::uintptr_t>(begin), std::memory_order_release);
  if (is_new) {
    range->next = all_ranges.load(std::memory_order_relaxed);
    all_ranges.store(range, std::memory_order_release);
  }
  range_ = range;
}

BusGuard::~BusGuard() { release(); }

BusGuard::BusGuard(BusGuard&& other) noexcept : range_(std::exchange(other.range_, nullptr)) {}

BusGuard& BusGuard::operator=(BusGuard&& other) noexcept {
  if (this != &other) {
    release();
    range_ = std::exchange(other.range_, nullptr);
  }
  return *this;
}

void BusGuard::release() {
  if (range_ == nullptr) return;
  const std::lock_guard lock(registration);
  range_->begin.store(0, std::memory_order_release);
  range_ = nullptr;
}

bool BusGuard::broken() const {
  return range_ != nullptr && range_->broken.load(std::memory_order_acquire);
}

}  // namespace sockwatch::drain
