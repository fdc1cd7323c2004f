#include "viewer/render/listener_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "viewer/render/format.h"
#include "viewer/render/labels.h"
#include "viewer/render/word_wrap.h"

namespace sockwatch::render {
namespace {

constexpr std::size_t kMostShown = 10;

bool in_trouble(const store::ListenerRow& row) { return row.full > 0 || row.failures > 0; }

std::string who(const store::ListenerRow& row, const std::vector<store::ProcessRow>& processes,
                const TextStyle& style) {
  for (const auto& process : processes) {
    if (process.id == row.process_id) {
      return fmt::format("{} (pid {})", program(process, style), process.pid);
    }
  }
  return "unknown process";
}

std::uint64_t count(std::int64_t value) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(value, 0));
}

// What was seen of one, and no cause.
std::string line(const store::ListenerRow& row, const std::vector<store::ProcessRow>& processes,
                 const TextStyle& style) {
  std::string text =
      fmt::format("! {}: {}", place(row.local_address, row.local_port, row.protocol, style),
                  counted(count(row.accepts), "connection"));
  text += " accepted";
  if (row.full > 0) {
    text += fmt::format("; accept queue full ({} of {}) in {}",
                        number(count(row.queue_max.value_or(0))),
                        number(count(row.queue_limit.value_or(0))),
                        share(count(row.full), count(row.pictures), "look"));
  }
  if (row.failures > 0) text += fmt::format("; {} failed", counted(count(row.failures), "accept"));
  if (row.accept_gap_max_ns) {
    text +=
        fmt::format("; a connection waited {} for its accept", duration(*row.accept_gap_max_ns));
  }
  return text + fmt::format(" [{}]", who(row, processes, style));
}

}  // namespace

std::string listener_section(const std::vector<store::ListenerRow>& listeners,
                             const std::vector<store::ProcessRow>& processes,
                             const TextStyle& style) {
  std::vector<const store::ListenerRow*> told;
  for (const auto& row : listeners) {
    if (in_trouble(row)) told.push_back(&row);
  }
  if (told.empty()) return "";
  std::ranges::stable_sort(told, [](const auto* a, const auto* b) {
    return std::pair(a->full, a->failures) > std::pair(b->full, b->failures);
  });
  std::string out = "\n" + toned("LISTENING", Tone::heading, style) + "\n";
  const std::size_t shown = std::min(told.size(), kMostShown);
  for (std::size_t i = 0; i < shown; ++i) {
    out += wrapped(line(*told[i], processes, style), static_cast<std::size_t>(style.width), 6);
  }
  if (shown < told.size()) {
    out += fmt::format("  {} and {} more\n", glyphs(style).more, number(told.size() - shown));
  }
  return out;
}

}  // namespace sockwatch::render
