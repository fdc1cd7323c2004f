#include "tests/netlab/incidents/matrix.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

namespace sockwatch::netlab {
namespace {

bool contains(const std::vector<std::string>& rules, const std::string& rule) {
  return std::find(rules.begin(), rules.end(), rule) != rules.end();
}

Found read_finding(const nlohmann::json& told) {
  Found found{.rule = told.at("id"),
              .severity = told.at("severity"),
              .confidence = told.at("confidence"),
              .summary = told.at("summary"),
              .explained = {}};
  for (const auto& inner : told.value("explained", nlohmann::json::array())) {
    found.explained.push_back(read_finding(inner));
  }
  return found;
}

void collect_accusations(const std::vector<Found>& found, const Played& played,
                         std::vector<Found>& wrong) {
  for (const Found& one : found) {
    const bool allowed = contains(played.expected, one.rule) || contains(played.also, one.rule);
    if (one.accuses() && !allowed) wrong.push_back(one);
    collect_accusations(one.explained, played, wrong);
  }
}

std::vector<Found> accusations(const Played& played, bool high) {
  std::vector<Found> wrong;
  collect_accusations(played.found, played, wrong);
  std::erase_if(wrong, [high](const Found& one) { return (one.confidence == "high") != high; });
  return wrong;
}

std::string words_of(const Found& found) {
  std::string words = fmt::format("{} {} {}", found.rule, found.severity, found.confidence);
  if (found.explained.empty()) return words;
  std::set<std::string> inner;
  for (const Found& one : found.explained) inner.insert(one.rule);
  return fmt::format("{} (explains {})", words, fmt::join(inner, ", "));
}

// Each once, in the report's order: a rule may speak of several places.
std::string words_of(const std::vector<Found>& all) {
  std::vector<std::string> words;
  for (const Found& one : all) {
    if (std::string text = words_of(one); !contains(words, text)) words.push_back(std::move(text));
  }
  return words.empty() ? "nothing" : fmt::format("{}", fmt::join(words, "; "));
}

std::string or_nothing(const std::vector<std::string>& rules) {
  return rules.empty() ? "nothing" : fmt::format("{}", fmt::join(rules, ", "));
}

std::string verdict(const Played& played) {
  if (!played.skipped.empty()) return "skipped";
  if (!played.broken.empty()) return "BROKEN";
  if (!played.wrong().empty()) return "WRONG";
  if (!played.missing().empty()) return "missed";
  return played.doubtful().empty() ? "right" : "right, and a doubtful one";
}

struct Counts {
  int judged = 0;
  int right = 0;
  int wrong = 0;
  int doubtful = 0;
  int skipped = 0;
  int broken = 0;
};

Counts count(const std::vector<Played>& all) {
  Counts counts;
  for (const Played& one : all) {
    counts.skipped += one.skipped.empty() ? 0 : 1;
    counts.broken += one.broken.empty() ? 0 : 1;
    if (!one.judged()) continue;
    ++counts.judged;
    counts.right += one.missing().empty() ? 1 : 0;
    counts.wrong += one.wrong().empty() ? 0 : 1;
    counts.doubtful += one.doubtful().empty() ? 0 : 1;
  }
  return counts;
}

std::string in_a_sentence(const Counts& counts) {
  return fmt::format(
      "{} incidents: {} have every verdict that is right, {} a wrong error or warning of high "
      "confidence, {} a wrong one of less confidence.",
      counts.judged, counts.right, counts.wrong, counts.doubtful);
}

void collect_rules(const std::vector<Found>& found, std::set<std::string>& rules) {
  for (const Found& one : found) {
    rules.insert(one.rule);
    collect_rules(one.explained, rules);
  }
}

// How often each rule was right, missed, or found where it is neither right nor also true.
std::string rule_table(const std::vector<Played>& all) {
  struct Row {
    int expected = 0;
    int missed = 0;
    int found = 0;
    std::set<std::string> mistaken_for;  // the verdicts that were right where it accused wrongly
  };
  std::map<std::string, Row> rows;
  for (const Played& one : all) {
    if (!one.judged()) continue;
    std::set<std::string> found;
    collect_rules(one.found, found);
    for (const auto& rule : found) ++rows[rule].found;
    for (const auto& rule : one.expected) ++rows[rule].expected;
    for (const auto& rule : one.missing()) ++rows[rule].missed;
    for (const auto& list : {one.wrong(), one.doubtful()}) {
      for (const auto& wrong : list) rows[wrong.rule].mistaken_for.insert(or_nothing(one.expected));
    }
  }
  std::string text =
      "| rule | right in | of these missed | found in | taken for it by mistake |\n"
      "|---|---:|---:|---:|---|\n";
  for (const auto& [rule, row] : rows) {
    text += fmt::format("| {} | {} | {} | {} | {} |\n", rule, row.expected, row.missed, row.found,
                        fmt::join(row.mistaken_for, "; "));
  }
  return text;
}

}  // namespace

std::vector<Found> findings_of(const nlohmann::json& report) {
  std::vector<Found> found;
  for (const auto& told : report.at("diagnoses")) found.push_back(read_finding(told));
  return found;
}

std::vector<std::string> Played::missing() const {
  std::vector<std::string> rules = expected;
  std::erase_if(rules, [this](const std::string& rule) {
    return std::any_of(found.begin(), found.end(),
                       [&](const Found& one) { return one.rule == rule; });
  });
  return rules;
}

std::vector<Found> Played::wrong() const { return accusations(*this, true); }
std::vector<Found> Played::doubtful() const { return accusations(*this, false); }

bool holds(const std::vector<Played>& all) {
  const Counts counts = count(all);
  const bool right_enough = 100 * counts.right >= 95 * counts.judged;
  return counts.judged > 0 && right_enough && counts.wrong == 0 && counts.broken == 0;
}

std::string as_text(const std::vector<Played>& all) {
  std::string text;
  for (const Played& one : all) {
    text += fmt::format("{:<9} {} / {}\n          right: {}\n          found: {}\n", verdict(one),
                        one.name, one.client, or_nothing(one.expected), words_of(one.found));
    if (!one.skipped.empty()) text += fmt::format("          because {}\n", one.skipped);
    if (!one.broken.empty()) text += fmt::format("          {}\n", one.broken);
    if (one.judged() && verdict(one) != "right") {
      for (const Found& found : one.found) text += fmt::format("          {}\n", found.summary);
    }
  }
  const Counts counts = count(all);
  return text + in_a_sentence(counts) +
         fmt::format(" {} skipped, {} broken.\n", counts.skipped, counts.broken);
}

std::string as_markdown(const std::vector<Played>& all) {
  std::string text =
      "# Confusion matrix of the diagnoses\n\n"
      "Every incident of `tests/netlab/incidents`: a fault in a private network, a real client "
      "that meets it under `sockwatch record`, and what\n`sockwatch report` then said. Made by "
      "`netlab_incidents --write FILE`; the same program is a test, and fails if a right verdict "
      "is "
      "missing\nin more than 5 of 100 incidents, or if one has a wrong error or warning of high "
      "confidence.\n\n";
  text += in_a_sentence(count(all)) + "\n\n## Incidents\n\n";
  text += "| incident | client | right | found | |\n|---|---|---|---|---|\n";
  for (const Played& one : all) {
    if (!one.skipped.empty()) continue;
    text += fmt::format("| {} | {} | {} | {} | {} |\n", one.name, one.client,
                        or_nothing(one.expected), words_of(one.found), verdict(one));
  }
  text +=
      "\n\"Nothing\" is right where nothing is wrong; findings of severity info are no accusation "
      "and may stand there.\n\n## Rules\n\n";
  return text + rule_table(all);
}

}  // namespace sockwatch::netlab
