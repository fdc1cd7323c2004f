#include "shim/waits.h"

#include "shim/caller_memory.h"
#include "shim/told_waits.h"

namespace sockwatch::shim::waits {

void publish_long(const Wait& wait, std::int64_t timeout_ns, Outcome outcome,
                  const wire::WaitEntry* entries, std::size_t count, bool more) {
  Record record(wait.head.op, wait.head.fd);
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

void epolled(const Wait& wait, std::int64_t timeout_ns, Outcome outcome) {
  const bool told = expired(timeout_ns, outcome)
                        ? pending() != 0 || (any_clients() && timeout_ns >= kPatience)
                        : wait.start_ns != 0 &&
                              (outcome.result > 0 || timeout_ns != 0 || state::settings.every_call);
  if (!told) {
    return;
  }
  const auto write = [&](wire::Event& event, wire::Event&, std::uint64_t t_ns) {
    fill(event, wait, timeout_ns, outcome, t_ns);
    event.continuation_slots = 0;
  };
  if (!express::publish<1>(write)) [[unlikely]] {
    publish_long(wait, timeout_ns, outcome, nullptr, 0, false);
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

void selected_others() {
  std::atomic<std::uint32_t>& fresh = process::current().fresh;
  // The block of zeros is never written.
  if (const std::uint32_t left = fresh.load(std::memory_order_relaxed); left != 0) {
    fresh.store(left - 1, std::memory_order_relaxed);
  }
}

void selected(const Wait& wait, Selected& selected, const fd_set* read, const fd_set* write,
              const fd_set* except, std::int64_t timeout_ns, Outcome outcome) {
  if (outcome.result > 0) {
    selected_others();
    for (std::size_t i = 0; i < selected.count; ++i) {
      if (poll_bits(selected.entries[i].fd, read, write, except) != 0) {
        process::current().fresh.store(0, std::memory_order_relaxed);
        break;
      }
    }
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
    if (choice.wants(entry.fd) && choice.takes(entry.revents)) {
      selected.entries[used++] = entry;
    }
  }
  for (std::size_t at = 0; at < used; at += wire::kEntriesPerEvent) {
    const std::size_t rest = used - at;
    const bool more = rest > wire::kEntriesPerEvent;
    publish_long(wait, timeout_ns, outcome, selected.entries + at,
                 more ? wire::kEntriesPerEvent : rest, more);
  }
}

}  // namespace sockwatch::shim::waits
