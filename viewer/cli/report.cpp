#include <memory>

#include "viewer/cli/commands.h"
#include "viewer/cli/output.h"
#include "viewer/cli/trace_argument.h"
#include "viewer/diagnose/diagnose.h"
#include "viewer/model/load.h"
#include "viewer/render/json_report.h"
#include "viewer/render/text_report.h"

namespace sockwatch::cli {
namespace {

std::string as_text(const model::Summary& summary, const std::vector<diagnose::Finding>& findings,
                    const std::string& path, const ReportOptions& options, std::FILE* out) {
  if (options.json) return render::json_report(summary, findings);
  render::TextStyle style = text_style(options.look, out);
  style.file = path;
  return render::text_report(summary, style);
}

int report(const TraceArguments& arguments) {
  const auto fail = [](const Error& error, int status) {
    print_error(error);
    return status;
  };
  if (const Status use = check(arguments, "report"); !use) return fail(use.error(), kWrongUse);
  const std::string& path = arguments.files.front();
  const auto reader = store::Reader::open(path);
  if (!reader) return fail(reader.error(), kUnreadable);
  const auto filter = make_filter(arguments.filters, *reader);
  if (!filter) return fail(filter.error(), kUnreadable);
  const auto summary = model::load_summary(*reader, *filter);
  if (!summary) return fail(summary.error(), status_of_read_error(*reader, *filter));
  const auto findings = diagnose::diagnose(*reader, *filter);
  if (!findings) return fail(findings.error(), kUnreadable);
  ReportOptions options;
  options.json = arguments.json;
  options.look = arguments.look;
  Output output(stdout);
  output.write(as_text(*summary, *findings, path, options, stdout));
  if (const Status written = output.finish(); !written) return fail(written.error(), kUnreadable);
  return 0;
}

}  // namespace

void add_report(CLI::App& app, Exit& exit) {
  CLI::App* command = app.add_subcommand("report", "Which connections failed, how, what proves it");
  auto arguments = std::make_shared<TraceArguments>();
  add_trace_arguments(*command, *arguments);
  command->callback([arguments, &exit] { exit.status = report(*arguments); });
}

Status write_report(const std::string& trace_path, const ReportOptions& options, std::FILE* out) {
  const auto reader = store::Reader::open(trace_path);
  if (!reader) return reader.error();
  const auto summary = model::load_summary(*reader, options.filter);
  if (!summary) return summary.error();
  const auto findings = diagnose::diagnose(*reader, options.filter);
  if (!findings) return findings.error();
  Output output(out);
  output.write(as_text(*summary, *findings, trace_path, options, out));
  return output.finish();
}

}  // namespace sockwatch::cli
