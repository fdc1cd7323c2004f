// sockwatch explain: what an error text means.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <memory>

#include "viewer/cli/commands.h"
#include "viewer/cli/output.h"
#include "viewer/cli/trace_argument.h"
#include "viewer/render/text_explained.h"

namespace sockwatch::cli {
namespace {

struct ExplainArguments {
  std::vector<std::string> words;
  LookArguments look;
};

int fail(const Error& error) {
  print_error(error);
  return kWrongUse;
}

int print(const std::string& text) {
  Output output(stdout);
  output.write(text);
  if (const Status written = output.finish(); !written) return fail(written.error());
  return 0;
}

int explain(const ExplainArguments& arguments) {
  if (arguments.words.empty()) {
    return fail({"explain: what?", "sockwatch explain \"connection timed out\": a text you found"});
  }
  const render::TextStyle style = text_style(arguments.look, stdout);
  const std::string said = fmt::format("{}", fmt::join(arguments.words, " "));
  const std::string text = render::explained_text(said, style);
  if (text.empty()) {
    return fail({fmt::format("no known program prints '{}'", said),
                 "record the program that did, it shows what happened: sockwatch run -- COMMAND"});
  }
  return print(text);
}

}  // namespace

void add_explain(CLI::App& app, Exit& exit) {
  CLI::App* command = app.add_subcommand("explain", "What an error text means, and what to record");
  auto arguments = std::make_shared<ExplainArguments>();
  command->add_option("TEXT", arguments->words, "a text that a program printed")->type_name("");
  add_look_arguments(*command, arguments->look);
  command->callback([arguments, &exit] { exit.status = explain(*arguments); });
}

}  // namespace sockwatch::cli
