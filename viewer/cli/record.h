// The options that `run` and `record` have in common.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>

#include "viewer/launch/recording.h"

namespace sockwatch::cli {

// Adds them to a subcommand; the result is filled when the subcommand has been parsed.
std::shared_ptr<launch::RecordOptions> add_record_options(CLI::App& command);

// The last line of a recording: where the trace is and how to open it.
void say_trace(const std::string& path);

}  // namespace sockwatch::cli
