#include "viewer/render/evidence_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "viewer/model/destination.h"
#include "viewer/render/clean_text.h"
#include "viewer/render/format.h"

namespace sockwatch::render {
namespace {

using model::Ending;
using model::Evidence;
using model::FailureKey;
using model::Outcome;

// A result the program learned this much later than the kernel had it is worth a word.
constexpr std::int64_t kLateNoticeNs = 100'000'000;

bool speaks_for_all(const Evidence& evidence, std::uint64_t with) {
  return with > 0 && with == evidence.count;
}

bool speaks_for_all(const Evidence& evidence, const model::Range& range) {
  return speaks_for_all(evidence, range.known);
}

std::string joined(const std::vector<std::string>& parts) {
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string in_parentheses(const std::vector<std::string>& parts) {
  return parts.empty() ? "" : fmt::format(" ({})", joined(parts));
}

std::string bytes(const model::Range& range, const TextStyle& style) {
  const std::string low = render::bytes(range.smallest);
  const std::string high = render::bytes(range.largest);
  return low == high ? low : fmt::format("{}{}{}", low, glyphs(style).range, high);
}

std::string sources(const Evidence& evidence, const TextStyle& style) {
  std::vector<std::string> names;
  for (const auto& source : evidence.budget_sources) names.push_back(clean(source, style.ascii));
  return joined(names);
}

bool only_source(const Evidence& evidence, std::string_view source) {
  return evidence.budget_sources.size() == 1 && *evidence.budget_sources.begin() == source;
}

std::string after_elapsed(const Evidence& evidence, const TextStyle& style) {
  if (!speaks_for_all(evidence, evidence.elapsed_ns)) return "";
  return " after " + duration(evidence.elapsed_ns, style);
}

// "2 SYNs in 3.00s", "nothing came back"
std::vector<std::string> packets(const Evidence& evidence, const TextStyle& style) {
  std::vector<std::string> parts;
  const bool timed = speaks_for_all(evidence, evidence.elapsed_ns);
  if (speaks_for_all(evidence, evidence.syns)) {
    std::string text = counted(evidence.syns, "SYN", style);
    if (timed) text += " in " + duration(evidence.elapsed_ns, style);
    parts.push_back(std::move(text));
  }
  if (speaks_for_all(evidence, evidence.silent)) {
    parts.emplace_back("nothing came back");
  } else if (evidence.silent > 0) {
    parts.push_back("nothing came back in " + share(evidence.silent, evidence.count));
  } else if (speaks_for_all(evidence, evidence.answered)) {
    parts.emplace_back("packets came back");
  }
  return parts;
}

// The wait that gave up is all the program allowed, or only the last slice of it: programs that
// poll in slices show a last budget much shorter than the time they took.
bool budget_is_whole(const Evidence& evidence) {
  const auto near = [](std::int64_t a, std::int64_t b) {
    const auto [less, more] = std::minmax(a, b);
    return more >= 0 && less >= more - more / 10;
  };
  return near(evidence.budget_ns.smallest, evidence.elapsed_ns.smallest) &&
         near(evidence.budget_ns.largest, evidence.elapsed_ns.largest);
}

std::string kernel_gave_up(const Evidence& evidence, const TextStyle& style) {
  if (only_source(evidence, "TCP_USER_TIMEOUT") && evidence.budget_ns.known > 0) {
    return fmt::format("the kernel gave up at the program's TCP_USER_TIMEOUT of {}",
                       duration(evidence.budget_ns, style));
  }
  return "the kernel gave up" + after_elapsed(evidence, style) + " (ETIMEDOUT)";
}

std::string caller_gave_up(const Evidence& evidence, const TextStyle& style) {
  if (only_source(evidence, "signal")) {
    return "a signal made the program give up" + after_elapsed(evidence, style);
  }
  const bool has_budget = speaks_for_all(evidence, evidence.budget_ns) &&
                          !evidence.budget_sources.empty() && !only_source(evidence, "kernel");
  if (!has_budget) return "the program gave up" + after_elapsed(evidence, style);
  const std::string budget = duration(evidence.budget_ns, style);
  const bool timed = speaks_for_all(evidence, evidence.elapsed_ns);
  if (!timed || budget_is_whole(evidence)) {
    return fmt::format("the program gave up after its own {} ({})", budget,
                       sources(evidence, style));
  }
  return fmt::format("the program gave up after {} (its last wait: {}, {})",
                     duration(evidence.elapsed_ns, style), sources(evidence, style), budget);
}

std::string unanswered(const FailureKey& key, const Evidence& evidence, const TextStyle& style) {
  const std::string end = key.outcome == Outcome::timed_out_kernel
                              ? kernel_gave_up(evidence, style)
                              : caller_gave_up(evidence, style);
  if (speaks_for_all(evidence, evidence.established)) {
    return "was connected, but the program had not taken notice; " + end;
  }
  const bool silent = speaks_for_all(evidence, evidence.silent);
  return fmt::format("{}{}; {}", silent ? "never answered" : "did not connect in time",
                     in_parentheses(packets(evidence, style)), end);
}

std::string errno_in_parentheses(const store::OptInt& error) {
  return error ? fmt::format(" ({})", errno_name(*error)) : "";
}

// The answer was there and nobody looked.
std::string noticed_late(const Evidence& evidence, const TextStyle& style) {
  const bool late =
      speaks_for_all(evidence, evidence.notice_ns) && evidence.notice_ns.largest >= kLateNoticeNs;
  if (!late) return "";
  return fmt::format("; the program noticed {} later", duration(evidence.notice_ns, style));
}

std::string refused(const FailureKey& key, const Evidence& evidence, const TextStyle& style) {
  std::string text =
      "answered 'no'" + errno_in_parentheses(key.error) + after_elapsed(evidence, style);
  if (evidence.syns.known > 0 && evidence.syns.largest > 1) {
    text += ", " + counted(evidence.syns, "SYN", style);
  }
  return text + noticed_late(evidence, style);
}

std::string local_failure(const FailureKey& key, std::string_view what) {
  return fmt::format("{}{}", what, key.error ? ": " + errno_words(*key.error) : "");
}

// "; the program's wait of 3.00s (poll) had run out": seen, but not acted upon.
std::string waited_before(const Evidence& evidence, const TextStyle& style) {
  const bool known = speaks_for_all(evidence, evidence.budget_ns) &&
                     !evidence.budget_sources.empty() && !only_source(evidence, "kernel");
  if (!known || evidence.expired_waits == 0) return "";
  return fmt::format("; the program's wait of {} ({}) had run out",
                     duration(evidence.budget_ns, style), sources(evidence, style));
}

std::string connect_failure(const FailureKey& key, const Evidence& evidence, bool unix_socket,
                            const TextStyle& style) {
  switch (key.outcome) {
    case Outcome::refused:
      if (unix_socket)
        return "was refused: nothing listens there" + errno_in_parentheses(key.error);
      return refused(key, evidence, style);
    case Outcome::rejected:
      return local_failure(key, "cannot be reached") + after_elapsed(evidence, style) +
             "; a router said so, or the next hop did not answer" + noticed_late(evidence, style);
    case Outcome::unreachable:
      return local_failure(key, "cannot be reached from this host") + "; no packet was sent";
    case Outcome::timed_out_kernel:
    case Outcome::timed_out_caller:
      return unanswered(key, evidence, style);
    case Outcome::reset:
      return "did not connect: reset during the handshake" + errno_in_parentheses(key.error) +
             after_elapsed(evidence, style);
    case Outcome::local_error:
      if (unix_socket && key.error && *key.error == EAGAIN) {
        return "did not take the connection: the queue of its listener is full (EAGAIN)";
      }
      return local_failure(key, "was not reached, because of an error on this host");
    case Outcome::abandoned:
      // It may have been, where nobody looked.
      return fmt::format("was not {} when the process ended",
                         speaks_for_all(evidence, evidence.silent) ? "connected yet"
                                                                   : "known to be connected") +
             in_parentheses(packets(evidence, style)) + waited_before(evidence, style);
    default:
      return local_failure(key, "failed") + after_elapsed(evidence, style);
  }
}

std::string connected_part(const Evidence& evidence, const TextStyle& style) {
  std::vector<std::string> parts;
  if (speaks_for_all(evidence, evidence.handshake_ns)) {
    parts.push_back("handshake " + duration(evidence.handshake_ns, style));
  }
  if (evidence.notice_ns.known > 0 && evidence.notice_ns.largest >= kLateNoticeNs) {
    parts.push_back("the program noticed " + duration(evidence.notice_ns, style) + " later");
  }
  return "connected" + in_parentheses(parts);
}

// " to 200 B (all acknowledged)"
std::string request_part(const Evidence& evidence, const TextStyle& style) {
  if (!speaks_for_all(evidence, evidence.bytes_sent) || evidence.bytes_sent.largest <= 0) return "";
  std::vector<std::string> parts;
  if (speaks_for_all(evidence, evidence.all_acked)) {
    parts.emplace_back("all acknowledged");
  } else if (evidence.bytes_acked.known > 0) {
    parts.push_back(bytes(evidence.bytes_acked, style) + " acknowledged");
  }
  if (evidence.retransmits.largest > 0) {
    parts.push_back(counted(evidence.retransmits, "resend", style));
  }
  return " to " + bytes(evidence.bytes_sent, style) + in_parentheses(parts);
}

// The option says when it may give up; it does so when it would send again, somewhat later.
std::string kernel_gave_up_sending(const Evidence& evidence, const std::string& budget) {
  if (budget.empty()) return "the kernel gave up";
  return only_source(evidence, "TCP_USER_TIMEOUT")
             ? fmt::format("the kernel gave up, as the program's TCP_USER_TIMEOUT of {} says",
                           budget)
             : "the kernel gave up after " + budget;
}

std::string later_failure(const FailureKey& key, const Evidence& evidence, const TextStyle& style) {
  const std::string up = connected_part(evidence, style);
  const bool replied_before = speaks_for_all(evidence, evidence.earlier_reply);
  const std::string_view reply = replied_before ? "no further reply" : "no reply";
  const bool stopped = evidence.reply_begun > 0 && speaks_for_all(evidence, evidence.reply_begun);
  switch (*key.ending) {
    case Ending::response_timed_out: {
      std::string end = "the program gave up";
      const bool timed =
          speaks_for_all(evidence, evidence.budget_ns) && !evidence.budget_sources.empty();
      const std::string budget = duration(evidence.budget_ns, style);
      if (only_source(evidence, "kernel") || only_source(evidence, "TCP_USER_TIMEOUT")) {
        end = kernel_gave_up_sending(evidence, timed ? budget : "");
      } else if (timed) {
        end += fmt::format(" after its own {} ({})", budget, sources(evidence, style));
      }
      if (stopped) return fmt::format("{}, then bytes came and no more of them; {}", up, end);
      if (speaks_for_all(evidence, evidence.unread)) {
        return fmt::format("{}, then bytes came that the program never read; {}", up, end);
      }
      const std::string request = replied_before ? "" : request_part(evidence, style);
      return fmt::format("{}, then {}{} came; {}", up, reply, request, end);
    }
    case Ending::no_response:
      return fmt::format("{}, then closed with {}{}", up, reply,
                         replied_before ? "" : request_part(evidence, style));
    default:
      return fmt::format("{}, then the connection was reset{}{}", up,
                         errno_in_parentheses(key.error), after_elapsed(evidence, style));
  }
}

std::string traffic(const store::ConnectionRow& row) {
  std::vector<std::string> parts;
  if (const auto handshake = model::handshake_ns(row)) {
    parts.push_back("handshake " + duration(*handshake));
  }
  const auto notice = model::time_between(row.decided_ns, row.noticed_ns);
  if (notice && *notice >= kLateNoticeNs) {
    parts.push_back("the program noticed " + duration(*notice) + " later");
  }
  if (row.bytes_sent) parts.push_back(render::bytes(*row.bytes_sent) + " out");
  if (row.bytes_received) parts.push_back(render::bytes(*row.bytes_received) + " in");
  if (row.retransmits.value_or(0) > 0) {
    parts.push_back(counted(static_cast<std::uint64_t>(*row.retransmits), "resend"));
  }
  if (row.turns > 1) {
    parts.push_back(fmt::format("{} replies, slowest {}", row.turns, duration(row.turn_max_ns)));
  }
  return joined(parts);
}

}  // namespace

std::string failure_sentence(const FailureKey& key, const Evidence& evidence, bool unix_socket,
                             const TextStyle& style) {
  return key.ending ? later_failure(key, evidence, style)
                    : connect_failure(key, evidence, unix_socket, style);
}

std::string attempt_sentence(const store::ConnectionRow& row, const TextStyle& style) {
  if (const auto key = model::failure_of(row)) {
    Evidence evidence;
    evidence.add(row);
    return failure_sentence(*key, evidence, row.protocol == "unix", style);
  }
  const auto outcome = model::parse_outcome(row.outcome);
  if (outcome == Outcome::connected) return traffic(row);
  Evidence evidence;
  evidence.add(row);
  const std::string seen = in_parentheses(packets(evidence, style));
  if (outcome == Outcome::superseded) return "another address of the name connected first" + seen;
  if (outcome == Outcome::cancelled)
    return "closed by the program before there was a result" + seen;
  if (outcome == Outcome::pending)
    return "no result was seen: the recording ended first, or records of it are lost" + seen;
  return "";
}

}  // namespace sockwatch::render
