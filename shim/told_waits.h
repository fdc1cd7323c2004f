// What becomes of a wait, for those who call it often: in a header so that a recorded poll is one
// function.
#pragma once

#include <cstring>

#include "shim/express.h"
#include "shim/fd_table.h"
#include "shim/state.h"
#include "shim/waits.h"

namespace sockwatch::shim::waits {

inline constexpr std::uint32_t kCrowd = Selected::kMost;

inline bool expired(std::int64_t timeout_ns, Outcome outcome) {
  return outcome.result == 0 && timeout_ns != 0;
}

// The way for all that publish() has no room for. `more`: the next event goes on with the list.
void publish_long(const Wait& wait, std::int64_t timeout_ns, Outcome outcome,
                  const wire::WaitEntry* entries, std::size_t count, bool more);

inline constexpr std::size_t kEntriesPerSlot = wire::Continuation::kBytes / sizeof(wire::WaitEntry);

[[gnu::always_inline]] inline void fill(wire::Event& event, const Wait& wait,
                                        std::int64_t timeout_ns, Outcome outcome,
                                        std::uint64_t t_ns) {
  std::memcpy(static_cast<void*>(&event), &wait.head, sizeof(wait.head));
  const bool has_duration = wait.start_ns != 0 && t_ns > wait.start_ns;
  event.duration_ns = has_duration ? t_ns - wait.start_ns : 0;
  event.result = outcome.result;
  event.error = outcome.result < 0 ? static_cast<std::int16_t>(outcome.error) : std::int16_t{0};
  event.detail = 0;
  event.payload.wait = {timeout_ns, wait.watched, 0};
}

// With a list that fits into one slot, as most do.
[[gnu::always_inline]] inline void publish(const Wait& wait, std::int64_t timeout_ns,
                                           Outcome outcome, const wire::WaitEntry* entries,
                                           std::size_t count) {
  const auto write = [&](wire::Event& event, wire::Event& second, std::uint64_t t_ns) {
    fill(event, wait, timeout_ns, outcome, t_ns);
    event.continuation_slots = 1;
    auto& list = reinterpret_cast<wire::Continuation&>(second);
    list.op = wire::Op::continuation;
    list.part = wire::Part::entries;
    list.length = static_cast<std::uint16_t>(count * sizeof(wire::WaitEntry));
    list.index = 1;
    auto* to = reinterpret_cast<wire::WaitEntry*>(list.bytes);
    for (std::size_t i = 0; i < count; ++i) {
      to[i] = entries[i];
    }
  };
  if (count > kEntriesPerSlot || !express::publish<2>(write)) [[unlikely]] {
    publish_long(wait, timeout_ns, outcome, entries, count, false);
  }
}

// Bits of descriptors that matter to a wait that has expired, or not.
inline unsigned wanted_bits(std::int64_t timeout_ns, bool expired) {
  if (state::settings.every_call || (expired && timeout_ns >= kPatience)) {
    return kTracked;
  }
  return kConnecting | (expired ? unsigned{kAwaiting} : 0U);
}

// Which descriptors of a wait are worth telling.
class Choice {
 public:
  Choice(std::int64_t timeout_ns, Outcome outcome)
      : wanted_(wanted_bits(timeout_ns, expired(timeout_ns, outcome))),
        // Of a crowd of connecting descriptors only the ready ones are told, or every wait of a
        // scanner would be a list of all its targets.
        only_ready_((timeout_ns == 0 && !state::settings.every_call) ||
                    (outcome.result > 0 && static_cast<std::uint32_t>(pending()) > kCrowd)) {}

  bool wants(int fd) const { return (fd_table::bits(fd) & wanted_) != 0; }
  bool takes(unsigned revents) const { return revents != 0 || !only_ready_; }

  // The next descriptor at or after `at` that may be taken. All that most of a large set costs:
  // what the look into the table needs is read once, as a number that becomes interesting meanwhile
  // was not waited for.
  const pollfd* skip(const pollfd* at, const pollfd* end) const {
    Process& process = process::current();
    const std::atomic<std::uint8_t>* bits = process.bits();
    const auto known = static_cast<std::uint32_t>(fd_table::end());
    for (; at != end; ++at) {
      const auto fd = static_cast<std::uint32_t>(at->fd);
      if (fd < known && (bits[fd].load(std::memory_order_relaxed) & wanted_) != 0) {
        break;
      }
    }
    return at;
  }

 private:
  unsigned wanted_;
  bool only_ready_;
};

// Only for accepted() outcomes: the kernel has read and written the array, and it may be looked at.
[[gnu::always_inline]] inline void polled(const Wait& wait, const pollfd* fds, std::size_t count,
                                          std::int64_t timeout_ns, Outcome outcome) {
  if ((wait.start_ns == 0 && !expired(timeout_ns, outcome)) || (pending() == 0 && !any_clients())) {
    return;
  }
  const Choice choice(timeout_ns, outcome);
  wire::WaitEntry entries[wire::kEntriesPerEvent];
  std::size_t used = 0;
  // To the kernel nfds is an unsigned int.
  const pollfd* const end = fds + static_cast<unsigned>(count);
  for (const pollfd* at = choice.skip(fds, end); at != end; at = choice.skip(at + 1, end)) {
    if (!choice.takes(static_cast<unsigned>(at->revents))) {
      continue;
    }
    if (used == wire::kEntriesPerEvent) {
      publish_long(wait, timeout_ns, outcome, entries, used, true);
      used = 0;
    }
    entries[used++] = {at->fd, static_cast<std::uint16_t>(at->events),
                       static_cast<std::uint16_t>(at->revents)};
  }
  if (used != 0) {
    publish(wait, timeout_ns, outcome, entries, used);
  }
}

}  // namespace sockwatch::shim::waits
