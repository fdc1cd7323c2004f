#include "tests/netlab/lab/faults.h"

#include <fmt/format.h>

namespace sockwatch::netlab {
namespace {

// Each fault gets a table of its own, so that faults add up. At input, because a packet dropped at
// output makes the local sender's call fail: the sender must not notice.
void rule_at(const char* hook, const Namespace& network, std::uint16_t port,
             const std::string& rule) {
  network.nft(
      fmt::format("table inet port{0} {{\n  chain at_{2} {{\n    type filter hook {2} priority "
                  "0;\n    {1}\n  "
                  "}}\n}}\n",
                  port, rule, hook));
}

void input_rule(const Namespace& network, std::uint16_t port, const std::string& rule) {
  rule_at("input", network, port, rule);
}

void names_by_file_and_dns(const Namespace& network) {
  network.replace_file("/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n");
}

}  // namespace

void drop_tcp(const Namespace& network, std::uint16_t port, const std::string& address) {
  std::string destination;
  if (!address.empty()) {
    destination = (address.find(':') == std::string::npos ? "ip daddr " : "ip6 daddr ") + address;
  }
  input_rule(network, port, fmt::format("{} tcp dport {} drop", destination, port));
}

void drop_tcp_before_it_leaves(const Namespace& network, std::uint16_t port) {
  rule_at("output", network, port, fmt::format("tcp dport {} drop", port));
}

void drop_first_syns(const Namespace& network, std::uint16_t port, int count) {
  // A token bucket that starts full and refills once a day: it matches `count` packets.
  input_rule(network, port,
             fmt::format("tcp dport {} tcp flags & (syn | ack) == syn limit rate 1/day burst {} "
                         "packets drop",
                         port, count));
}

void drop_first_syn_acks(const Namespace& network, std::uint16_t port, int count) {
  input_rule(network, port,
             fmt::format("tcp sport {} tcp flags & (syn | ack) == (syn | ack) limit rate 1/day "
                         "burst {} packets drop",
                         port, count));
}

void drop_source_port(const Namespace& network, std::uint16_t port, std::uint16_t source) {
  input_rule(network, port, fmt::format("tcp sport {} tcp dport {} drop", source, port));
}

void drop_simultaneous_syns(const Namespace& network, std::uint16_t port) {
  input_rule(network, port,
             fmt::format("tcp dport {} tcp flags & (syn | ack) == syn limit rate over 100/second "
                         "burst 1 packets drop",
                         port));
}

void drop_large(const Namespace& network, std::uint16_t port, Way way, int largest) {
  input_rule(network, port,
             fmt::format("tcp {} {} meta length > {} drop",
                         way == Way::to_server ? "dport" : "sport", port, largest));
}

void reject_tcp(const Namespace& network, std::uint16_t port, const std::string& answer) {
  input_rule(network, port, fmt::format("tcp dport {} reject with {}", port, answer));
}

void route_refusing(const Namespace& network, const std::string& kind, const std::string& address) {
  network.ip(fmt::format("route add {} {}\n", kind, address));
}

std::string absent_neighbour(const Namespace& network) {
  network.ip(
      "link add near type veth peer name far\n"
      "address add 10.77.0.1/24 dev near\n"
      "link set near up\n"
      "link set far up\n");
  return "10.77.0.99";
}

void give_up_after_syn_retries(const Namespace& network, int retries) {
  network.sysctl("net/ipv4/tcp_syn_retries", std::to_string(retries));
}

void disable_ipv6(const Namespace& network) {
  network.sysctl("net/ipv6/conf/all/disable_ipv6", "1");
}

void source_ports(const Namespace& network, std::uint16_t first, std::uint16_t last) {
  network.sysctl("net/ipv4/ip_local_port_range", fmt::format("{} {}", first, last));
}

void hosts_file(const Namespace& network, const std::string& text) {
  names_by_file_and_dns(network);
  network.replace_file("/etc/hosts", text);
}

void resolver(const Namespace& network, const std::string& resolv_conf) {
  names_by_file_and_dns(network);
  network.replace_file("/etc/hosts", "127.0.0.1 localhost\n");
  network.replace_file("/etc/resolv.conf", resolv_conf);
}

}  // namespace sockwatch::netlab
