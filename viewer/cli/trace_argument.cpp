#include "viewer/cli/trace_argument.h"

#include <fmt/format.h>

#include "viewer/model/load.h"
#include "viewer/model/shell_word.h"
#include "viewer/render/terminal.h"

namespace sockwatch::cli {

namespace {

render::ColorMode color_mode(const std::string& word) {
  if (word == "always") return render::ColorMode::always;
  if (word == "never") return render::ColorMode::never;
  return render::ColorMode::automatic;
}

}  // namespace

void add_look_arguments(CLI::App& command, LookArguments& look) {
  command.add_flag("--ascii", look.ascii, "nothing beyond ASCII");
  command.add_option("--color", look.color, "auto, always or never")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->type_name("WHEN");
}

render::TextStyle text_style(const LookArguments& look, std::FILE* out) {
  render::TextStyle style;
  style.width = render::text_width(out);
  style.ascii = look.ascii || !render::locale_is_utf8();
  style.color = render::wants_color(color_mode(look.color), out);
  return style;
}

void add_redact_flag(CLI::App& command, bool& redact) {
  command.add_flag("--redact", redact,
                   "pseudonyms for addresses, names and paths, the same for the same");
}

Result<store::Reader> open_trace(const std::string& path, bool redact) {
  auto reader = store::Reader::open(path);
  if (!reader || !redact) return reader;
  if (const Status redacted = reader->redact(); !redacted) return redacted.error();
  return reader;
}

void add_trace_arguments(CLI::App& command, TraceArguments& arguments) {
  command.add_option("FILE", arguments.files, "the trace")->type_name("");
  command.add_flag("--json", arguments.json, "for programs");
  add_redact_flag(command, arguments.redact);
  add_look_arguments(command, arguments.look);
  add_filter_flags(command, arguments.filters);
}

Status check(const TraceArguments& arguments, const std::string& command) {
  if (arguments.files.empty()) {
    return Error{fmt::format("{}: which trace?", command),
                 fmt::format("sockwatch {} FILE; sockwatch run -- COMMAND makes one", command)};
  }
  if (arguments.files.size() > 1) {
    return Error{fmt::format("{} reads one trace, not {}", command, arguments.files.size()),
                 fmt::format("run it once for each: sockwatch {} {}", command,
                             model::shell_file(arguments.files.front()))};
  }
  return check_filter_flags(arguments.filters);
}

int status_of_read_error(const store::Reader& reader, const store::Filter& filter) {
  if (model::is_empty(filter)) return kUnreadable;
  const Status without = reader.connections({}, [](const store::ConnectionRow&) { return false; });
  return without ? kWrongUse : kUnreadable;
}

}  // namespace sockwatch::cli
