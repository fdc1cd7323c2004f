#include "tests/unit/layering/layering.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <optional>
#include <set>

namespace sockwatch::layering {
namespace {

namespace fs = std::filesystem;

struct Rule {
  std::string_view part;     // path prefix; the first rule that fits a path names its part
  std::string_view may_use;  // prefixes it may include besides itself, separated by blanks
};

// More special prefixes first. Headers that are made by the build stand under their bare name.
constexpr std::string_view kLaunching = "collector/ shim/wire/ viewer/ sockwatch_version.h";
constexpr std::array kRules{
    Rule{"shim/wire/", ""},
    Rule{"shim/", "shim/wire/ sockwatch_version.h"},
    Rule{"collector/support/", "sockwatch_version.h"},
    Rule{"collector/service/", ""},
    Rule{"collector/store/", "collector/support/ sockwatch_version.h"},
    Rule{"collector/connect/",
         "collector/store/rows.h collector/store/schema.h collector/store/words.h "
         "collector/support/ "
         "shim/wire/"},
    Rule{"collector/drain/",
         "collector/connect/ collector/store/ collector/support/ shim/wire/ sockwatch_version.h"},
    Rule{"viewer/launch/", kLaunching},
    Rule{"viewer/cli/run.", kLaunching},
    Rule{"viewer/cli/record.", kLaunching},
    Rule{"viewer/cli/collect.", kLaunching},
    Rule{"viewer/cli/check.", kLaunching},
    Rule{"viewer/cli/recover.", kLaunching},
    Rule{"viewer/diagnose/",
         "viewer/model/ collector/store/ collector/support/ sockwatch_version.h"},
    Rule{"viewer/", "viewer/diagnose/ collector/store/ collector/support/ sockwatch_version.h"},
};

const Rule* rule_of(std::string_view path) {
  const auto found = std::find_if(kRules.begin(), kRules.end(), [path](const Rule& rule) {
    return path.substr(0, rule.part.size()) == rule.part;
  });
  return found == kRules.end() ? nullptr : &*found;
}

bool listed(std::string_view prefixes, std::string_view path) {
  while (!prefixes.empty()) {
    const std::size_t end = std::min(prefixes.find(' '), prefixes.size());
    const std::string_view prefix = prefixes.substr(0, end);
    if (path.substr(0, prefix.size()) == prefix) return true;
    prefixes.remove_prefix(std::min(end + 1, prefixes.size()));
  }
  return false;
}

bool allowed(const Rule& from, std::string_view included) {
  if (listed(from.may_use, included)) return true;
  const Rule* to = rule_of(included);
  return to == &from;
}

// The name between quotes or angle brackets of an include line of ours; system headers are not our
// matter, but our own do not become foreign by angle brackets.
std::optional<std::string_view> included_file(std::string_view line) {
  const auto skip_blanks = [&line] {
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  };
  const auto take = [&line](std::string_view word) {
    const bool there = line.substr(0, word.size()) == word;
    if (there) line.remove_prefix(word.size());
    return there;
  };
  skip_blanks();
  if (!take("#")) return std::nullopt;
  skip_blanks();
  if (!take("include")) return std::nullopt;
  skip_blanks();
  if (line.empty() || (line[0] != '"' && line[0] != '<')) return std::nullopt;
  const bool quoted = line[0] == '"';
  line.remove_prefix(1);
  const std::string_view name = line.substr(0, line.find(quoted ? '"' : '>'));
  if (!quoted && rule_of(name) == nullptr) return std::nullopt;
  return name;
}

bool is_source(const fs::path& path) {
  static const std::set<std::string> kinds{".h", ".hpp", ".c", ".cc", ".cpp", ".def", ".in", ".S"};
  return kinds.contains(path.extension());
}

}  // namespace

std::vector<std::string> check_text(const std::string& file, std::string_view text) {
  std::vector<std::string> violations;
  const Rule* rule = rule_of(file);
  if (rule == nullptr) return {file + ":1: belongs to no part of the product"};
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const auto included = included_file(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!included || allowed(*rule, *included)) continue;
    const bool known = rule_of(*included) != nullptr;
    violations.push_back(
        fmt::format("{}:{}: {} must not include \"{}\"{}", file, number, rule->part, *included,
                    known ? "" : ", which is not a path from the repository root"));
  }
  return violations;
}

Checked check_tree(const fs::path& root) {
  Checked checked;
  for (const char* top : {"shim", "collector", "viewer"}) {
    for (const auto& entry : fs::recursive_directory_iterator(root / top)) {
      if (!entry.is_regular_file() || !is_source(entry.path())) continue;
      std::ifstream file{entry.path(), std::ios::binary};
      const std::string text{std::istreambuf_iterator<char>{file}, {}};
      ++checked.files;
      const auto found = check_text(fs::relative(entry.path(), root), text);
      checked.violations.insert(checked.violations.end(), found.begin(), found.end());
    }
  }
  return checked;
}

}  // namespace sockwatch::layering
