// Cuts the command to be recorded off the words of `run` and `record`, before any option parser
// sees them: whatever it contains is the command's business.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace sockwatch::cli {

struct CommandLine {
  std::vector<std::string> own;      // for the option parser
  std::vector<std::string> command;  // to be executed
};

// `words` without the program's name, `parser` the one of the subcommand words[0]. The command
// begins after the first "--", or at the first word that is neither an option nor an option's
// value.
CommandLine split_command_line(const std::vector<std::string>& words, const CLI::App& parser);

}  // namespace sockwatch::cli
