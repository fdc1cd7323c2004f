#include <fmt/format.h>

#include "viewer/cli/commands.h"
#include "viewer/render/clean_text.h"

namespace sockwatch::cli {

void print_error(const Error& error) {
  std::string text = "sockwatch: " + render::clean(error.message) + "\n";
  if (!error.hint.empty()) text += "sockwatch: " + render::clean(error.hint) + "\n";
  std::fwrite(text.data(), 1, text.size(), stderr);
}

}  // namespace sockwatch::cli
