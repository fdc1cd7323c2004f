// `show`: one connection, its phases drawn to scale, and every fact the trace has of it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "collector/store/rows.h"
#include "viewer/render/style.h"

namespace sockwatch::render {

struct ConnectionFacts {
  std::map<std::string, std::string> trace;
  store::ConnectionRow row;
  std::optional<store::ProcessRow> process;
  std::optional<store::ResolutionRow> lookup;
  std::vector<store::WaitRow> waits;
};

std::string connection_page(const ConnectionFacts& facts, const TextStyle& style);

}  // namespace sockwatch::render
