#include "viewer/render/destination_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "viewer/render/format.h"
#include "viewer/render/labels.h"
#include "viewer/render/table.h"
#include "viewer/render/word_wrap.h"

namespace sockwatch::render {
namespace {

using model::Ending;
using model::Outcome;
using model::Tally;

constexpr std::size_t kMostRows = 40;
constexpr std::size_t kMostAlike =
    12;  // where most were tried but once, as one who looks around does
constexpr std::size_t kMostAddresses = 16;  // of one name
constexpr std::uint64_t kEnough = 20;       // samples; below, a value is shown with its count

struct Count {
  std::string_view top;
  std::string_view bottom;
  std::uint64_t (*of)(const Tally&);
  std::string_view meaning;  // said below the table; empty where the heading says it
};

// Every attempt is counted in exactly one of them (and TRIED).
constexpr std::array<Count, 12> kCounts = {{
    {"", "OK", [](const Tally& t) { return t.ok(); }, ""},
    {"TIMED", "OUT",
     [](const Tally& t) {
       return t.count(Outcome::timed_out_caller) + t.count(Outcome::timed_out_kernel);
     },
     ""},
    {"", "REFUSED", [](const Tally& t) { return t.count(Outcome::refused); }, ""},
    {"NOT", "REACHABLE",
     [](const Tally& t) { return t.count(Outcome::unreachable) + t.count(Outcome::rejected); }, ""},
    {"NO", "REPLY",
     [](const Tally& t) {
       return t.count(Ending::response_timed_out) + t.count(Ending::no_response);
     },
     "NO REPLY: connected, then an answer, or the rest of it, did not come."},
    {"", "RESET", [](const Tally& t) { return t.count(Outcome::reset) + t.count(Ending::reset); },
     ""},
    {"LOCAL", "ERROR", [](const Tally& t) { return t.count(Outcome::local_error); },
     "LOCAL ERROR: this host failed, the destination had no part in it."},
    {"OTHER", "FAILURE",
     [](const Tally& t) { return t.count(Outcome::failed) + t.count(Outcome::abandoned); },
     "OTHER FAILURE: among them connects that ended with their process."},
    {"", "SUPERSEDED", [](const Tally& t) { return t.count(Outcome::superseded); },
     "SUPERSEDED: another address of the name was faster; not a failure."},
    {"", "CANCELLED", [](const Tally& t) { return t.count(Outcome::cancelled); },
     "CANCELLED: closed by the program before its time was up; not counted as a failure."},
    {"", "UNDECIDED", [](const Tally& t) { return t.count(Outcome::pending); },
     "UNDECIDED: still connecting when the recording ended."},
    {"", "UNKNOWN", [](const Tally& t) { return t.unrecognised; },
     "UNKNOWN: an outcome that only a newer version of sockwatch knows."},
}};

std::string cell(std::uint64_t n, const TextStyle& style) {
  return n == 0 ? std::string(glyphs(style).none) : number(n);
}

std::string time_cell(const model::Histogram& times, double q, const TextStyle& style) {
  if (times.count() == 0) return std::string(glyphs(style).none);
  std::string text = duration(q >= 1.0 ? *times.largest() : *times.quantile(q));
  return text;
}

// The count stands at the median: once a row is enough.
std::string median_cell(const model::Histogram& times, bool with_count, const TextStyle& style) {
  std::string text = time_cell(times, 0.5, style);
  if (with_count && times.count() > 0 && times.count() < kEnough) {
    text += fmt::format(" ({})", times.count());
  }
  return text;
}

// p90 and p99 of a handful of values are only other names for their largest.
std::string tail_cell(const model::Histogram& times, double q, const TextStyle& style) {
  if (times.count() < kEnough) return std::string(glyphs(style).none);
  return time_cell(times, q, style);
}

class Layout {
 public:
  Layout(const Tally& total, bool tails, bool first_bytes, const TextStyle& style)
      : tails_(tails), first_bytes_(first_bytes), style_(style) {
    for (const Count& count : kCounts) {
      if (&count == kCounts.data() || count.of(total) > 0) counts_.push_back(&count);
    }
  }

