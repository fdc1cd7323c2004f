// sockwatch explain: what an error text, a diagnosis, or a finding of a trace means.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <memory>
#include <optional>

#include "viewer/cli/commands.h"
#include "viewer/cli/output.h"
#include "viewer/cli/trace_argument.h"
#include "viewer/diagnose/diagnose.h"
#include "viewer/model/shell_word.h"
#include "viewer/render/entry_page.h"
#include "viewer/render/finding_page.h"
#include "viewer/render/text_explained.h"

namespace sockwatch::cli {
namespace {

using diagnose::Entry;
using diagnose::Finding;

struct ExplainArguments {
  std::vector<std::string> words;
  FilterFlags filters;
  LookArguments look;
  bool list = false;
  bool redact = false;
};

// "E1", "w12"
bool is_finding_id(const std::string& word) {
  return word.size() > 1 && std::string_view("EWIewi").find(word[0]) != std::string_view::npos &&
         std::all_of(word.begin() + 1, word.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return text;
}

std::optional<std::string> newest_trace_here() {
  namespace fs = std::filesystem;
  std::optional<std::string> newest;
  fs::file_time_type latest;
  std::error_code error;
  for (const auto& file : fs::directory_iterator(".", error)) {
    if (file.path().extension() != ".sockwatch" || !file.is_regular_file(error)) continue;
    const auto written = file.last_write_time(error);
    if (error || (newest && written <= latest)) continue;
    latest = written;
    newest = file.path().filename().string();
  }
  return newest;
}

void collect(const std::vector<Finding>& findings, const std::string& wanted,
             std::vector<const Finding*>& found) {
  for (const Finding& finding : findings) {
    if (finding.id == wanted || finding.rule == wanted) found.push_back(&finding);
    collect(finding.explained, wanted, found);
  }
}

void collect_ids(const std::vector<Finding>& findings, std::vector<std::string>& ids) {
  for (const Finding& finding : findings) {
    ids.push_back(finding.id);
    collect_ids(finding.explained, ids);
  }
}

// "It has E1, E2 and W1", at most so many.
std::string what_there_is(const std::vector<Finding>& findings) {
  constexpr std::size_t kNamed = 12;
  std::vector<std::string> ids;
  collect_ids(findings, ids);
  if (ids.empty()) return "nothing was found in it";
  const std::size_t all = ids.size();
  ids.resize(std::min(all, kNamed));
  return fmt::format("it has {}{}", fmt::join(ids, ", "),
                     all > kNamed ? fmt::format(" and {} more", all - kNamed) : "");
}

Status add_rows(const store::Reader& reader, const Finding& finding, render::FindingFacts& facts) {
  for (const std::int64_t id : finding.connections) {
    if (facts.attempts.size() == render::kAttemptsShown) break;
    const auto row = reader.connection(id);
    if (!row) return row.error();
    if (*row) facts.attempts.push_back(**row);
  }
  if (finding.resolutions.empty()) return {};
  return reader.resolutions([&](const store::ResolutionRow& row) {
    if (std::ranges::find(finding.resolutions, row.id) != finding.resolutions.end()) {
      facts.resolutions.push_back(row);
    }
    return facts.resolutions.size() < render::kAttemptsShown;
  });
}

// `wanted`: the number of a finding or the id of a rule.
Result<std::string> finding_text(const std::string& path, const std::string& wanted,
                                 const ExplainArguments& arguments) {
  const auto reader = open_trace(path, arguments.redact);
  if (!reader) return reader.error();
  const auto filter = make_filter(arguments.filters, *reader);
  if (!filter) return filter.error();
  const auto findings = diagnose::diagnose(*reader, *filter);
  if (!findings) return findings.error();
  std::vector<const Finding*> found;
  collect(*findings, wanted, found);
  if (found.empty()) {
    return Error{
        fmt::format("explain: no finding {} in {}: {}", wanted, path, what_there_is(*findings)),
        fmt::format("sockwatch report {} says what they are", model::shell_file(path))};
  }
  render::FindingFacts facts;
  const auto trace = reader->trace();
  if (!trace) return trace.error();
  const auto processes = reader->processes();
  if (!processes) return processes.error();
  render::TextStyle style = text_style(arguments.look, stdout);
  style.file = shown_file(path, arguments.redact);
  std::string text;
  for (const Finding* finding : found) {
    facts = {*trace, *processes, {}, {}};
    if (const Status rows = add_rows(*reader, *finding, facts); !rows) return rows.error();
    if (!text.empty()) text += "\n";
    text += render::finding_page(*finding, diagnose::find_entry(finding->rule), facts, style);
  }
  return text;
}

Result<std::string> error_text(const std::string& said, const render::TextStyle& style) {
  std::string text = render::explained_text(said, style);
  if (!text.empty()) return text;
  constexpr std::size_t kShown = 200;
  const bool all = said.size() <= kShown;
  return Error{
      fmt::format("no known program prints '{}{}'", said.substr(0, kShown), all ? "" : "..."),
      "record the program that did, it shows what happened: sockwatch run -- COMMAND"};
}

Result<std::string> explained(const ExplainArguments& arguments) {
  const render::TextStyle style = text_style(arguments.look, stdout);
  const auto& words = arguments.words;
  if (arguments.list) {
    std::vector<Entry> entries;
    for (const auto& rule : diagnose::all_rules()) entries.push_back(rule->entry());
    return render::entry_list(entries, style);
  }
  if (words.empty()) {
    return Error{"explain: what?",
                 "a text you found ('connection timed out'), a finding (FILE E1) or a diagnosis "
                 "(see --list)"};
  }
  if (const Status use = check_filter_flags(arguments.filters); !use) return use.error();
  if (words.size() == 2) {
    // Either order: people remember neither.
    for (const std::size_t i : {std::size_t{1}, std::size_t{0}}) {
      const std::string& file = words[1 - i];
      const Entry* entry = diagnose::find_entry(words[i]);
      if (is_finding_id(words[i])) return finding_text(file, upper(words[i]), arguments);
      std::error_code no_file;  // a text can be too long for a name
      if (entry != nullptr && std::filesystem::exists(file, no_file)) {
        return finding_text(file, std::string(entry->id), arguments);
      }
    }
    // Of a trace and one more word, that word is meant to be in the trace.
    for (const std::size_t i : {std::size_t{1}, std::size_t{0}}) {
      if (store::Reader::open(words[1 - i])) return finding_text(words[1 - i], words[i], arguments);
    }
  }
  if (words.size() == 1 && is_finding_id(words[0])) {
    const auto file = newest_trace_here();
    if (!file) {
      return Error{fmt::format("explain: {} of which trace? There is none here", words[0]),
                   fmt::format("sockwatch explain FILE {}", words[0])};
    }
    return finding_text(*file, upper(words[0]), arguments);
  }
  if (words.size() == 1) {
    if (const Entry* entry = diagnose::find_entry(words[0]))
      return render::entry_page(*entry, style);
    std::error_code no_file;
    if (std::filesystem::is_regular_file(words[0], no_file)) {
      return Error{
          fmt::format("explain: what of {}?", words[0]),
          fmt::format("sockwatch report {0} numbers its findings; sockwatch explain {0} E1",
                      model::shell_file(words[0]))};
    }
  }
  return error_text(fmt::format("{}", fmt::join(words, " ")), style);
}

// "-bash: connect: Connection refused": the shell's name is no option.
bool is_text(const std::string& word) {
  return word.find_first_of(" \t\n") != std::string::npos || word.ends_with(':');
}

// What CLI11 took for unknown options.
void take_texts(const CLI::App& command, std::vector<std::string>& words) {
  std::vector<std::string> unknown = command.remaining();
  std::erase(unknown, "--");  // the end of the options, which it keeps as well
  std::vector<std::string> options;
  std::ranges::remove_copy_if(unknown, std::back_inserter(options), is_text);
  if (!options.empty()) throw CLI::ExtrasError(options);
  words.insert(words.begin(), unknown.begin(), unknown.end());
}

int explain(const ExplainArguments& arguments) {
  const auto text = explained(arguments);
  if (!text) {
    print_error(text.error());
    return kWrongUse;
  }
  Output output(stdout);
  output.write(*text);
  if (const Status written = output.finish(); !written) {
    print_error(written.error());
    return kUnreadable;
  }
  return 0;
}

}  // namespace

void add_explain(CLI::App& app, Exit& exit) {
  CLI::App* command =
      app.add_subcommand("explain", "What an error text, a finding or a diagnosis means");
  auto arguments = std::make_shared<ExplainArguments>();
  command
      ->add_option("WHAT", arguments->words,
                   "a text that a program printed; FILE E1, a finding of a trace (without FILE of "
                   "the newest here); SYNDROP, a diagnosis")
      ->type_name("");
  command->add_flag("--list", arguments->list, "all diagnoses");
  add_redact_flag(*command, arguments->redact);
  add_look_arguments(*command, arguments->look);
  add_filter_flags(*command, arguments->filters);
  command->allow_extras();
  command->callback([command, arguments, &exit] {
    take_texts(*command, arguments->words);
    exit.status = explain(*arguments);
  });
}

}  // namespace sockwatch::cli
