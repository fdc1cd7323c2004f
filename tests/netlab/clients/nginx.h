// nginx as a reverse proxy, for recording it as a client of its upstreams.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/netlab/clients/commands.h"
#include "tests/netlab/lab/namespace.h"

namespace sockwatch::netlab {

inline constexpr std::uint16_t kNginxPort = 8080;

// Master and two workers in front of `upstreams`, each at /N/. They give up after 1.5 s.
Words nginx_in_front_of(const Namespace& network, const std::vector<std::uint16_t>& upstreams);
void wait_until_nginx_listens(const Namespace& network);
// As a client of the proxy sees it, not recorded.
std::string nginx_status_of(const Namespace& network, int upstream);
void stop_nginx(const Namespace& network);

}  // namespace sockwatch::netlab
