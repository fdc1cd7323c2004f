#include <fmt/format.h>

#include <memory>
#include <set>

#include "viewer/cli/commands.h"
#include "viewer/cli/output.h"
#include "viewer/cli/trace_argument.h"
#include "viewer/diagnose/diagnose.h"
#include "viewer/model/load.h"
#include "viewer/render/json_report.h"
#include "viewer/render/text_report.h"
#include "viewer/render/waterfall.h"

namespace sockwatch::cli {
namespace {

constexpr std::size_t kWaterfallRows = 40;

struct ReportArguments {
  TraceArguments trace;
  std::string fail_on;
  bool waterfall = false;
  std::size_t rows = kWaterfallRows;
};

struct Examined {
  model::Summary summary;
  std::vector<diagnose::Finding> findings;
};

// In one pass where the diagnoses look at the same attempts as the summary.
Result<Examined> examine(const store::Reader& reader, const store::Filter& filter) {
  Examined examined;
  const auto diagnosed = [&](model::SummaryBuilder* also) -> Status {
    auto findings = diagnose::diagnose(reader, filter, also);
    if (!findings) return findings.error();
    examined.findings = std::move(*findings);
    return {};
  };
  const bool same_attempts = !model::by_course(filter);
  auto summary =
      same_attempts
          ? model::load_summary(reader, filter, [&](auto& builder) { return diagnosed(&builder); })
          : model::load_summary(reader, filter);
  if (!summary) return summary.error();
  examined.summary = std::move(*summary);
  if (same_attempts) return examined;
  if (const Status status = diagnosed(nullptr); !status) return status.error();
  return examined;
}

std::string as_text(const model::Summary& summary, const std::vector<diagnose::Finding>& findings,
                    const std::string& path, const ReportOptions& options, std::FILE* out) {
  if (options.json) return render::json_report(summary, findings);
  render::TextStyle style = text_style(options.look, out);
  style.file = shown_file(path, options.redact);
  return render::text_report(summary, findings, style);
}

Result<std::string> waterfall_text(const store::Reader& reader, const store::Filter& filter,
                                   std::size_t most, const render::TextStyle& style) {
  render::WaterfallFacts facts;
  const auto trace = reader.trace();
  if (!trace) return trace.error();
  const auto processes = reader.processes();
  if (!processes) return processes.error();
  facts.trace = *trace;
  facts.processes = *processes;
  render::WorstRows worst(most);
  const Status read = reader.connections(filter, [&](const store::ConnectionRow& row) {
    worst.add(row);
    return true;
  });
  if (!read) return read.error();
  facts.seen = worst.seen();
  const auto rows = worst.take();
  std::set<std::int64_t> wanted;
  for (const auto& row : rows) {
    if (row.resolution_id) wanted.insert(*row.resolution_id);
  }
  const Status looked_up = reader.resolutions([&](const store::ResolutionRow& row) {
    if (wanted.contains(row.id)) facts.lookups.emplace(row.id, row);
    return facts.lookups.size() < wanted.size();
  });
  if (!looked_up) return looked_up.error();
  return render::waterfall(rows, facts, style);
}

int report(const ReportArguments& arguments) {
  const auto fail = [](const Error& error) {
    print_error(error);
    return kUnreadable;
  };
  const TraceArguments& trace = arguments.trace;
  if (const Status use = check(trace, "report"); !use) return fail(use.error());
  const auto terms = parse_fail_on(arguments.fail_on);
  if (!terms) return fail(terms.error());
  if (arguments.waterfall && trace.json) {
    return fail({"report: --waterfall is a picture, --json has none",
                 "sockwatch connections FILE --json has every attempt with its times"});
  }
  const std::string& path = trace.files.front();
  const auto reader = open_trace(path, trace.redact);
  if (!reader) return fail(reader.error());
  const auto filter = make_filter(trace.filters, *reader);
  if (!filter) return fail(filter.error());
  std::string text;
  std::vector<std::string> reasons;
  if (arguments.waterfall) {
    render::TextStyle style = text_style(trace.look, stdout);
    style.file = shown_file(path, trace.redact);
    const auto drawn = waterfall_text(*reader, *filter, arguments.rows, style);
    if (!drawn) return fail(drawn.error());
    text = *drawn;
  }
  if (!arguments.waterfall || !terms->empty()) {
    const auto examined = examine(*reader, *filter);
    if (!examined) return fail(examined.error());
    const auto& [summary, findings] = *examined;
    if (!arguments.waterfall) {
      ReportOptions options;
      options.json = trace.json;
      options.redact = trace.redact;
      options.look = trace.look;
      text = as_text(summary, findings, path, options, stdout);
    }
    reasons = met(*terms, summary, findings);
  }
  Output output(stdout);
  output.write(text);
  if (const Status written = output.finish(); !written) return fail(written.error());
  for (const std::string& reason : reasons) print_error({reason, ""});
  return reasons.empty() ? 0 : kFailOnMet;
}

}  // namespace

void add_report(CLI::App& app, Exit& exit) {
  CLI::App* command = app.add_subcommand("report", "Which connections failed, why, what proves it");
  auto arguments = std::make_shared<ReportArguments>();
  add_trace_arguments(*command, arguments->trace);
  command->add_flag("--waterfall", arguments->waterfall,
                    "one line an attempt, drawn to scale, the worst first");
  command
      ->add_option("--rows", arguments->rows,
                   fmt::format("lines of the waterfall ({})", kWaterfallRows))
      ->check(CLI::Range(1, 100'000))
      ->type_name("N");
  add_fail_on(*command, arguments->fail_on);
  command->callback([arguments, &exit] { exit.status = report(*arguments); });
}

Result<std::vector<std::string>> write_report(const std::string& trace_path,
                                              const ReportOptions& options, std::FILE* out) {
  const auto reader = open_trace(trace_path, options.redact);
  if (!reader) return reader.error();
  const auto examined = examine(*reader, options.filter);
  if (!examined) return examined.error();
  const auto& [summary, findings] = *examined;
  Output output(out);
  if (!options.quiet) output.write(as_text(summary, findings, trace_path, options, out));
  if (const Status written = output.finish(); !written) return written.error();
  return met(options.fail_on, summary, findings);
}

}  // namespace sockwatch::cli
