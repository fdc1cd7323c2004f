#include "viewer/render/timeline.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "viewer/model/destination.h"
#include "viewer/model/failure.h"
#include "viewer/render/clean_text.h"
#include "viewer/render/format.h"

namespace sockwatch::render {
namespace {

using store::Ns;

// Lookups that ended long before the attempt belong to another moment of the program.
constexpr Ns kStillTheSame = 1'000'000'000;

struct Ink {
  std::string_view lookup, connect, ready, wait, reply, beyond;
};

Ink ink(const TextStyle& style) {
  // None of the marks of mark_of() among them.
  if (style.ascii) return {"d", "-", "^", ".", "=", "+"};
  return {"d", "─", "▐", "░", "▒", "→"};
}

std::string_view drawn(Phase phase, const Ink& ink) {
  switch (phase) {
    case Phase::lookup:
      return ink.lookup;
    case Phase::connect:
      return ink.connect;
    case Phase::ready:
      return ink.ready;
    case Phase::wait:
      return ink.wait;
    case Phase::reply:
      break;
  }
  return ink.reply;
}

char mark_of(const store::ConnectionRow& row) {
  if (row.outcome == "superseded") return '>';
  if (row.outcome == "connected") {
    const model::Course course = model::course_of(row);
    if (course.ending == model::Ending::reset) return 'R';
    if (!row.ending || !model::failure_of(row)) return '|';
    // With an errno it was the kernel that gave up; without a time-out it was the other side.
    return course.ending == model::Ending::response_timed_out && !row.error ? 'x' : '!';
  }
  if (row.outcome == "timed_out_caller" || row.outcome == "cancelled") return 'x';
  return row.outcome == "pending" || row.outcome == "abandoned" ? '?' : '!';
}

Ns since(Ns zero, Ns moment) {
  Ns difference = 0;
  if (__builtin_sub_overflow(moment, zero, &difference) || difference < 0) return 0;
  return difference;
}

std::size_t cell(Ns at, Ns scale, std::size_t width) {
  const double share = static_cast<double>(at) / static_cast<double>(std::max<Ns>(scale, 1));
  // What lies beyond the scale is drawn at its end; a forged row may lie anywhere.
  return static_cast<std::size_t>(std::clamp(share, 0.0, 1.0) * static_cast<double>(width));
}

}  // namespace

bool syn_waited(const store::ConnectionRow& row) {
  const std::int64_t sent = row.segs_out.value_or(0);
  return row.protocol == "tcp" && row.outcome != "connected" && row.segs_in.value_or(1) == 0 &&
         sent > 0 && sent <= row.syn_retransmits.value_or(0);
}

Timeline timeline(const store::ConnectionRow& row,
                  const std::optional<store::ResolutionRow>& lookup,
                  const diagnose::Settings& settings) {
  Timeline line;
  Ns zero = row.started_ns;
  if (lookup && lookup->duration_ns >= 0 && lookup->started_ns <= row.started_ns &&
      since(lookup->started_ns, row.started_ns) - std::max<Ns>(lookup->duration_ns, 0) <
          kStillTheSame) {
    zero = lookup->started_ns;
    line.start = since(zero, row.started_ns);
    line.spans.push_back({Phase::lookup, 0, std::min(lookup->duration_ns, line.start)});
  }
  line.mark = mark_of(row);
  if (row.closed_ns) line.end = since(zero, *row.closed_ns);
  const bool connected = row.outcome == "connected";
  const store::OptInt decided = row.decided_ns ? row.decided_ns : row.closed_ns;
  const Ns up = decided ? std::max(since(zero, *decided), line.start) : line.start;
  line.spans.push_back({Phase::connect, line.start, up});
  line.told = up;
  const Ns elapsed = up - line.start;
  for (int i = 1; row.syn_retransmits && !syn_waited(row) &&
                  i <= std::min<std::int64_t>(*row.syn_retransmits, 127);
       ++i) {
    const Ns at = settings.syn_resend(i);
    if (at >= elapsed) break;
    line.resends.push_back(line.start + at);
  }
  if (!connected) {
    if (!line.end || line.mark != 'x') line.end = up;
    line.told = std::max(line.told, *line.end);
    return line;
  }
  const Ns last = std::max(line.end.value_or(up), up);
  const Ns asked = row.first_send_ns ? std::max(since(zero, *row.first_send_ns), up) : last;
  line.spans.push_back({Phase::ready, up, asked});
  Ns replied = last;
  if (row.first_receive_ns) replied = std::max(since(zero, *row.first_receive_ns), asked);
  if (row.first_send_ns) line.spans.push_back({Phase::wait, asked, replied});
  if (row.first_receive_ns) {
    line.spans.push_back({Phase::reply, replied, std::max(last, replied)});
    line.told = replied;
  } else if (row.first_send_ns) {
    line.told = replied;
  }
  if (line.mark != '|' && line.end) line.told = std::max(line.told, *line.end);
  return line;
}

std::string bar(const Timeline& timeline, Ns scale, std::size_t width, const TextStyle& style) {
  const Ink ink = render::ink(style);
  std::vector<std::string_view> cells(width, " ");
  const auto at = [&](Ns moment) { return std::min(cell(moment, scale, width), width - 1); };
  std::size_t used = 0;
  for (const Span& span : timeline.spans) {
    // Every phase that took time has a cell of its own, so that none disappears.
    const std::size_t first = std::max(at(span.from), used);
    if (first >= width) break;
    if (span.phase == Phase::ready) {
      cells[first] = ink.ready;
      used = first + 1;
      for (std::size_t i = used; i < at(span.to); ++i) cells[i] = style.ascii ? " " : "·";
      used = std::max(used, at(span.to));
      continue;
    }
    if (span.to <= span.from && span.phase != Phase::connect) continue;
    const std::size_t last = std::max(first + 1, at(span.to) + (span.to > scale ? 1 : 0));
    for (std::size_t i = first; i < std::min(last, width); ++i) cells[i] = drawn(span.phase, ink);
    used = last;
  }
  for (const Ns resend : timeline.resends) {
    if (resend <= scale) cells[at(resend)] = "s";
  }
  const std::string mark(1, timeline.mark);
  if (timeline.end && *timeline.end > scale) {
    cells[width - 1] = ink.beyond;
  } else if (timeline.end) {
    cells[std::min(std::max(at(*timeline.end), used), width - 1)] = mark;
  }
  std::string out;
  for (const std::string_view one : cells) out += one;
  return out;
}

std::string ruler(Ns scale, std::size_t width) {
  // Steps of 1, 2 or 5, not nearer than 9 columns.
  const double wanted = static_cast<double>(scale) * 9.0 / static_cast<double>(width);
  const double power = std::pow(10.0, std::floor(std::log10(std::max(wanted, 1.0))));
  double step = power;
  for (const double factor : {1.0, 2.0, 5.0, 10.0}) {
    step = power * factor;
    if (step >= wanted) break;
  }
  std::string out(width, ' ');
  for (double moment = 0; moment < static_cast<double>(scale); moment += step) {
    const std::string text = moment == 0 ? "0" : duration(static_cast<Ns>(moment));
    const std::size_t place = cell(static_cast<Ns>(moment), scale, width);
    if (place + text.size() > width) break;
    out.replace(place, text.size(), text);
  }
  return out;
}

std::string bar_legend(const TextStyle& style) {
  const Ink ink = render::ink(style);
  std::string out = "d lookup, ";
  out += std::string(ink.connect) + " connecting, s SYN resent, ";
  out += std::string(ink.ready) + " connected, ";
  out += std::string(ink.wait) + " waiting for the first byte, ";
  out += std::string(ink.reply) + " since then, ";
  out += "x given up by the program, ! failed, R reset, > another address was faster, | closed, ";
  out += "? not seen, " + std::string(ink.beyond) + " goes on";
  return out;
}

}  // namespace sockwatch::render
