// The command table.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <exception>

#include "collector/store/writer.h"
#include "sockwatch_version.h"
#include "viewer/cli/commands.h"
#include "viewer/cli/help.h"
#include "viewer/cli/launch_command.h"

namespace {

using namespace sockwatch;

// As env(1): any failure of our own, whatever the command. 1 and 2 stay free for what a command has
// to say.
constexpr int kOwnFailure = 125;

constexpr const char* kExamples =
    "Examples:\n"
    "  sockwatch run -- curl --connect-timeout 3 http://10.0.7.13/\n"
    "  sockwatch record -o gateway.sockwatch -- nginx -g 'daemon off;'\n"
    "  sockwatch connections gateway.sockwatch --outcome timed_out_caller --json\n"
    "  sockwatch explain 'dial tcp 10.0.7.13:443: i/o timeout'\n";

bool launches(const std::string& name) { return name == "run" || name == "record"; }

bool takes_command(const std::string& name) { return launches(name) || name == "check"; }

const CLI::App* find(const CLI::App& app, const std::string& name) {
  for (const CLI::App* command : app.get_subcommands({})) {
    if (command->get_name() == name) return command;
  }
  return nullptr;
}

// Number of single-letter changes between two words.
std::size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

Error unknown_command(const CLI::App& app, const std::string& name) {
  std::string nearest;
  std::string all;
  std::size_t best = 3;  // further away it is no slip of the finger
  for (const CLI::App* command : app.get_subcommands({})) {
    all += " " + command->get_name();
    if (const std::size_t d = distance(name, command->get_name()); d < best) {
      best = d;
      nearest = command->get_name();
    }
  }
  return {fmt::format("unknown command '{}'", name),
          nearest.empty() ? "commands are:" + all : fmt::format("did you mean '{}'?", nearest)};
}

int run_command(const std::vector<std::string>& words) {
  CLI::App app{
      "Which connections of a program were slow or failed, in which phase, with what evidence."};
  app.name("sockwatch");
  app.set_version_flag(
      "--version", fmt::format("sockwatch {} (trace schema {})", kVersion, store::kSchemaVersion));
  app.require_subcommand(0, 1);
  app.formatter(std::make_shared<cli::Help>());

  cli::Exit exit;
  cli::CommandLine line;
  cli::add_run(app, exit, line.command);
  cli::add_record(app, exit, line.command);
  cli::add_report(app, exit);
  cli::add_connections(app, exit);
  cli::add_explain(app, exit);
  cli::add_show(app, exit);
  cli::add_check(app, exit, line.command);
  cli::add_collect(app, exit);
  cli::add_recover(app, exit);
  // Last, or every command would inherit it.
  app.footer(kExamples + std::string("\n'sockwatch COMMAND --help' tells more."));

  if (words.empty()) {
    fmt::print(stderr, "{}", app.help());
    return kOwnFailure;
  }
  const std::string& name = words.front();
  const CLI::App* command = find(app, name);
  if (command == nullptr && !name.starts_with("-")) {
    cli::print_error(unknown_command(app, name));
    return kOwnFailure;
  }
  line.own = words;
  if (takes_command(name)) line = cli::split_command_line(words, *command);
  try {
    std::vector<std::string> reversed(line.own.rbegin(), line.own.rend());  // as CLI11 wants them
    app.parse(reversed);
  } catch (const CLI::Success& answered) {
    return app.exit(answered);  // --help, --version
  } catch (const CLI::ParseError& error) {
    std::string message = error.what();
    std::ranges::replace(message, '\n', ' ');
    cli::print_error(
        {command == nullptr ? message : fmt::format("{}: {}", name, message),
         fmt::format("see: sockwatch {}--help", command == nullptr ? "" : name + " ")});
    return kOwnFailure;
  }
  return exit.status;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  const bool launching = !words.empty() && launches(words.front());
  try {
    return run_command(words);
  } catch (const std::exception& error) {
    cli::print_error({error.what(), ""});
    return launching ? kOwnFailure : 1;
  }
}
