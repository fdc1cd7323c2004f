// The sockets a program listens on.
#pragma once

#include <string>
#include <vector>

#include "collector/store/rows.h"
#include "viewer/render/style.h"

namespace sockwatch::render {

// A section on those whose queue was ever full or whose accepts failed; empty where there is none.
std::string listener_section(const std::vector<store::ListenerRow>& listeners,
                             const std::vector<store::ProcessRow>& processes,
                             const TextStyle& style);

}  // namespace sockwatch::render
