// sockwatch show: everything a trace has about one connection.
#include <fmt/format.h>

#include <charconv>
#include <memory>

#include "viewer/cli/commands.h"
#include "viewer/cli/output.h"
#include "viewer/cli/trace_argument.h"
#include "viewer/model/shell_word.h"
#include "viewer/render/connection_page.h"
#include "viewer/render/json_rows.h"

namespace sockwatch::cli {
namespace {

struct ShowArguments {
  std::vector<std::string> words;
  LookArguments look;
  bool json = false;
  bool redact = false;
};

Result<std::int64_t> parse_id(const std::string& text) {
  std::int64_t id = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), id);
  if (read.ec == std::errc() && read.ptr == text.data() + text.size() && id > 0) return id;
  return Error{fmt::format("show: '{}' is no number of a connection", text),
               "sockwatch connections FILE has them in its second column"};
}

// Numbers are given one after the other; a trace that was edited may lack some.
std::string what_there_is(const store::Reader& reader) {
  const auto exists = [&](std::int64_t id) {
    const auto row = reader.connection(id);
    return row && *row;
  };
  bool any = false;
  const auto look = [&](const store::ConnectionRow&) { return !(any = true); };
  if (!reader.connections({}, look) || !any) return "it has none";
  if (!exists(1)) return "its numbers do not begin with 1";
  std::int64_t known = 1;
  while (known < INT64_MAX / 4 && exists(known * 2)) known *= 2;
  for (std::int64_t step = known / 2; step > 0; step /= 2) {
    if (exists(known + step)) known += step;
  }
  return known == 1 ? "it has only 1" : fmt::format("it has 1 to {}", known);
}

Result<std::string> page(const std::string& path, std::int64_t id, const ShowArguments& arguments) {
  const auto reader = open_trace(path, arguments.redact);
  if (!reader) return reader.error();
  render::ConnectionFacts facts;
  const auto trace = reader->trace();
  if (!trace) return trace.error();
  facts.trace = *trace;
  const auto row = reader->connection(id);
  if (!row) return row.error();
  if (!*row) {
    return Error{
        fmt::format("show: no connection {} in {}: {}", id, path, what_there_is(*reader)),
        fmt::format("sockwatch connections {} has their numbers", model::shell_file(path))};
  }
  facts.row = **row;
  if (arguments.json) {
    std::string line;
    render::append_json_row(line, facts.row);
    return line;
  }
  const auto processes = reader->processes();
  if (!processes) return processes.error();
  for (const auto& process : *processes) {
    if (process.id == facts.row.process_id) facts.process = process;
  }
  const auto waits = reader->waits(id);
  if (!waits) return waits.error();
  facts.waits = *waits;
  const Status lookups = reader->resolutions([&](const store::ResolutionRow& lookup) {
    if (lookup.id == facts.row.resolution_id) facts.lookup = lookup;
    return !facts.lookup;
  });
  if (!lookups) return lookups.error();
  render::TextStyle style = text_style(arguments.look, stdout);
  style.file = shown_file(path, arguments.redact);
  return render::connection_page(facts, style);
}

int show(const ShowArguments& arguments) {
  const auto fail = [](const Error& error) {
    print_error(error);
    return kWrongUse;
  };
  if (arguments.words.size() != 2) {
    return fail({"show: which connection of which trace?", "sockwatch show FILE ID"});
  }
  const auto id = parse_id(arguments.words[1]);
  if (!id) return fail(id.error());
  const auto text = page(arguments.words[0], *id, arguments);
  if (!text) return fail(text.error());
  Output output(stdout);
  output.write(*text);
  if (const Status written = output.finish(); !written) return fail(written.error());
  return 0;
}

}  // namespace

void add_show(CLI::App& app, Exit& exit) {
  CLI::App* command = app.add_subcommand("show", "One connection: its phases to scale, every fact");
  auto arguments = std::make_shared<ShowArguments>();
  command->add_option("FILE ID", arguments->words, "the trace, and the number of the connection")
      ->type_name("");
  command->add_flag("--json", arguments->json, "for programs");
  add_redact_flag(*command, arguments->redact);
  add_look_arguments(*command, arguments->look);
  command->callback([arguments, &exit] { exit.status = show(*arguments); });
}

}  // namespace sockwatch::cli
