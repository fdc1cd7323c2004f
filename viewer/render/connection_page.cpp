#include "viewer/render/connection_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <type_traits>

#include "collector/store/schema.h"
#include "viewer/model/destination.h"
#include "viewer/model/failure.h"
#include "viewer/render/clean_text.h"
#include "viewer/render/evidence_text.h"
#include "viewer/render/format.h"
#include "viewer/render/labels.h"
#include "viewer/render/table.h"
#include "viewer/render/timeline.h"
#include "viewer/render/wall_clock.h"
#include "viewer/render/word_wrap.h"

namespace sockwatch::render {
namespace {

using store::Ns;

// The states of include/net/tcp_states.h.
std::string tcp_state(std::int64_t state) {
  constexpr std::array<std::string_view, 13> kStates = {
      "",      "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2",   "TIME_WAIT",
      "CLOSE", "CLOSE_WAIT",  "LAST_ACK", "LISTEN",   "CLOSING",   "NEW_SYN_RECV"};
  const bool known = state > 0 && state < static_cast<std::int64_t>(kStates.size());
  return known ? fmt::format("{} ({})", state, kStates[static_cast<std::size_t>(state)])
               : fmt::format("{}", state);
}

// A value with its unit, which the name of its column tells.
class Words {
 public:
  Words(const ConnectionFacts& facts, const TextStyle& style)
      : start_(facts.row.started_ns), clock_(facts.trace), style_(style) {}

  std::string operator()(std::string_view column, std::int64_t value) const {
    if (column == "errno") return errno_words(value);
    if (column.ends_with("tcp_state")) return tcp_state(value);
    if (is_moment(column)) return moment(value);
    if (column.ends_with("_ns")) return duration(value);
    if (column.ends_with("_us")) return microseconds(value);
    if (column.ends_with("_ms")) return fmt::format("{} ms", value);
    if (column.find("bytes") != std::string_view::npos || column.ends_with("mss") ||
        column.ends_with("pmtu")) {
      return fmt::format("{} B", value);
    }
    return fmt::format("{}", value);
  }
  std::string operator()(std::string_view, const std::string& value) const {
    return clean(value, style_.ascii);
  }
  std::string operator()(std::string_view, bool value) const { return value ? "yes" : "no"; }

 private:
  static bool is_moment(std::string_view column) {
    constexpr std::array kMoments = {"started_ns",    "decided_ns",       "noticed_ns",
                                     "first_send_ns", "first_receive_ns", "closed_ns"};
    return std::any_of(kMoments.begin(), kMoments.end(),
                       [&](const char* moment) { return column == moment; });
  }

  std::string moment(std::int64_t value) const {
    const auto since = model::time_between(start_, value);
    const std::string when = clock_.time_ms(value);
    return since && *since > 0 ? fmt::format("{}  (+{})", when, duration(*since)) : when;
  }

  static std::string microseconds(std::int64_t value) {
    return value > INT64_MAX / 1000 || value < 0 ? fmt::format("{} us", value)
                                                 : duration(value * 1000);
  }

