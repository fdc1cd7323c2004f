// What the rules need to know about the machine a trace was recorded on: table `trace`.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sockwatch::drain {

using Facts = std::vector<std::pair<std::string, std::string>>;

// All facts known at the start of a recording. What the machine does not tell is left out. The
// network settings are those of the collector's own network namespace, proxies those of its own
// environment: the launcher gives the target the same.
//
//   sockwatch_version host boot_id kernel started         started: ns, CLOCK_MONOTONIC
//   monotonic_to_unix_ns                                  add it to a time of the trace
//   detail                                                "calls" or "connections"
//   command_lines                                         "redacted", or not there (the recorder's)
//   tcp_syn_retries tcp_syn_linear_timeouts tcp_retries2 tcp_tw_reuse somaxconn
//   ip_local_port_range                                   "32768 60999"
//   resolver_nameservers resolver_search resolver_options   words separated by one space
//   resolver_nameserver_count resolver_timeout_s resolver_attempts
//   proxy_http proxy_https proxy_all                      "host:port", or "set" if it is no such
//   proxy_no                                              "set"
Facts collect_facts(bool all_calls);

// The host and port of a proxy variable, never a name or password that may be in it. "set" if the
// value is not understood; empty if there is none.
std::optional<std::string> proxy_host_port(std::string_view variable);

// The host and port of each proxy variable in an environment as /proc/PID/environ has it, each
// once, one space between; empty if there is none that is understood.
std::string proxies_in(std::string_view environment);

}  // namespace sockwatch::drain
