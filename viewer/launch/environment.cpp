#include "viewer/launch/environment.h"

#include <unistd.h>

#include <algorithm>
#include <optional>

#include "shim/wire/exec_note.h"
#include "shim/wire/segment.h"
#include "viewer/launch/library.h"

namespace sockwatch::launch {
namespace {

constexpr const char* kPreload = "LD_PRELOAD";
constexpr const char* kAsanOptions = "ASAN_OPTIONS";
constexpr const char* kAnyOrder = "verify_asan_link_order=0";

std::optional<std::string> get(const Environment& environment, const std::string& name) {
  for (const std::string& entry : environment) {
    if (entry.starts_with(name + "=")) return entry.substr(name.size() + 1);
  }
  return std::nullopt;
}

void unset(Environment& environment, const std::string& name) {
  std::erase_if(environment, [&](const std::string& e) { return e.starts_with(name + "="); });
}

// In its old place, so a program that prints its environment sees the order it knows.
void set(Environment& environment, const std::string& name, const std::string& value) {
  const auto old = std::find_if(environment.begin(), environment.end(),
                                [&](const std::string& e) { return e.starts_with(name + "="); });
  if (old == environment.end()) {
    environment.push_back(name + "=" + value);
  } else {
    *old = name + "=" + value;
  }
}

}  // namespace

Environment current_environment() {
  Environment all;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    all.emplace_back(*entry);
  }
  return all;
}

std::string append_preload(const std::string& value, const std::string& library) {
  std::string kept;
  for (std::size_t begin = 0; begin < value.size();) {
    const std::size_t end = std::min(value.find_first_of(": \t\n", begin), value.size());
    const std::string entry = value.substr(begin, end - begin);
    if (!entry.empty() && entry.substr(entry.rfind('/') + 1) != kLibraryName && entry != library) {
      kept += entry + ":";
    }
    begin = end + 1;
  }
  return kept + library;
}

bool fits_preload(const std::string& path) {
  return path.find_first_of(": \t\n$") == std::string::npos;
}

Environment recorded_environment(Environment base, const Additions& additions) {
  if (additions.library.empty()) return base;
  set(base, kPreload, append_preload(get(base, kPreload).value_or(""), additions.library));
  set(base, wire::kDirVariable, additions.run_directory);
  if (additions.all_calls) {
    set(base, wire::kDetailVariable, "calls");
  } else {
    unset(base, wire::kDetailVariable);
  }
  if (additions.follow) {
    set(base, wire::kFollowVariable, "1");
  } else {
    unset(base, wire::kFollowVariable);
  }
  const std::string options = get(base, kAsanOptions).value_or("");
  if (options.find("verify_asan_link_order") == std::string::npos) {
    set(base, kAsanOptions, options.empty() ? kAnyOrder : options + ":" + kAnyOrder);
  }
  return base;
}

Environment unrecorded_environment(Environment base) {
  unset(base, kPreload);
  unset(base, wire::kDirVariable);
  unset(base, wire::kDetailVariable);
  unset(base, wire::kFollowVariable);
  return base;
}

}  // namespace sockwatch::launch
