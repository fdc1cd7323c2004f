#include "viewer/render/diagnoses.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "viewer/render/clean_text.h"
#include "viewer/render/format.h"
#include "viewer/render/labelled.h"
#include "viewer/render/labels.h"
#include "viewer/render/word_wrap.h"

namespace sockwatch::render {
namespace {

using diagnose::Finding;
using diagnose::Severity;

constexpr std::size_t kMostFindings = 12;
constexpr std::size_t kMostEvidence = 3;
constexpr std::size_t kMostExplained = 4;

std::string said(std::string_view text, const TextStyle& style) {
  return own_words(clean(text), style);
}

std::string explained(const Finding& finding, const TextStyle& style) {
  std::vector<std::string> parts;
  for (const Finding& other : finding.explained) {
    if (parts.size() == kMostExplained) break;
    parts.push_back(
        fmt::format("{} {} of {}", other.id, other.rule, clean(other.subject, style.ascii)));
  }
  const std::size_t more = finding.explained.size() - parts.size();
  return fmt::format("explains {}{}", fmt::join(parts, ", "),
                     more > 0 ? fmt::format(" and {} more", number(more)) : "");
}

std::string one(const Finding& finding, const WallClock& clock, const TextStyle& style) {
  const auto width = static_cast<std::size_t>(style.width);
  std::string out = finding_title(finding, style);
  out += "  " + weight(finding, clock, style) + "\n";
  out += wrapped("   " + said(finding.summary, style), width, 3);
  const std::size_t shown = std::min(finding.evidence.size(), kMostEvidence);
  for (std::size_t i = 0; i < shown; ++i) {
    out += wrapped("   - " + said(finding.evidence[i], style), width, 5);
  }
  if (!finding.explained.empty()) out += wrapped("   - " + explained(finding, style), width, 5);
  if (!finding.next_steps.empty()) {
    out += wrapped("   next: " + said(finding.next_steps.front(), style), width, 9);
  }
  return out;
}

}  // namespace

std::string finding_title(const Finding& finding, const TextStyle& style) {
  const Tone tone = finding.severity == Severity::error ? Tone::bad : Tone::heading;
  return toned(fmt::format("{} {}", finding.id, finding.rule), tone, style);
}

std::string weight(const Finding& finding, const WallClock& clock, const TextStyle&) {
  std::string text = fmt::format("{} confidence", word(finding.confidence));
  if (finding.of > 0) {
    text += ", " + share(static_cast<std::uint64_t>(std::max<std::int64_t>(finding.count, 0)),
                         static_cast<std::uint64_t>(finding.of));
  } else if (finding.count > 1) {
    text += fmt::format(", {} times", number(static_cast<std::uint64_t>(finding.count)));
  }
  if (!clock.anchored() || !finding.first_ns) return text;
  const std::string first = clock.time(*finding.first_ns);
  const std::string last = clock.time(finding.last_ns.value_or(*finding.first_ns));
  return text + (first == last ? ", " + first : fmt::format(", first {}, last {}", first, last));
}

std::string explain_command(const Finding& finding, const TextStyle& style) {
  return fmt::format("sockwatch explain {} {}", shell_word(style.file, style), finding.id);
}

std::string diagnoses(const std::vector<Finding>& findings, const WallClock& clock,
                      const TextStyle& style) {
  if (findings.empty()) return "";
  std::string out = "\n" + toned("DIAGNOSES", Tone::heading, style) + "\n";
  const std::size_t shown = std::min(findings.size(), kMostFindings);
  for (std::size_t i = 0; i < shown; ++i) out += one(findings[i], clock, style);
  if (shown < findings.size()) {
    out += fmt::format("{} and {}: sockwatch report {} --json has all\n", glyphs(style).more,
                       counted(findings.size() - shown, "more finding"),
                       shell_word(style.file, style));
  }
  return out + wrapped("  why, and what it is not: " + explain_command(findings.front(), style),
                       static_cast<std::size_t>(style.width), 4);
}

}  // namespace sockwatch::render
