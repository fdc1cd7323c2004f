// The command table: each command is one file in this folder that adds itself to the parser.
//
// A command reports through `Exit`: 0, or what its kind calls for (run/record: the target's
// status; any failure of our own: 125, 126, 127 as env(1)).
#pragma once

#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>
#include <vector>

#include "collector/store/reader.h"
#include "collector/support/result.h"
#include "viewer/cli/fail_on.h"
#include "viewer/cli/trace_argument.h"

namespace sockwatch::cli {

struct Exit {
  int status = 0;
};

// Launching (may use the collector). `command` is filled before the callback runs: main cuts the
// command to be executed off the line first, because no option parser may interpret it.
void add_run(CLI::App& app, Exit& exit, const std::vector<std::string>& command);
void add_record(CLI::App& app, Exit& exit, const std::vector<std::string>& command);
void add_check(CLI::App& app, Exit& exit, const std::vector<std::string>& command);
void add_collect(CLI::App& app, Exit& exit);
void add_recover(CLI::App& app, Exit& exit);

// Reading a trace (know collector/store only)
void add_report(CLI::App& app, Exit& exit);
void add_connections(CLI::App& app, Exit& exit);
void add_explain(CLI::App& app, Exit& exit);
void add_show(CLI::App& app, Exit& exit);

// --fail-on of `report` and `run`.
void add_fail_on(CLI::App& command, std::string& text);

struct ReportOptions {
  bool json = false;
  bool redact = false;
  bool quiet = false;  // only what --fail-on asks
  LookArguments look;
  store::Filter filter;
  std::vector<FailTerm> fail_on;
};

// What `report` prints, for `run` to print when the target has ended. Writes to `out`. The result
// is one sentence for each condition of `fail_on` that is met.
Result<std::vector<std::string>> write_report(const std::string& trace_path,
                                              const ReportOptions& options, std::FILE* out);

// Prints "sockwatch: message" and the hint on a line of its own, to stderr.
void print_error(const Error& error);

}  // namespace sockwatch::cli
