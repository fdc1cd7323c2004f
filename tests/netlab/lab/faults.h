// The ways a network says no, or says nothing. Each needs only a private namespace.
#pragma once

#include <cstdint>
#include <string>

#include "tests/netlab/lab/namespace.h"

namespace sockwatch::netlab {

// TCP packets to `port` vanish on arrival; with `address`, only those to it. Silence, as a filter
// gives.
void drop_tcp(const Namespace& network, std::uint16_t port, const std::string& address = "");

// The same on the sender's side, as a filter on the client's own host does: nothing leaves it.
void drop_tcp_before_it_leaves(const Namespace& network, std::uint16_t port);

// The first `count` SYNs to `port` are lost, later ones arrive.
void drop_first_syns(const Namespace& network, std::uint16_t port, int count);

// The same of the answers (SYN-ACK).
void drop_first_syn_acks(const Namespace& network, std::uint16_t port, int count);

// A middlebox that remembers one source port wrongly: what comes from it to `port` vanishes.
void drop_source_port(const Namespace& network, std::uint16_t port, std::uint16_t source);

// Of SYNs to `port` that arrive within about 10 ms of each other only the first gets through, as
// where a NAT gives two connections the same port.
void drop_simultaneous_syns(const Namespace& network, std::uint16_t port);

// A path whose MTU is smaller than both ends believe, and which tells nobody: larger packets of
// connections to `port` vanish, small ones pass. Needs real packets, as on the far side: loopback
// carries a whole window as one.
enum class Way { to_server, to_client };
void drop_large(const Namespace& network, std::uint16_t port, Way way, int largest = 1200);

// `answer` is what nft(8) accepts after "reject with", e.g. "tcp reset", "icmp host-unreachable",
// "icmpv6 admin-prohibited".
void reject_tcp(const Namespace& network, std::uint16_t port, const std::string& answer);

// Answers of the local routing table, no packet leaves. `kind`: unreachable, prohibit, blackhole.
void route_refusing(const Namespace& network, const std::string& kind, const std::string& address);

// An address in no route at all (the namespace has no default route): documentation range of RFC
// 5737.
inline constexpr const char* kNoRoute = "192.0.2.1";

// A link with nobody on it: returns an address on it that no ARP request will find.
std::string absent_neighbour(const Namespace& network);

// The kernel gives up connecting after `retries` resends: with 1 after 3 to 4 s, by kernel version.
void give_up_after_syn_retries(const Namespace& network, int retries);

// No address of IPv6, not even ::1.
void disable_ipv6(const Namespace& network);

// Source ports first..last only.
void source_ports(const Namespace& network, std::uint16_t first, std::uint16_t last);

// Names as /etc/hosts gives them, and no name service but files and DNS.
void hosts_file(const Namespace& network, const std::string& text);

// Lookups go to these servers: text of /etc/resolv.conf.
void resolver(const Namespace& network, const std::string& resolv_conf);

}  // namespace sockwatch::netlab
