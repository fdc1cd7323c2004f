#include "shim/waits.h"

#include <cerrno>

#include "shim/caller_memory.h"
#include "shim/clock.h"
#include "shim/fd_table.h"
#include "shim/state.h"

namespace sockwatch::shim::waits {
namespace {

constexpr std::uint32_t kCrowd = Selected::kMost;

bool expired(std::int64_t timeout_ns, Outcome outcome) {
  return outcome.result == 0 && timeout_ns != 0;
}

void publish(const Wait& wait, std::int64_t timeout_ns, Outcome outcome,
             const wire::WaitEntry* entries, std::size_t count, bool more) {
  Record record(wait.op, wait.fd);
  if (!record) {
    return;
  }
  record.outcome(outcome, wait.start_ns);
  if (more) {
    record.event().flags |= wire::kMoreEntries;
  }
  record.event().payload.wait.timeout_ns = timeout_ns;
  record.event().payload.wait.watched = wait.watched;
  record.part(wire::Part::entries, entries, count * sizeof(wire::WaitEntry));
  record.publish();
}

// Bits of descriptors that matter to a wait that has expired, or not.
unsigned wanted_bits(std::int64_t timeout_ns, bool expired) {
  if (state::settings.every_call) {
    return kTracked;
  }
  if (expired && timeout_ns >= kPatience) {
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

  bool takes(int fd, unsigned revents) const {
    return (fd_table::bits(fd) & wanted_) != 0 && (revents != 0 || !only_ready_);
  }

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

}  // namespace

bool accepted(Outcome outcome) { return outcome.result >= 0 || outcome.error == EINTR; }

Wait begin(wire::Op op, int fd, std::uint32_t watched) {
  const bool timed = any_connecting(pending()) || state::settings.every_call;
  return {op, fd, watched, timed ? clock::now_ns() : 0};
}

void polled(const Wait& wait, const pollfd* fds, std::size_t count, std::int64_t timeout_ns,
            Outcome outcome) {
  if (!accepted(outcome) || (wait.start_ns == 0 && !expired(timeout_ns, outcome)) ||
      (pending() == 0 && !any_clients())) {
    return;
  }
  const Choice choice(timeout_ns, outcome);
  wire::WaitEntry entries[wire::kEntriesPerEvent];
  std::size_t used = 0;
  const pollfd* const end = fds + count;
  for (const pollfd* at = choice.skip(fds, end); at != end; at = choice.skip(at + 1, end)) {
    if (!choice.takes(at->fd, static_cast<unsigned>(at->revents))) {
      continue;
    }
    if (used == wire::kEntriesPerEvent) {
      publish(wait, timeout_ns, outcome, entries, used, true);
      used = 0;
    }
    entries[used++] = {at->fd, static_cast<std::uint16_t>(at->events),
                       static_cast<std::uint16_t>(at->revents)};
  }
  if (used != 0) {
    publish(wait, timeout_ns, outcome, entries, used, false);
  }
}

void epolled(const Wait& wait, std::int64_t timeout_ns, Outcome outcome) {
  if (!accepted(outcome)) {
    return;
  }
  const bool told = expired(timeout_ns, outcome)
                        ? pending() != 0 || (any_clients() && timeout_ns >= kPatience)
                        : wait.start_ns != 0 &&
                              (outcome.result > 0 || timeout_ns != 0 || state::settings.every_call);
  if (told) {
    publish(wait, timeout_ns, outcome, nullptr, 0, false);
  }
}

namespace {

constexpr int kWordBits = 64;

std::uint64_t word_of(const fd_set* set, std::size_t word) {
  return set == nullptr ? 0 : reinterpret_cast<const std::uint64_t*>(set)[word];
}

bool has(const fd_set* set, int fd) {
  return (word_of(set, static_cast<std::size_t>(fd / kWordBits)) >> (fd % kWordBits) & 1U) != 0;
}

std::uint16_t poll_bits(int fd, const fd_set* read, const fd_set* write, const fd_set* except) {
  return static_cast<std::uint16_t>((has(read, fd) ? POLLIN : 0) | (has(write, fd) ? POLLOUT : 0) |
                                    (has(except, fd) ? POLLPRI : 0));
}

}  // namespace

void save_selected(Selected& selected, int count, const fd_set* read, const fd_set* write,
                   const fd_set* except) {
  const int end = count < fd_table::end() ? count : fd_table::end();
  if (end <= 0) {
    return;
  }
  const auto words = static_cast<std::size_t>((end + kWordBits - 1) / kWordBits);
  for (const fd_set* set : {read, write, except}) {
    if (set != nullptr && !readable(set, words * sizeof(std::uint64_t))) {
      return;
    }
  }
  for (std::size_t word = 0; word < words; ++word) {
    std::uint64_t any = word_of(read, word) | word_of(write, word) | word_of(except, word);
    for (; any != 0; any &= any - 1) {
      const int fd = static_cast<int>(word) * kWordBits + __builtin_ctzll(any);
      if (fd >= end || selected.count == Selected::kMost) {
        return;
      }
      if ((fd_table::bits(fd) & kTracked) != 0) {
        selected.entries[selected.count++] = {fd, poll_bits(fd, read, write, except), 0};
      }
    }
  }
}

void selected(const Wait& wait, Selected& selected, const fd_set* read, const fd_set* write,
              const fd_set* except, std::int64_t timeout_ns, Outcome outcome) {
  if (outcome.result > 0) {
    process::current().fresh.store(0, std::memory_order_relaxed);
  }
  if (!accepted(outcome) || (wait.start_ns == 0 && !expired(timeout_ns, outcome))) {
    return;
  }
  const Choice choice(timeout_ns, outcome);
  std::size_t used = 0;
  for (std::size_t i = 0; i < selected.count; ++i) {
    wire::WaitEntry entry = selected.entries[i];
    if (outcome.result > 0) {
      entry.revents = poll_bits(entry.fd, read, write, except);
    }
    if (choice.takes(entry.fd, entry.revents)) {
      selected.entries[used++] = entry;
    }
  }
  for (std::size_t at = 0; at < used; at += wire::kEntriesPerEvent) {
    const std::size_t rest = used - at;
    const bool more = rest > wire::kEntriesPerEvent;
    publish(wait, timeout_ns, outcome, selected.entries + at, more ? wire::kEntriesPerEvent : rest,
            more);
  }
}

}  // namespace sockwatch::shim::waits
