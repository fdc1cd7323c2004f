// Words of the collector to the person: stderr, one line and a hint.
#pragma once

#include <fmt/format.h>

#include <cstdio>

#include "collector/support/clean_text.h"
#include "collector/support/result.h"

namespace sockwatch::drain {

inline void report_problem(const Error& error) {
  std::string text = fmt::format("sockwatch: {}\n", clean(error.message));
  if (!error.hint.empty()) text += fmt::format("sockwatch: {}\n", clean(error.hint));
  std::fputs(text.c_str(), stderr);
}

}  // namespace sockwatch::drain
