#include "collector/drain/resolver_settings.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace sockwatch::drain {
namespace {

// MAXNS, RES_MAXRETRANS and RES_MAXRETRY of glibc's resolv.h and resolv_conf.c.
constexpr std::size_t kMaxNameservers = 3;
constexpr int kMaxTimeout = 30;
constexpr int kMaxAttempts = 5;

std::vector<std::string_view> words(std::string_view line) {
  std::vector<std::string_view> result;
  constexpr std::string_view kBlank = " \t\r";
  for (std::size_t at = line.find_first_not_of(kBlank); at != std::string_view::npos;) {
    const std::size_t end = std::min(line.find_first_of(kBlank, at), line.size());
    result.push_back(line.substr(at, end - at));
    at = line.find_first_not_of(kBlank, end);
  }
  return result;
}

std::optional<int> value_of(std::string_view option, std::string_view key) {
  if (!option.starts_with(key)) return std::nullopt;
  int value = 0;
  const char* begin = option.data() + key.size();
  const auto result = std::from_chars(begin, option.data() + option.size(), value);
  if (result.ec != std::errc{} || value < 0) return std::nullopt;
  return value;
}

void apply_options(const std::vector<std::string_view>& options, ResolverSettings& settings) {
  for (const std::string_view option : options) {
    settings.options.emplace_back(option);
    if (const auto value = value_of(option, "timeout:")) {
      settings.timeout_s = std::clamp(*value, 1, kMaxTimeout);  // glibc waits a second at least
    }
    if (const auto value = value_of(option, "attempts:")) {
      settings.attempts = std::min(*value, kMaxAttempts);
    }
  }
}

}  // namespace

ResolverSettings parse_resolver_settings(std::string_view resolv_conf,
                                         std::string_view res_options) {
  ResolverSettings settings;
  while (!resolv_conf.empty()) {
    const std::size_t end = std::min(resolv_conf.find('\n'), resolv_conf.size());
    const std::string_view line = resolv_conf.substr(0, end);
    resolv_conf.remove_prefix(std::min(end + 1, resolv_conf.size()));
    // A keyword counts only in the first column.
    if (line.empty() || line.find_first_of(" \t;#") == 0) continue;
    std::vector<std::string_view> rest = words(line);
    if (rest.size() < 2) continue;
    const std::string_view keyword = rest.front();
    rest.erase(rest.begin());
    if (keyword == "nameserver" && settings.nameservers.size() < kMaxNameservers) {
      settings.nameservers.emplace_back(rest.front());
    } else if (keyword == "search") {  // the last of search and domain counts
      settings.search.assign(rest.begin(), rest.end());
    } else if (keyword == "domain") {
      settings.search.assign(1, std::string(rest.front()));
    } else if (keyword == "options") {
      apply_options(rest, settings);
    }
  }
  apply_options(words(res_options), settings);
  if (settings.nameservers.empty()) settings.nameservers.emplace_back("127.0.0.1");
  return settings;
}

}  // namespace sockwatch::drain
