// sockwatch record: a command's connections into a trace.
#include "viewer/cli/record.h"

#include <fmt/format.h>

#include <filesystem>

#include "viewer/cli/commands.h"
#include "viewer/launch/say.h"
#include "viewer/model/shell_word.h"

namespace sockwatch::cli {
namespace {

std::string shown_path(const std::string& path) {
  std::error_code error;
  const std::filesystem::path file(path);
  const auto here = std::filesystem::current_path(error);
  return model::shell_file(!error && file.parent_path() == here ? file.filename().string() : path);
}

}  // namespace

std::shared_ptr<launch::RecordOptions> add_record_options(CLI::App& command) {
  auto options = std::make_shared<launch::RecordOptions>();
  command
      .add_option("-o,--output", options->output,
                  "the trace (default: PROGRAM-DATE-TIME.sockwatch)")
      ->option_text("FILE")
      ->check([](const std::string& path) { return std::string(path.empty() ? "is empty" : ""); });
  command.add_flag("--force", options->force, "replace an existing trace");
  command
      .add_option_function<std::string>(
          "--detail",
          [options](const std::string& detail) { options->all_calls = detail == "calls"; },
          "calls: record every call on a watched socket")
      ->option_text("calls")
      ->check(CLI::IsMember({"calls"}));
  command.add_flag("--follow-env", options->follow_env,
                   "also record programs started with a scrubbed environment (env -i)");
  command.add_flag("--redact", options->redact, "of command lines store the program alone");
  command.add_flag("-q,--quiet", options->quiet, "print nothing but errors");
  return options;
}

void say_trace(const std::string& path) {
  const std::string name = shown_path(path);
  launch::say(fmt::format("trace {} (open: sockwatch report {})", name, name));
}

void add_record(CLI::App& app, Exit& exit, const std::vector<std::string>& command) {
  CLI::App* record = app.add_subcommand("record", "The same without the report");
  const auto options = add_record_options(*record);
  record->callback([options, &exit, &command] {
    if (command.empty()) throw CLI::RequiredError("a command after --");
    options->command = command;
    const launch::RecordOutcome outcome = launch::record_command(*options);
    exit.status = outcome.status;
    if (!outcome.trace_path.empty() && !options->quiet) say_trace(outcome.trace_path);
  });
}

}  // namespace sockwatch::cli
