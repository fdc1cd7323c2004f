// `connections --json`: one object a line, keys are the column names of the trace.
#pragma once

#include <string>

#include "collector/store/rows.h"

namespace sockwatch::render {

// Appends one line with its newline. ASCII only; NULL is null; bytes that are not UTF-8 become
// U+FFFD.
void append_json_row(std::string& out, const store::ConnectionRow& row);

// `text` as a JSON string with its quotes.
void append_json_string(std::string& out, std::string_view text);

}  // namespace sockwatch::render
