#include "viewer/cli/fail_on.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "viewer/cli/commands.h"
#include "viewer/diagnose/diagnose.h"
#include "viewer/model/words.h"
#include "viewer/render/format.h"

namespace sockwatch::cli {
namespace {

using model::Ending;
using model::Outcome;

struct Seen {
  std::uint64_t count = 0;
  std::uint64_t of = 0;
};

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

template <typename Word, std::size_t N>
std::vector<Word> failures_among(const std::array<std::string_view, N>&) {
  std::vector<Word> failures;
  for (std::size_t i = 0; i < N; ++i) {
    if (model::is_failure(static_cast<Word>(i))) failures.push_back(static_cast<Word>(i));
  }
  return failures;
}

std::string in_small_letters(std::string_view word) {
  std::string small(word);
  for (char& c : small) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return small;
}

// False where no such word exists.
bool choose_word(std::string_view word, FailTerm& term) {
  if (word == "lookup") {
    term.kind = FailTerm::Kind::lookups;
    return true;
  }
  if (word == "timeout") {
    term.outcomes = {Outcome::timed_out_kernel, Outcome::timed_out_caller};
    term.endings = {Ending::response_timed_out};
    return true;
  }
  if (word == "failure") {
    term.outcomes = failures_among<Outcome>(model::kOutcomeWords);
    term.endings = failures_among<Ending>(model::kEndingWords);
    return true;
  }
  if (const auto outcome = model::parse_outcome(word)) term.outcomes.push_back(*outcome);
  if (const auto ending = model::parse_ending(word)) term.endings.push_back(*ending);
  return !term.outcomes.empty() || !term.endings.empty();
}

bool choose_diagnosis(std::string_view word, FailTerm& term) {
  constexpr std::string_view kInfo = ":info";
  const bool also_info = in_small_letters(word).ends_with(kInfo);
  if (also_info) word.remove_suffix(kInfo.size());
  const diagnose::Entry* entry = diagnose::find_entry(word);
  if (entry == nullptr) return false;
  term.kind = FailTerm::Kind::diagnosis;
  term.rule = entry->id;
  term.also_info = also_info;
  return true;
}

// `refused` is the outcome, `REFUSED` the diagnosis; where only one of the two exists, letters do
// not matter.
bool choose(std::string_view word, FailTerm& term) {
  return choose_word(word, term) || choose_diagnosis(word, term) ||
         choose_word(in_small_letters(word), term);
}

bool read_limit(std::string_view text, FailTerm& term) {
  term.percent = text.ends_with('%');
  if (term.percent) text = trimmed(text.substr(0, text.size() - 1));
  const auto read = std::from_chars(text.data(), text.data() + text.size(), term.limit);
  return read.ec == std::errc() && read.ptr == text.data() + text.size() && term.limit >= 0 &&
         std::isfinite(term.limit);
}

Result<FailTerm> parse_term(std::string_view text) {
  FailTerm term;
  term.text = text;
  const std::size_t sign = text.find('>');
  const std::string_view word = trimmed(text.substr(0, sign));
  if (word.empty()) {
    return Error{
        "--fail-on: it does not say on what, so nothing could ever fail",
        "say timeout, refused, failure, lookup or the id of a diagnosis: --fail-on failure"};
  }
  if (!choose(word, term)) {
    return Error{fmt::format("--fail-on: '{}' is no outcome, no ending and no diagnosis", word),
                 "say timeout, refused, failure, lookup, a word of 'man sockwatch', or an id of "
                 "'sockwatch explain --list'"};
  }
  if (sign != std::string_view::npos && !read_limit(trimmed(text.substr(sign + 1)), term)) {
    return Error{fmt::format("--fail-on: '{}' has no number behind '>'", text),
                 fmt::format("say {0}>10 or {0}>1%", word)};
  }
  if (term.percent && term.limit >= 100) {
    return Error{fmt::format("--fail-on: '{}' can never be met: no share is more than 100 %", text),
                 fmt::format("say {0} for any, or {0}>99% for nearly all", word)};
  }
  return term;
}

bool exceeded(const FailTerm& term, const Seen& seen) {
  const auto count = static_cast<double>(seen.count);
  if (!term.percent) return count > term.limit;
  return seen.count > 0 && count * 100 > term.limit * static_cast<double>(seen.of);
}

Seen attempts_of(const FailTerm& term, const model::Summary& summary) {
  Seen seen{0, summary.total.attempts};
  for (const Outcome outcome : term.outcomes) seen.count += summary.total.count(outcome);
  for (const Ending ending : term.endings) seen.count += summary.total.count(ending);
  return seen;
}

Seen lookups_of(const model::Summary& summary) {
  Seen seen;
  for (const model::Lookup& lookup : summary.lookups) {
    if (lookup.is_address()) continue;
    seen.count += lookup.failures;
    seen.of += lookup.count;
  }
  return seen;
}

// What the report tells for information is no problem: a SHORTTO after which the program got
// through on the next address.
bool counts(const FailTerm& term, const diagnose::Finding& finding) {
  return finding.rule == term.rule &&
         (term.also_info || finding.severity != diagnose::Severity::info);
}

Seen seen_in(const diagnose::Finding& finding) {
  return {static_cast<std::uint64_t>(std::max<std::int64_t>(finding.count, 1)),
          static_cast<std::uint64_t>(std::max<std::int64_t>(finding.of, 1))};
}

// In all its findings, also those another one explains. One of the same diagnosis that holds others
// has counted them.
Seen all_seen(const FailTerm& term, const std::vector<diagnose::Finding>& findings) {
  Seen all;
  for (const diagnose::Finding& finding : findings) {
    Seen seen = all_seen(term, finding.explained);
    if (counts(term, finding)) {
      seen.count = std::max(seen.count, seen_in(finding).count);
      seen.of = std::max(seen.of, seen_in(finding).of);
    }
    all.count += seen.count;
    all.of += seen.of;
  }
  return all;
}

// The most striking of those whose own share is beyond the limit. Of several together the share is
// never larger than the largest of theirs.
std::optional<Seen> worst_share(const FailTerm& term,
                                const std::vector<diagnose::Finding>& findings) {
  std::optional<Seen> worst;
  const auto consider = [&](const Seen& seen) {
    if (exceeded(term, seen) && (!worst || seen.count > worst->count)) worst = seen;
  };
  for (const diagnose::Finding& finding : findings) {
    if (counts(term, finding)) consider(seen_in(finding));
    if (const auto inner = worst_share(term, finding.explained)) consider(*inner);
  }
  return worst;
}

std::optional<Seen> diagnosed(const FailTerm& term,
                              const std::vector<diagnose::Finding>& findings) {
  if (term.percent) return worst_share(term, findings);
  const Seen all = all_seen(term, findings);
  return exceeded(term, all) ? std::optional(all) : std::nullopt;
}

}  // namespace

void add_fail_on(CLI::App& command, std::string& text) {
  command
      .add_option_function<std::string>(
          "--fail-on",
          // An empty one, perhaps of a variable that is not set, must not pass for none.
          [&text](const std::string& given) { text = given.empty() ? " " : given; },
          "exit with 1 if met: 'refused,timeout>1%,SYNDROP'; a diagnosis counts where it is an "
          "error or a warning, NOTYET:info also where it is told for information")
      ->type_name("WHAT")
      ->join(',');
}

Result<std::vector<FailTerm>> parse_fail_on(std::string_view text) {
  std::vector<FailTerm> terms;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(','), text.size());
    const Result<FailTerm> term = parse_term(trimmed(text.substr(0, end)));
    if (!term) return term.error();
    terms.push_back(*term);
    if (end + 1 == text.size()) return parse_term("").error();  // ends with a comma
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return terms;
}

std::vector<std::string> met(const std::vector<FailTerm>& terms, const model::Summary& summary,
                             const std::vector<diagnose::Finding>& findings) {
  std::vector<std::string> sentences;
  for (const FailTerm& term : terms) {
    if (term.kind == FailTerm::Kind::diagnosis) {
      if (const auto seen = diagnosed(term, findings)) {
        sentences.push_back(
            fmt::format("--fail-on {}: {}", term.text, render::share(seen->count, seen->of)));
      }
      continue;
    }
    const bool lookups = term.kind == FailTerm::Kind::lookups;
    const Seen seen = lookups ? lookups_of(summary) : attempts_of(term, summary);
    if (exceeded(term, seen)) {
      sentences.push_back(
          fmt::format("--fail-on {}: {}", term.text,
                      render::share(seen.count, seen.of, lookups ? "lookup" : "attempt")));
    }
  }
  return sentences;
}

}  // namespace sockwatch::cli
