// sockwatch run: record, then report.
#include "viewer/cli/commands.h"
#include "viewer/cli/record.h"
#include "viewer/launch/recording.h"

namespace sockwatch::cli {

void add_run(CLI::App& app, Exit& exit, const std::vector<std::string>& command) {
  CLI::App* run = app.add_subcommand("run", "Record a command, and report when it has ended");
  const auto options = add_record_options(*run);
  const auto json = std::make_shared<bool>(false);
  run->add_flag("--json", *json, "the report as one JSON object, on standard error too");
  run->callback([options, json, &exit, &command] {
    if (command.empty()) throw CLI::RequiredError("a command after --");
    options->command = command;
    const launch::RecordOutcome outcome = launch::record_command(*options);
    exit.status = outcome.status;
    if (outcome.trace_path.empty() || options->quiet) return;
    ReportOptions report;
    report.json = *json;
    if (const Status written = write_report(outcome.trace_path, report, stderr); !written) {
      print_error(written.error());
    }
    std::fflush(stderr);
    say_trace(outcome.trace_path);
  });
}

}  // namespace sockwatch::cli
