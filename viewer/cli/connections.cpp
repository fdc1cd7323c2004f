#include <memory>

#include "viewer/cli/commands.h"
#include "viewer/cli/output.h"
#include "viewer/cli/trace_argument.h"
#include "viewer/model/failure.h"
#include "viewer/render/json_rows.h"
#include "viewer/render/text_rows.h"

namespace sockwatch::cli {
namespace {

constexpr std::size_t kBlock = std::size_t{64} * 1024;  // bytes gathered before they are handed on

struct ConnectionsArguments {
  TraceArguments trace;
  bool failed = false;
};

Result<render::TextRows> text_rows(const ConnectionsArguments& arguments,
                                   const store::Reader& reader) {
  const auto trace = reader.trace();
  if (!trace) return trace.error();
  const auto processes = reader.processes();
  if (!processes) return processes.error();
  return render::TextRows(*processes, render::WallClock(*trace),
                          text_style(arguments.trace.look, stdout));
}

int connections(const ConnectionsArguments& arguments) {
  const auto fail = [](const Error& error, int status) {
    print_error(error);
    return status;
  };
  const Status use = check(arguments.trace, "connections");
  if (!use) return fail(use.error(), kWrongUse);
  const auto reader = open_trace(arguments.trace.files.front(), arguments.trace.redact);
  if (!reader) return fail(reader.error(), kUnreadable);
  auto filter = make_filter(arguments.trace.filters, *reader);
  if (!filter) return fail(filter.error(), kUnreadable);
  filter->may_have_failed = arguments.failed;  // which is told quickly; the rest is looked at below
  const auto rows = text_rows(arguments, *reader);
  if (!rows) return fail(rows.error(), kUnreadable);

  Output output(stdout);
  std::string text;
  bool heading_due = !arguments.trace.json;
  const Status read = reader->connections(*filter, [&](const store::ConnectionRow& row) {
    if (arguments.failed && !model::failure_of(row)) return true;
    if (heading_due) rows->append_heading(text);
    heading_due = false;
    if (arguments.trace.json) {
      render::append_json_row(text, row);
    } else {
      rows->append(text, row);
    }
    if (text.size() < kBlock) return true;
    const bool go_on = output.write(text);
    text.clear();
    return go_on;
  });
  output.write(text);
  const Status written = output.finish();
  if (!read) return fail(read.error(), status_of_read_error(*reader, *filter));
  if (!written) return fail(written.error(), kUnreadable);
  return 0;
}

}  // namespace

void add_connections(CLI::App& app, Exit& exit) {
  CLI::App* command =
      app.add_subcommand("connections", "One line an attempt, in the order of time");
  auto arguments = std::make_shared<ConnectionsArguments>();
  add_trace_arguments(*command, arguments->trace);
  command->add_flag("--failed", arguments->failed,
                    "only attempts that failed, before or after they connected");
  command->callback([arguments, &exit] { exit.status = connections(*arguments); });
}

}  // namespace sockwatch::cli
