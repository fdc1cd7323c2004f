// How --help looks.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace sockwatch::cli {

class Help : public CLI::Formatter {
 public:
  Help();
  // The words CLI11 does not know of: the command to be executed is cut off before it parses.
  std::string make_usage(const CLI::App* app, std::string name) const override;
};

}  // namespace sockwatch::cli
