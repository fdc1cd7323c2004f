#include "viewer/render/finding_page.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "viewer/render/clean_text.h"
#include "viewer/render/diagnoses.h"
#include "viewer/render/evidence_text.h"
#include "viewer/render/format.h"
#include "viewer/render/labelled.h"
#include "viewer/render/labels.h"
#include "viewer/render/text_rows.h"
#include "viewer/render/wall_clock.h"
#include "viewer/render/word_wrap.h"

namespace sockwatch::render {
namespace {

using diagnose::Finding;

constexpr std::size_t kLabel = 15;

class Page {
 public:
  Page(const Finding& finding, const FindingFacts& facts, const TextStyle& style)
      : finding_(finding), facts_(facts), style_(style), clock_(facts.trace), out_(kLabel, style) {}

  std::string with(const diagnose::Entry* entry) {
    out_.paragraph("What happened", clean(finding_.summary));
    if (entry != nullptr) out_.paragraph("", entry->meaning);
    out_.list("Why we say so", cleaned(finding_.evidence));
    out_.list("It explains", explained());
    out_.list("Not the cause", cleaned(finding_.excluded));
    if (entry != nullptr) out_.paragraph("Mistaken for", entry->not_this);
    out_.numbered("Next", cleaned(finding_.next_steps));
    return out_.text() + evidence();
  }

 private:
  static std::vector<std::string> cleaned(const std::vector<std::string>& texts) {
    std::vector<std::string> out;
    out.reserve(texts.size());
    for (const std::string& text : texts) out.push_back(clean(text));
    return out;
  }

  std::vector<std::string> explained() const {
    std::vector<std::string> out;
    for (const Finding& other : finding_.explained) {
      out.push_back(fmt::format("{} {}: {}", other.id, other.rule, clean(other.summary)));
    }
    return out;
  }

  std::string evidence() const {
    std::string out;
    if (!facts_.attempts.empty()) {
      const TextRows rows(facts_.processes, clock_, style_);
      out += heading("Attempts", facts_.attempts.size(), finding_.connections_total);
      std::vector<std::int64_t> ids;
      for (const store::ConnectionRow& row : facts_.attempts) {
        std::string line = fmt::format("  {}  {}  {}  ", clock_.time_ms(row.started_ns), row.id,
                                       rows.who_and_where(row));
        line += attempt_sentence(row, style_);
        out += wrapped(line, static_cast<std::size_t>(style_.width), 16);
      }
      out += fmt::format("  one of them drawn to scale: sockwatch show {} {}\n",
                         shell_word(style_.file, style_), facts_.attempts.front().id);
    }
    if (!facts_.resolutions.empty()) {
      out += heading("Lookups", facts_.resolutions.size(), finding_.resolutions_total);
      for (const store::ResolutionRow& row : facts_.resolutions) {
        std::string line = fmt::format("  {}  {}  {}", clock_.time_ms(row.started_ns),
                                       row.name ? clean(*row.name, style_.ascii) : "(no name)",
                                       duration(row.duration_ns));
        if (row.result != 0) line += "  " + lookup_error(row.result, row.error);
        out += wrapped(line, static_cast<std::size_t>(style_.width), 16);
      }
    }
    return out;
  }

  std::string heading(std::string_view what, std::size_t shown, std::int64_t all) const {
    std::string text = fmt::format("{} (", what);
    const auto total = static_cast<std::uint64_t>(std::max<std::int64_t>(all, 0));
    text += shown < total ? fmt::format("the first {} of {})", shown, number(total))
                          : fmt::format("{})", number(shown));
    return toned(text, Tone::heading, style_) + "\n";
  }

  const Finding& finding_;
  const FindingFacts& facts_;
  const TextStyle& style_;
  WallClock clock_;
  Labelled out_;
};

}  // namespace

std::string finding_page(const Finding& finding, const diagnose::Entry* entry,
                         const FindingFacts& facts, const TextStyle& style) {
  const WallClock clock(facts.trace);
  std::string out = finding_title(finding, style);
  if (entry != nullptr) out += fmt::format("  {}", own_words(entry->title, style));
  out += "\n";
  out += wrapped(
      fmt::format("{}: {}", clean(finding.subject, style.ascii), weight(finding, clock, style)),
      static_cast<std::size_t>(style.width), 2);
  return out + Page(finding, facts, style).with(entry);
}

}  // namespace sockwatch::render
