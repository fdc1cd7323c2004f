#include "viewer/render/waterfall.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "viewer/model/destination.h"
#include "viewer/model/failure.h"
#include "viewer/render/clean_text.h"
#include "viewer/render/format.h"
#include "viewer/render/labels.h"
#include "viewer/render/table.h"
#include "viewer/render/timeline.h"
#include "viewer/render/wall_clock.h"
#include "viewer/render/word_wrap.h"

namespace sockwatch::render {
namespace {

// Failures by how long they took; the others by connect and first byte. Equal ones by age.
std::tuple<bool, std::int64_t, std::int64_t> badness(const store::ConnectionRow& row) {
  const bool failed = model::failure_of(row).has_value();
  const auto or_zero = [](const store::OptInt& value) { return value.value_or(0); };
  const bool connected = row.outcome == "connected";
  const std::int64_t connect = or_zero(connected ? model::connect_ns(row) : model::attempt_ns(row));
  const std::int64_t reply = failed && row.closed_ns
                                 ? or_zero(model::time_between(row.started_ns, row.closed_ns))
                                 : or_zero(model::first_byte_ns(row));
  return {failed, std::max(connect, reply), ~row.id};  // what -id is, for every id
}

bool worse(const store::ConnectionRow& a, const store::ConnectionRow& b) {
  return badness(a) > badness(b);
}

// Long names lose their middle: the end tells the domain and the port.
std::string fitted(const std::string& text, std::size_t width, const TextStyle& style) {
  if (columns(text) <= width) return pad_right(text, width);
  const std::string_view more = style.ascii ? "~" : "…";
  std::string head = text;
  std::string tail = text;
  const std::size_t each = (width - 1) / 2;
  while (columns(head) > each) {
    do head.pop_back();
    while (!head.empty() && (static_cast<unsigned char>(head.back()) & 0xC0U) == 0x80U);
    if (!head.empty() && static_cast<unsigned char>(head.back()) >= 0xC0U) head.pop_back();
  }
  while (columns(tail) > width - 1 - columns(head)) {
    do tail.erase(0, 1);
    while (!tail.empty() && (static_cast<unsigned char>(tail.front()) & 0xC0U) == 0x80U);
  }
  return pad_right(head + std::string(more) + tail, width);
}

std::string result_words(const store::ConnectionRow& row, const TextStyle& style) {
  const model::Course course = model::course_of(row);
  if (course.ending && model::is_failure(*course.ending)) {
    return std::string(model::word(*course.ending));
  }
  if (course.outcome) return std::string(model::word(*course.outcome));
  return clean(row.outcome, style.ascii);
}

}  // namespace

void WorstRows::add(const store::ConnectionRow& row) {
  ++seen_;
  if (heap_.size() == most_) {
    if (most_ == 0 || !worse(row, heap_.front())) return;
    std::pop_heap(heap_.begin(), heap_.end(), worse);
    heap_.pop_back();
  }
  heap_.push_back(row);
  std::push_heap(heap_.begin(), heap_.end(), worse);
}

std::vector<store::ConnectionRow> WorstRows::take() {
  std::sort(heap_.begin(), heap_.end(), worse);
  return std::move(heap_);
}

std::string waterfall(const std::vector<store::ConnectionRow>& rows, const WaterfallFacts& facts,
                      const TextStyle& style) {
  if (rows.empty()) return "no attempt to connect\n";
  const auto settings = diagnose::Settings::of(facts.trace);
  const WallClock clock(facts.trace);
  // A narrow terminal is for the bars.
  const bool several = facts.processes.size() > 1 && style.width >= 100;
  std::map<std::int64_t, std::string> programs;
  for (const auto& process : facts.processes) {
    programs[process.id] = fmt::format("{}/{}", program(process, style), process.pid);
  }

  struct Line {
    std::string when, who, where, how;
    Timeline timeline;
    bool failed = false;
  };
  std::vector<Line> lines;
  std::size_t widest_who = 0;
  std::size_t widest_where = 0;
  std::size_t widest_how = 0;
  store::Ns scale = 1;
  for (const auto& row : rows) {
    const auto lookup =
        row.resolution_id ? facts.lookups.find(*row.resolution_id) : facts.lookups.end();
    Line line;
    line.timeline =
        timeline(row, lookup == facts.lookups.end() ? std::nullopt : std::optional(lookup->second),
                 settings);
    line.when = clock.time_ms(row.started_ns);
    line.who = several ? programs[row.process_id] : "";
    line.where = row.peer_name
                     ? fmt::format("{} {}", clean(*row.peer_name, style.ascii),
                                   place(row.peer_address, row.peer_port, row.protocol, style))
                     : place(row.peer_address, row.peer_port, row.protocol, style);
    line.how =
        fmt::format("{} {}", pad_left(duration(line.timeline.told), 6), result_words(row, style));
    line.failed = model::failure_of(row).has_value();
    scale = std::max(scale, line.timeline.told);
    widest_who = std::max(widest_who, columns(line.who));
    widest_where = std::max(widest_where, columns(line.where));
    widest_how = std::max(widest_how, columns(line.how));
    lines.push_back(std::move(line));
  }
  scale += scale / 50;  // room for the mark at the end of the longest

  const auto width = static_cast<std::size_t>(style.width);
  const std::size_t who = std::min<std::size_t>(widest_who, 12);
  const std::size_t when = columns(lines.front().when);
  const std::size_t least_bar = 24;
  const std::size_t fixed = 2 + when + 1 + (who > 0 ? who + 1 : 0) + 1 + 1 + widest_how;
  const std::size_t room = width > fixed + least_bar ? width - fixed - least_bar : 12;
  const std::size_t where =
      std::clamp<std::size_t>(widest_where, 12, std::max<std::size_t>(room, 12));
  const std::size_t bars =
      width > fixed + where ? std::max(width - fixed - where, least_bar / 2) : least_bar / 2;

  std::string heading = "  " + pad_right("START", when) + " ";
  if (who > 0) heading += pad_right("PROCESS", who) + " ";
  heading += pad_right("DESTINATION", where) + " " + ruler(scale, bars);
  std::string out = toned(heading, Tone::heading, style) + "\n";
  for (const Line& line : lines) {
    std::string left = line.failed ? "! " : "  ";
    left += line.when + " ";
    if (who > 0) left += fitted(line.who, who, style) + " ";
    left += fitted(line.where, where, style);
    out += toned(left, line.failed ? Tone::bad : Tone::plain, style) + " " +
           bar(line.timeline, scale, bars, style) + " " + line.how + "\n";
  }
  if (facts.seen > rows.size()) {
    const std::string rest =
        fmt::format("  the worst {} of {} attempts; {} are not shown: sockwatch connections {}",
                    number(rows.size()), number(facts.seen), number(facts.seen - rows.size()),
                    shell_word(style.file, style));
    out += wrapped(rest, width, 4);
  }
  return out + toned(wrapped("  " + bar_legend(style), width, 2), Tone::faint, style);
}

}  // namespace sockwatch::render
