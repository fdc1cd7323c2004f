#include "viewer/cli/trace_argument.h"

#include <fmt/format.h>

#include "viewer/model/load.h"

namespace sockwatch::cli {

void add_trace_arguments(CLI::App& command, TraceArguments& arguments) {
  command.add_option("FILE", arguments.files, "the trace")->type_name("");
  command.add_flag("--json", arguments.json, "for programs");
  command.add_flag("--ascii", arguments.ascii, "nothing beyond ASCII");
  command.add_option("--color", arguments.color, "auto, always or never")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->type_name("WHEN");
  add_filter_flags(command, arguments.filters);
}

Status check(const TraceArguments& arguments, const std::string& command) {
  if (arguments.files.empty()) {
    return Error{fmt::format("{}: which trace?", command),
                 fmt::format("sockwatch {} FILE; sockwatch run -- COMMAND makes one", command)};
  }
  if (arguments.files.size() > 1) {
    return Error{
        fmt::format("{} reads one trace, not {}", command, arguments.files.size()),
        fmt::format("run it once for each: sockwatch {} {}", command, arguments.files.front())};
  }
  return check_filter_flags(arguments.filters);
}

render::ColorMode color_mode(const TraceArguments& arguments) {
  if (arguments.color == "always") return render::ColorMode::always;
  if (arguments.color == "never") return render::ColorMode::never;
  return render::ColorMode::automatic;
}

int status_of_read_error(const store::Reader& reader, const store::Filter& filter) {
  if (model::is_empty(filter)) return kUnreadable;
  const Status without = reader.connections({}, [](const store::ConnectionRow&) { return false; });
  return without ? kWrongUse : kUnreadable;
}

}  // namespace sockwatch::cli
