#include "viewer/cli/help.h"

namespace sockwatch::cli {

Help::Help() { column_width(26); }

std::string Help::make_usage(const CLI::App* app, std::string name) const {
  const std::string& command = app->get_name();
  if (app->get_parent() == nullptr) return "Usage: sockwatch COMMAND [OPTIONS]...\n";
  if (command == "run" || command == "record") {
    return "Usage: sockwatch " + command + " [OPTIONS] -- COMMAND [ARGUMENT...]\n";
  }
  if (command == "check") return "Usage: sockwatch check [OPTIONS] COMMAND|PID\n";
  return CLI::Formatter::make_usage(app, std::move(name));
}

}  // namespace sockwatch::cli
