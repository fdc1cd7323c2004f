#include "viewer/render/text_rows.h"

#include <fmt/format.h>

#include <algorithm>

#include "viewer/model/destination.h"
#include "viewer/render/clean_text.h"
#include "viewer/render/evidence_text.h"
#include "viewer/render/format.h"
#include "viewer/render/labels.h"
#include "viewer/render/table.h"

namespace sockwatch::render {
namespace {

constexpr std::string_view kNothing = "-";

// A column must stay one word.
std::string one_word(std::string text) {
  std::replace(text.begin(), text.end(), ' ', '_');
  return text;
}

std::string time_or_nothing(const store::OptInt& ns) {
  return ns ? duration(*ns) : std::string(kNothing);
}

std::string where(const store::ConnectionRow& row, const TextStyle& style) {
  std::string address = place(row.peer_address, row.peer_port, row.protocol, style);
  if (!row.peer_name) return address;
  return fmt::format("{},{}", clean(*row.peer_name, style.ascii), address);
}

std::string line(const std::vector<std::string>& cells) {
  // TIME ID PROCESS DESTINATION OUTCOME on the left, numbers on the right, the rest as it comes.
  return fmt::format("{}  {}  {}  {}  {}  {}  {}  {}  {}  {}", pad_right(cells[0], 12),
                     pad_left(cells[1], 6), pad_right(cells[2], 16), pad_right(cells[3], 32),
                     pad_right(cells[4], 28), pad_left(cells[5], 7), pad_left(cells[6], 4),
                     pad_left(cells[7], 10), pad_left(cells[8], 7), cells[9]);
}

}  // namespace

TextRows::TextRows(const std::vector<store::ProcessRow>& processes, WallClock clock,
                   TextStyle style)
    : clock_(clock), style_(std::move(style)) {
  for (const auto& process : processes) {
    const bool named = process.exe || process.command_line;
    processes_[process.id] =
        one_word(fmt::format("{}/{}", named ? program(process, style_) : "?", process.pid));
  }
}

void TextRows::append_heading(std::string& out) const {
  out += toned(line({"TIME", "ID", "PROCESS", "DESTINATION", "OUTCOME", "CONNECT", "SYN+",
                     "FIRST-BYTE", "TOTAL", "EVIDENCE"}),
               Tone::heading, style_);
  out += '\n';
}

std::string TextRows::who_and_where(const store::ConnectionRow& row) const {
  const auto process = processes_.find(row.process_id);
  return fmt::format("{}  {}", process == processes_.end() ? "?" : process->second,
                     one_word(where(row, style_)));
}

void TextRows::append(std::string& out, const store::ConnectionRow& row) const {
  const auto process = processes_.find(row.process_id);
  const std::string outcome = how_it_went(row, style_);
  const bool failed = model::failure_of(row).has_value();
  std::string text =
      line({clock_.time_ms(row.started_ns), fmt::format("{}", row.id),
            process == processes_.end() ? "?" : process->second, one_word(where(row, style_)),
            one_word(outcome), time_or_nothing(model::time_between(row.started_ns, row.decided_ns)),
            row.syn_retransmits ? fmt::format("{}", *row.syn_retransmits) : std::string(kNothing),
            time_or_nothing(model::first_byte_ns(row)),
            time_or_nothing(model::time_between(row.started_ns, row.closed_ns)),
            attempt_sentence(row, style_)});
  text.erase(text.find_last_not_of(' ') + 1);
  out += toned(text, failed ? Tone::bad : Tone::plain, style_);
  out += '\n';
}

}  // namespace sockwatch::render
