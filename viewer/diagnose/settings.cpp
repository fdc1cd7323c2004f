#include "viewer/diagnose/settings.h"
#include "viewer/diagnose/units.h"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace sockwatch::diagnose {
namespace {

constexpr store::Ns kLongestTimeout = 120;  // TCP_RTO_MAX, seconds
constexpr int kDoublings = 6;               // 1 s doubled more often would exceed it

using Trace = std::map<std::string, std::string>;

std::string_view value_of(const Trace& trace, const std::string& key) {
  const auto found = trace.find(key);
  return found == trace.end() ? std::string_view() : std::string_view(found->second);
}

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> result;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (end > 0) result.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return result;
}

// Leaves `target` alone where the text is no number of the range: a trace may hold anything.
template <typename Number>
void read(std::string_view text, Number& target, std::int64_t least, std::int64_t most) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return;
  if (number >= least && number <= most) target = static_cast<Number>(number);
}

}  // namespace

Settings Settings::of(const Trace& trace) {
  Settings settings;
  read(value_of(trace, "tcp_syn_retries"), settings.syn_retries, 1, 127);
  read(value_of(trace, "tcp_syn_linear_timeouts"), settings.syn_linear_timeouts, 0, 127);
  read(value_of(trace, "tcp_retries2"), settings.retries2, 0, 255);
  read(value_of(trace, "tcp_tw_reuse"), settings.tw_reuse, 0, 2);
  read(value_of(trace, "somaxconn"), settings.somaxconn, 0, 1LL << 31);
  const auto ports = words(value_of(trace, "ip_local_port_range"));
  if (ports.size() == 2) {
    Settings range;
    read(ports[0], range.first_port, 0, 65535);
    read(ports[1], range.last_port, 0, 65535);
    if (range.first_port <= range.last_port) {
      settings.first_port = range.first_port;
      settings.last_port = range.last_port;
    }
  }
  read(value_of(trace, "resolver_nameserver_count"), settings.nameservers, 1, 3);
  std::int64_t timeout = settings.resolver_timeout / kSecond;
  read(value_of(trace, "resolver_timeout_s"), timeout, 1, 30);
  settings.resolver_timeout = timeout * kSecond;
  read(value_of(trace, "resolver_attempts"), settings.resolver_attempts, 1, 5);
  settings.nameserver_addresses = words(value_of(trace, "resolver_nameservers"));
  settings.search = words(value_of(trace, "resolver_search"));
  for (const std::string& option : words(value_of(trace, "resolver_options"))) {
    constexpr std::string_view kDots = "ndots:";
    if (option.starts_with(kDots)) {
      read(std::string_view(option).substr(kDots.size()), settings.ndots, 0, 15);
    }
  }
  for (const char* key : {"proxy_http", "proxy_https", "proxy_all"}) {
    const std::string_view proxy = value_of(trace, key);
    // "set": there is one, but it was not understood.
    if (proxy.empty() || proxy == "set") continue;
    if (std::find(settings.proxies.begin(), settings.proxies.end(), proxy) ==
        settings.proxies.end()) {
      settings.proxies.emplace_back(proxy);
    }
  }
  return settings;
}

store::Ns Settings::syn_resend(int resend) const {
  store::Ns at = 0;
  for (int gap = 1; gap <= resend; ++gap) {
    const int doubled = std::clamp(gap - syn_linear_timeouts - 1, 0, kDoublings + 1);
    at += std::min(store::Ns{1} << doubled, kLongestTimeout);
  }
  return at * kSecond;
}

int Settings::resends_at_give_up() const {
  // tcp_model_timeout() of the kernel.
  const int doubling = std::min(syn_retries, kDoublings);
  const store::Ns limit =
      ((store::Ns{2} << doubling) - 1 + (syn_retries - doubling) * kLongestTimeout) * kSecond;
  int timeout = 1;
  while (syn_resend(timeout) < limit) ++timeout;
  return timeout - 1;
}

store::Ns Settings::give_up() const { return syn_resend(resends_at_give_up() + 1); }

}  // namespace sockwatch::diagnose
