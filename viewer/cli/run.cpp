// sockwatch run: record, then report.
#include <unistd.h>

#include <csignal>
#include <cstdio>

#include "viewer/cli/commands.h"
#include "viewer/cli/record.h"
#include "viewer/launch/recording.h"

namespace sockwatch::cli {
namespace {

struct RunArguments {
  bool json = false;
  std::string fail_on;
};

// What the report adds to the command's exit status.
int report(const launch::RecordOutcome& outcome, const launch::RecordOptions& recorded,
           const RunArguments& arguments, std::vector<FailTerm> terms) {
  ReportOptions options;
  options.json = arguments.json;
  options.redact = recorded.redact;
  options.quiet = recorded.quiet;
  options.fail_on = std::move(terms);
  const auto reasons = write_report(outcome.trace_path, options, stderr);
  if (!reasons) print_error(reasons.error());
  std::fflush(stderr);
  if (!recorded.quiet) say_trace(outcome.trace_path);
  if (!reasons) return options.fail_on.empty() ? 0 : kUnreadable;
  for (const std::string& reason : *reasons) print_error({reason, ""});
  return reasons->empty() ? 0 : kFailOnMet;
}

}  // namespace

void add_run(CLI::App& app, Exit& exit, const std::vector<std::string>& command) {
  CLI::App* run = app.add_subcommand("run", "Record a command, and report when it has ended");
  const auto options = add_record_options(*run);
  run->get_option("--redact")
      ->description("of command lines store the program alone; pseudonyms in the report");
  const auto arguments = std::make_shared<RunArguments>();
  run->add_flag("--json", arguments->json, "the report as one JSON object, on standard error too");
  add_fail_on(*run, arguments->fail_on);
  run->callback([options, arguments, &exit, &command] {
    if (command.empty()) throw CLI::RequiredError("a command after --");
    // Before the command: a typing error must not cost a run.
    const auto terms = parse_fail_on(arguments->fail_on);
    if (!terms) {
      print_error(terms.error());
      exit.status = kWrongUse;
      return;
    }
    options->command = command;
    const launch::RecordOutcome outcome = launch::record_command(*options);
    exit.status = outcome.status;
    if (outcome.trace_path.empty() || (options->quiet && terms->empty())) return;
    // The terminal has written ^C, and its cursor stands behind that.
    if (outcome.status == 128 + SIGINT && ::isatty(STDERR_FILENO) == 1) std::fputc('\n', stderr);
    const int verdict = report(outcome, *options, *arguments, *terms);
    if (exit.status == 0) exit.status = verdict;
  });
}

}  // namespace sockwatch::cli
