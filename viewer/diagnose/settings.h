// What the recorded machine was set to, and what follows for TCP and the resolver: signatures are
// computed from this, never from the constants of one kernel.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "collector/store/rows.h"

namespace sockwatch::diagnose {

struct Settings {
  int syn_retries = 6;          // tcp_syn_retries
  int syn_linear_timeouts = 0;  // tcp_syn_linear_timeouts, 0 where the kernel has none (before 6.5)
  int retries2 = 15;            // tcp_retries2
  int tw_reuse = 2;  // tcp_tw_reuse: ports of closed connections are free again after 1 s; 0
                     // nowhere, 1 everywhere, 2 on loopback
  std::int64_t somaxconn = 4096;
  std::int64_t first_port = 32768;  // ip_local_port_range, both ends belong to it
  std::int64_t last_port = 60999;
  int nameservers = 1;
  store::Ns resolver_timeout = 5'000'000'000;
  int resolver_attempts = 2;
  std::vector<std::string> nameserver_addresses;
  std::vector<std::string> search;
  int ndots = 1;  // names with fewer dots are first asked for with each suffix of `search`
  std::vector<std::string> proxies;  // "host:port" of the proxy variables

  // Of table `trace`; what it lacks stays at the kernel's or the resolver's default.
  static Settings of(const std::map<std::string, std::string>& trace);

  std::int64_t port_count() const { return last_port - first_port + 1; }

  // When SYN number resend + 1 goes out, counted from the first; resend >= 1. The first
  // syn_linear_timeouts + 1 time-outs are 1 s long, after them they double up to 120 s
  // (tcp_syn_linear_timeouts in ip-sysctl.rst, Linux 6.5). The kernel's timers are late by up to
  // 3 %, never early.
  store::Ns syn_resend(int resend) const;
  // When the kernel gives up and says ETIMEDOUT: the first time-out that ends when a ladder without
  // a linear part would have sent its last SYN and waited for it.
  store::Ns give_up() const;
  int resends_at_give_up() const;
};

}  // namespace sockwatch::diagnose
