#include "collector/drain/facts.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/utsname.h>

#include <algorithm>
#include <cstdlib>

#include "collector/drain/clock.h"
#include "collector/drain/resolver_settings.h"
#include "collector/drain/text_file.h"
#include "sockwatch_version.h"

namespace sockwatch::drain {
namespace {

// The first line, tabs as spaces.
std::optional<std::string> read_line(const std::string& path) {
  std::optional<std::string> text = read_text_file(path, 4096);
  if (!text) return std::nullopt;
  text->resize(std::min(text->find('\n'), text->size()));
  std::replace(text->begin(), text->end(), '\t', ' ');
  return text;
}

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : value;
}

void add_kernel_settings(Facts& facts) {
  for (const char* name :
       {"tcp_syn_retries", "tcp_retries2", "tcp_tw_reuse", "ip_local_port_range"}) {
    if (auto value = read_line(fmt::format("/proc/sys/net/ipv4/{}", name))) {
      facts.emplace_back(name, *std::move(value));
    }
  }
  // Before Linux 6.5 there is no such setting, and no linear part of the ladder.
  facts.emplace_back("tcp_syn_linear_timeouts",
                     read_line("/proc/sys/net/ipv4/tcp_syn_linear_timeouts").value_or("0"));
  if (auto value = read_line("/proc/sys/net/core/somaxconn")) {
    facts.emplace_back("somaxconn", *std::move(value));
  }
}

void add_resolver(Facts& facts) {
  const ResolverSettings settings = parse_resolver_settings(
      read_text_file("/etc/resolv.conf").value_or(""), environment("RES_OPTIONS"));
  facts.emplace_back("resolver_nameservers",
                     fmt::format("{}", fmt::join(settings.nameservers, " ")));
  facts.emplace_back("resolver_nameserver_count", fmt::format("{}", settings.nameservers.size()));
  facts.emplace_back("resolver_timeout_s", fmt::format("{}", settings.timeout_s));
  facts.emplace_back("resolver_attempts", fmt::format("{}", settings.attempts));
  facts.emplace_back("resolver_options", fmt::format("{}", fmt::join(settings.options, " ")));
  facts.emplace_back("resolver_search", fmt::format("{}", fmt::join(settings.search, " ")));
}

struct ProxyVariable {
  const char* key;
  const char* lower;
  const char* upper;
};
constexpr ProxyVariable kProxyVariables[] = {{"proxy_http", "http_proxy", "HTTP_PROXY"},
                                             {"proxy_https", "https_proxy", "HTTPS_PROXY"},
                                             {"proxy_all", "all_proxy", "ALL_PROXY"}};

void add_proxies(Facts& facts) {
  for (const ProxyVariable& variable : kProxyVariables) {
    auto proxy = proxy_host_port(environment(variable.lower));
    if (!proxy) proxy = proxy_host_port(environment(variable.upper));
    if (proxy) facts.emplace_back(variable.key, *std::move(proxy));
  }
  if (!environment("no_proxy").empty() || !environment("NO_PROXY").empty()) {
    facts.emplace_back("proxy_no", "set");
  }
}

bool is_port(std::string_view text) {
  return text.size() <= 5 && !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_host(std::string_view text) {
  constexpr std::string_view kName =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
  constexpr std::string_view kInet6 = "0123456789abcdefABCDEF:.";
  if (text.starts_with('[') && text.ends_with(']')) {
    text = text.substr(1, text.size() - 2);
    return !text.empty() && text.find_first_not_of(kInet6) == std::string_view::npos;
  }
  return !text.empty() && text.find_first_not_of(kName) == std::string_view::npos;
}

}  // namespace

std::string proxies_in(std::string_view environment) {
  std::vector<std::string> found;
  while (!environment.empty()) {
    const std::size_t end = std::min(environment.find('\0'), environment.size());
    const std::string_view entry = environment.substr(0, end);
    environment.remove_prefix(std::min(end + 1, environment.size()));
    const std::size_t sign = std::min(entry.find('='), entry.size());
    const bool is_proxy = std::any_of(
        std::begin(kProxyVariables), std::end(kProxyVariables), [&](const ProxyVariable& variable) {
          return entry.substr(0, sign) == variable.lower || entry.substr(0, sign) == variable.upper;
        });
    if (!is_proxy || sign == entry.size()) continue;
    auto proxy = proxy_host_port(entry.substr(sign + 1));
    if (!proxy || *proxy == "set" || std::ranges::find(found, *proxy) != found.end()) continue;
    found.push_back(*std::move(proxy));
  }
  return fmt::format("{}", fmt::join(found, " "));
}

std::optional<std::string> proxy_host_port(std::string_view variable) {
  if (variable.empty()) return std::nullopt;
  constexpr std::string_view kScheme = "://";
  if (const std::size_t at = variable.find(kScheme); at != std::string_view::npos) {
    variable.remove_prefix(at + kScheme.size());
  }
  // The last @, not the first: an unescaped one may be part of the password, and so may a slash.
  if (const std::size_t at = variable.rfind('@'); at != std::string_view::npos) {
    variable.remove_prefix(at + 1);
  }
  variable = variable.substr(0, variable.find_first_of("/?#"));
  const std::size_t colon = variable.rfind(':');
  const bool has_port = colon != std::string_view::npos && is_port(variable.substr(colon + 1));
  if (!is_host(has_port ? variable.substr(0, colon) : variable)) return "set";
  return std::string(variable);
}

Facts collect_facts(bool all_calls) {
  Facts facts;
  const std::int64_t now = monotonic_ns();
  facts.emplace_back("sockwatch_version", kVersion);
  utsname system{};
  if (::uname(&system) == 0) {
    facts.emplace_back("host", system.nodename);
    facts.emplace_back("kernel", system.release);
  }
  if (auto boot = read_line("/proc/sys/kernel/random/boot_id")) {
    facts.emplace_back("boot_id", *std::move(boot));
  }
  facts.emplace_back("started", fmt::format("{}", now));
  facts.emplace_back("monotonic_to_unix_ns",
                     fmt::format("{}", clock_ns(CLOCK_REALTIME) - monotonic_ns()));
  facts.emplace_back("detail", all_calls ? "calls" : "connections");
  add_kernel_settings(facts);
  add_resolver(facts);
  add_proxies(facts);
  return facts;
}

}  // namespace sockwatch::drain
