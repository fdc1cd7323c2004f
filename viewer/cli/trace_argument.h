// What the commands that read one trace have in common.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>
#include <vector>

#include "collector/store/reader.h"
#include "collector/support/result.h"
#include "viewer/cli/filters.h"
#include "viewer/render/style.h"

namespace sockwatch::cli {

inline constexpr int kUnreadable = 125;  // exit status: the trace, or the place to write to
inline constexpr int kWrongUse = 125;

// How text is to look: --ascii, --color.
struct LookArguments {
  bool ascii = false;
  std::string color = "auto";
};

void add_look_arguments(CLI::App& command, LookArguments& look);

// For text that goes to `out`.
render::TextStyle text_style(const LookArguments& look, std::FILE* out);

struct TraceArguments {
  std::vector<std::string> files;
  FilterFlags filters;
  bool json = false;
  bool redact = false;
  LookArguments look;
};

void add_redact_flag(CLI::App& command, bool& redact);

// With `redact` it gives out pseudonyms.
Result<store::Reader> open_trace(const std::string& path, bool redact);

// What texts call the trace: a path is a name too.
inline std::string shown_file(const std::string& path, bool redact) { return redact ? "" : path; }

void add_trace_arguments(CLI::App& command, TraceArguments& arguments);

// Exactly one file, filters that make sense. An error is one of use.
Status check(const TraceArguments& arguments, const std::string& command);

// Whether an error while reading connections came from what the person asked for (a word or a
// destination that cannot be) and not from the file.
int status_of_read_error(const store::Reader& reader, const store::Filter& filter);

}  // namespace sockwatch::cli