  std::vector<Column> columns() const {
    std::vector<Column> result = {{"", "TRIED", 0}};
    for (const Count* count : counts_) {
      result.push_back({std::string(count->top), std::string(count->bottom), 0});
    }
    result.push_back({"CONNECT", "p50", 0});
    if (tails_) {
      result.push_back({"", "p90", Column::kEasily + 1});
      result.push_back({"", "p99", Column::kEasily});
    }
    result.push_back({"", "max", 1});
    if (first_bytes_) result.push_back({"FIRST", "BYTE p50", 2});
    result.push_back({"SYN", "RESENT", 3});
    return result;
  }

  std::vector<std::string> cells(const Tally& tally) const {
    std::vector<std::string> result = {number(tally.attempts)};
    for (const Count* count : counts_) result.push_back(cell(count->of(tally), style_));
    result.push_back(median_cell(tally.connect, true, style_));
    if (tails_) {
      result.push_back(tail_cell(tally.connect, 0.9, style_));
      result.push_back(tail_cell(tally.connect, 0.99, style_));
    }
    result.push_back(time_cell(tally.connect, 1.0, style_));
    if (first_bytes_) {
      const bool other_count = tally.first_byte.count() != tally.connect.count();
      result.push_back(median_cell(tally.first_byte, other_count, style_));
    }
    result.push_back(cell(tally.syn_retransmits, style_));
    return result;
  }

  std::string meanings() const {
    std::string text;
    for (const Count* count : counts_) {
      if (!count->meaning.empty()) text += "  " + std::string(count->meaning);
    }
    return text;
  }

 private:
  bool tails_;
  bool first_bytes_;
  const TextStyle& style_;
  std::vector<const Count*> counts_;
};

}  // namespace

std::string destination_table(const model::Summary& summary,
                              const std::vector<model::NameGroup>& groups, const TextStyle& style) {
  if (groups.empty()) return "";
  bool tails = false;
  bool few = false;
  bool first_bytes = false;
  const auto is_few = [](const model::Histogram& times) {
    return times.count() > 0 && times.count() < kEnough;
  };
  const auto has_few = [&](const Tally& tally) {
    return is_few(tally.connect) || is_few(tally.first_byte);
  };
  for (const auto& group : groups) {
    tails = tails || group.tally.connect.count() >= kEnough;
    few = few || has_few(group.tally);
    for (const std::size_t member : group.members) {
      few = few || (group.addresses_differ && has_few(summary.destinations[member].tally));
    }
    first_bytes = first_bytes || group.tally.first_byte.count() > 0;
  }
  const Layout layout(summary.total, tails, first_bytes, style);

  std::vector<Row> rows;
  std::size_t shown = 0;
  const auto once = std::count_if(groups.begin(), groups.end(),
                                  [](const auto& group) { return group.tally.attempts == 1; });
  const bool looks_around =
      groups.size() > kMostRows && static_cast<std::size_t>(once) > groups.size() / 2;
  const std::size_t most_rows = looks_around ? kMostAlike : kMostRows;
  for (const auto& group : groups) {
    if (rows.size() >= most_rows) break;
    ++shown;
    const model::Destination& first = summary.destinations[group.members.front()];
    const bool failed = group.tally.failures() > 0;
    rows.push_back({short_label(first, style), layout.cells(group.tally),
                    failed && !group.addresses_differ, 0});
    if (!group.addresses_differ) continue;
    std::size_t addresses = 0;
    for (const std::size_t member : group.members) {
      if (++addresses > kMostAddresses) break;
      const model::Destination& one = summary.destinations[member];
      rows.push_back({place(one.address, std::nullopt, "tcp", style), layout.cells(one.tally),
                      one.tally.failures() > 0, 2});
    }
  }
  std::string out = table("", "DESTINATION", layout.columns(), std::move(rows), style);
  if (shown < groups.size()) {
    out += fmt::format("  {} and {} (sockwatch report {} --json has all)\n", glyphs(style).more,
                       counted(groups.size() - shown, "more destination"),
                       shell_word(style.file, style));
  }
  std::string legend = "  CONNECT: time of the connects that succeeded.";
  if (few) legend += fmt::format("  (n): from n values only, fewer than {}.", kEnough);
  legend += layout.meanings();
  if (summary.total.syn_retransmits > 0) {
    legend +=
        "  SYN: the packet that asks for a connection; sent again after a second without an "
        "answer.";
  }
  const std::string lines = wrapped(legend, static_cast<std::size_t>(style.width), 2);
  return out + toned(lines.substr(0, lines.size() - 1), Tone::faint, style) + "\n";
}

}  // namespace sockwatch::render
