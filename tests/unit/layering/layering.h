// Which part of the product may include which. Data flows one way, and so do the includes:
//
//   shim ─▶ shim/wire ◀─ collector ─▶ collector/store ◀─ viewer
//
// Only the viewer's launching half knows the collector that it starts.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace sockwatch::layering {

// Violations in one file, each as "file:line: what is wrong". `file` is the path from the
// repository root.
std::vector<std::string> check_text(const std::string& file, std::string_view text);

struct Checked {
  std::size_t files = 0;
  std::vector<std::string> violations;
};

// Every C and C++ file under shim/, collector/ and viewer/ of `root`.
Checked check_tree(const std::filesystem::path& root);

}  // namespace sockwatch::layering