  Ns start_;
  WallClock clock_;
  const TextStyle& style_;
};

std::string_view phase_word(Phase phase) {
  switch (phase) {
    case Phase::lookup:
      return "name lookup";
    case Phase::connect:
      return "connecting";
    case Phase::ready:
      return "until the first byte sent";
    case Phase::wait:
      return "waiting for the first byte";
    case Phase::reply:
      break;
  }
  return "from the first byte to the end";
}

std::string picture(const ConnectionFacts& facts, const TextStyle& style) {
  const auto settings = diagnose::Settings::of(facts.trace);
  const Timeline line = timeline(facts.row, facts.lookup, settings);
  const Ns longest = std::numeric_limits<Ns>::max() / 2;  // of a forged row
  const Ns end = std::clamp<Ns>(std::max(line.told, line.end.value_or(0)), 1, longest);
  const Ns scale = end + end / 50 + 1;
  const std::size_t width = width_of(style) - 2;
  std::string out = "\n  " + toned(ruler(scale, width), Tone::heading, style) + "\n";
  out += "  " + bar(line, scale, width, style) + "\n";
  for (const Span& span : line.spans) {
    if (span.to <= span.from) continue;
    std::string text =
        fmt::format("  {} {}", pad_left(duration(span.to - span.from), 8), phase_word(span.phase));
    if (span.phase == Phase::connect && !line.resends.empty()) {
      text += ", SYN resent at";
      for (const Ns resend : line.resends) text += " +" + duration(resend - line.start);
      text += " (computed from the kernel's settings)";
    } else if (span.phase == Phase::connect && syn_waited(facts.row)) {
      text += ", no SYN sent again: the first one still waited on this host, mostly for ARP or ND";
    }
    out += wrapped(text, width_of(style), 11);
  }
  return out + toned(wrapped("  " + bar_legend(style), width_of(style), 2), Tone::faint, style);
}

bool never_set(const store::ConnectionRow& row) {
  return model::parse_outcome(row.outcome) != model::Outcome::connected &&
         row.rtt_us.value_or(0) <= 0;
}

std::string facts_table(const ConnectionFacts& facts, const TextStyle& style) {
  const Words words(facts, style);
  std::string out = "\n" + toned("FACTS", Tone::heading, style) + "\n";
  std::string unknown;
  store::for_each_column<store::ConnectionRow>([&](const auto& column) {
    const auto& value = facts.row.*column.member;
    using Value = std::decay_t<decltype(value)>;
    std::string text;
    // Traces of earlier versions have the kernel's uptime here where no handshake had set the
    // clock.
    const std::string_view name = column.name;
    if (never_set(facts.row) && (name == "close_last_ack_ms" || name == "close_last_receive_ms")) {
      unknown += std::string(unknown.empty() ? "" : ", ") + column.name;
      return;
    }
    if constexpr (std::is_same_v<Value, std::int64_t> || std::is_same_v<Value, std::string>) {
      text = words(column.name, value);
    } else {
      if (!value) {
        unknown += std::string(unknown.empty() ? "" : ", ") + column.name;
        return;
      }
      text = words(column.name, *value);
    }
    out += fmt::format("  {} {}\n", pad_right(column.name, 22), text);
  });
  if (!unknown.empty()) out += wrapped("  not known or not so: " + unknown, width_of(style), 4);
  return out;
}

std::string waits(const ConnectionFacts& facts, const TextStyle& style) {
  if (facts.waits.empty()) return "";
  constexpr std::size_t kMost = 20;
  const WallClock clock(facts.trace);
  std::string out = "\n" + toned("WAITS", Tone::heading, style) + "\n";
  for (std::size_t i = 0; i < std::min(facts.waits.size(), kMost); ++i) {
    const store::WaitRow& wait = facts.waits[i];
    out += fmt::format(
        "  {}  {} for {}: {}\n", clock.time_ms(wait.started_ns), clean(wait.call, style.ascii),
        wait.timeout_ns ? duration(*wait.timeout_ns) : "ever",
        wait.result == 0 ? "its time ran out" : fmt::format("returned {}", wait.result));
  }
  if (facts.waits.size() > kMost) {
    out +=
        fmt::format("  {} and {} more\n", glyphs(style).more, number(facts.waits.size() - kMost));
  }
  return out;
}

}  // namespace

std::string connection_page(const ConnectionFacts& facts, const TextStyle& style) {
  const store::ConnectionRow& row = facts.row;
  const WallClock clock(facts.trace);
  std::string title = fmt::format("connection {} to ", row.id);
  if (row.peer_name) title += clean(*row.peer_name, style.ascii) + " ";
  title += place(row.peer_address, row.peer_port, row.protocol, style);
  if (facts.process) title += ", " + who(*facts.process, style);
  title += ", ";
  if (clock.anchored()) title += clock.date(row.started_ns) + " ";
  title += clock.time_ms(row.started_ns);
  const std::string lines = wrapped(title, width_of(style), 2);
  std::string out = toned(lines.substr(0, lines.size() - 1), Tone::heading, style) + "\n";
  std::string how = how_it_went(row, style);
  const std::string evidence = attempt_sentence(row, style);
  if (!evidence.empty()) how += ": " + evidence;
  out += wrapped((model::failure_of(row) ? "! " : "  ") + how, width_of(style), 2);
  return out + picture(facts, style) + waits(facts, style) + facts_table(facts, style);
}

}  // namespace sockwatch::render
