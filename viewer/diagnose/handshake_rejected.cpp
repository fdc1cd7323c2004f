// Other answers than a connection or a refusal.
#include <fmt/format.h>

#include <cerrno>
#include <deque>

#include "viewer/diagnose/cases.h"
#include "viewer/diagnose/handshake.h"
#include "viewer/diagnose/handshake_fallback.h"
#include "viewer/diagnose/phrase.h"
#include "viewer/diagnose/units.h"

namespace sockwatch::diagnose {
namespace {

using model::Outcome;

bool is_unreachable(const Attempt& attempt) {
  return is_tcp(attempt) && attempt.is(Outcome::rejected);
}

// The time the kernel takes to find out that a neighbour does not answer: three questions, a second
// apart (net.ipv4.neigh.*.mcast_solicit and retrans_time_ms). Attempts that begin while it is
// asking are all told when it ends.
class NeighbourEnds {
 public:
  bool is_neighbour(const Attempt& attempt) {
    if (!is_unreachable(attempt) || attempt.row.error != EHOSTUNREACH) return false;
    const store::Ns end = attempt.row.started_ns + attempt.elapsed_ns;
    if (within(attempt.elapsed_ns, 2800 * kMs, 3400 * kMs)) {
      if (ends_.size() == 64) ends_.pop_front();
      ends_.push_back(end);
      return true;
    }
    return attempt.elapsed_ns < 2800 * kMs &&
           std::any_of(ends_.begin(), ends_.end(), [end](store::Ns other) {
             return within(end - other, -100 * kMs, 100 * kMs);
           });
  }

 private:
  std::deque<store::Ns> ends_;
};

class Rejected : public AddressRule {
 public:
  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "REJECTED",
        .family = Family::handshake,
        .title = "somebody on the way answered 'no'",
        .signature =
            "EHOSTUNREACH, ENETUNREACH, EACCES or ENOPROTOOPT after a SYN went out. High "
            "within 200 ms, or at the second SYN (IPv6 on one machine); not where the "
            "kernel was asking for a neighbour (NEIGH)",
        .meaning =
            "The kernel asked for a connection, and instead of the destination a router or a "
            "firewall answered with an ICMP message: unreachable or prohibited. That is a "
            "deliberate answer. Ping may work all the same, since rules often name a port.",
        .not_this =
            "Nothing was silently dropped (SYNDROP), and the destination itself did not refuse "
            "(REFUSED). If this kernel had no route, no packet would have gone out (NOROUTE).",
        .next = {"on each firewall of the path: nft list ruleset",
                 "traceroute -T -p PORT ADDRESS shows who answers"}};
    return kEntry;
  }

 protected:
  void see(const Attempt& attempt) override {
    if (neighbours_.is_neighbour(attempt)) {
      watch(attempt);
    } else {
      AddressRule::see(attempt);
    }
  }

  std::optional<Confidence> grade(const Attempt& attempt) const override {
    if (!is_unreachable(attempt)) return std::nullopt;
    const store::Ns resend = settings().syn_resend(1);
    const bool at_once = attempt.elapsed_ns <= 200 * kMs;
    const bool at_resend = attempt.row.family == "ipv6" &&
                           within(attempt.elapsed_ns, resend - resend / 100, resend + resend / 10);
    return at_once || at_resend ? Confidence::high : Confidence::medium;
  }

  void tell(const Cases& cases, Finding& finding) const override {
    const Place& to = place(cases);
    const bool prohibited = cases.errors().find("EACCES") != std::string::npos;
    finding.summary =
        fmt::format("A firewall or router answered '{}' for {} ({}); ping may still work.",
                    prohibited ? "prohibited" : "unreachable or prohibited",
                    with_address(context().places, cases.first_place()), cases.errors());
    finding.evidence = {observed(finding, "attempts rejected"),
                        "the answer came after " + times(cases.took())};
    if (finding.confidence != Confidence::high) {
      finding.evidence.emplace_back(
          "the answer took long: an absent neighbour behind this host or behind a router is "
          "possible too");
    }
    finding.excluded = {"not dropped silently: a message came back",
                        "not refused by the destination: that would be ECONNREFUSED",
                        "not a missing route of this host: a packet was sent"};
    finding.next_steps = {
        fmt::format("traceroute -T -p {} {}", port_of(to), host_of(to)),
        "on this host and each firewall of the path: nft list ruleset (look for reject)"};
  }

 private:
  NeighbourEnds neighbours_;
};

class Neigh : public AddressRule {
 public:
  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "NEIGH",
        .family = Family::handshake,
        .title = "host on the local link is absent",
        .signature =
            "EHOSTUNREACH 2.8 s to 3.4 s after connect, or at the same moment as one of "
            "those. Medium: given up before that, and the kernel counts fewer packets sent than "
            "SYNs, so the first SYN still stood in a queue of this host",
        .meaning =
            "To hand a packet to the next machine on the cable, the kernel first asks who has its "
            "address (ARP, for IPv6 neighbour discovery). It asked three times, a second apart, "
            "and nobody answered. The machine is off, the address is wrong, or the network is "
            "another one than believed.",
        .not_this =
            "A firewall does not act at this level; one that rejects answers within milliseconds "
            "(REJECTED). A router far away that cannot find the last host reports the same after "
            "the same time: then the neighbour of this host is fine.",
        .next = {"ip neigh show ADDRESS", "ip route get ADDRESS"}};
    return kEntry;
  }

 protected:
  void see(const Attempt& attempt) override {
    if (neighbours_.is_neighbour(attempt) || never_left(attempt)) {
      AddressRule::see(attempt);
    } else {
      watch(attempt);
    }
  }
  std::optional<Confidence> grade(const Attempt& attempt) const override {
    return never_left(attempt) ? Confidence::medium : Confidence::high;
  }

  void tell(const Cases& cases, Finding& finding) const override {
    const Place& to = place(cases);
    const std::string at = with_address(context().places, cases.first_place());
    if (cases.errors().empty()) {
      finding.summary = fmt::format(
          "No SYN for {} is known to have left this host in {}: most likely nobody answers ARP/ND "
          "for it, or for the router towards it.",
          at, times(cases.took()));
      finding.evidence = {
          observed(finding, "attempts whose first SYN stayed here"),
          fmt::format("SYNs sent again: {}, but the kernel counts no packet for them",
                      numbers(cases.resends()))};
      finding.excluded = {"not a loss on the way: the packets were not on the way",
                          "not said by the kernel: it would have given up asking after 3 s"};
    } else {
      finding.summary = fmt::format(
          "Nobody answered ARP/ND for {}, or for the router towards it: the machine is off or the "
          "address is wrong.",
          at);
      finding.evidence = {observed(finding, "attempts that ended with EHOSTUNREACH"),
                          "told after " + times(cases.took())};
      finding.excluded = {"not a firewall that rejects: that answer would have come at once"};
    }
    finding.next_steps = {fmt::format("ip neigh show {}", host_of(to)),
                          fmt::format("ip route get {}", host_of(to)),
                          "if the neighbour is a router and answers: the same on that router"};
  }

 private:
  NeighbourEnds neighbours_;
};

class HsReset : public AddressRule {
 public:
  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "HSRESET",
        .family = Family::handshake,
        .title = "reset during handshake",
        .signature = "ECONNRESET as the result of connect",
        .meaning =
            "The other side began to accept the connection and tore it down before this program "
            "looked: a proxy or load balancer without a healthy backend, or a server that "
            "protects itself from overload.",
        .not_this = "A port nobody listens on says ECONNREFUSED (REFUSED).",
        .next = {"log of the server or load balancer at that time"}};
    return kEntry;
  }

 protected:
  std::optional<Confidence> grade(const Attempt& attempt) const override {
    if (!is_tcp(attempt) || !attempt.is(Outcome::reset)) return std::nullopt;
    return Confidence::medium;
  }

  void tell(const Cases& cases, Finding& finding) const override {
    finding.summary = fmt::format("{} reset the handshake: proxy or overload protection.",
                                  with_address(context().places, cases.first_place()));
    finding.evidence = {observed(finding, "attempts reset (ECONNRESET from connect)"),
                        "after " + times(cases.took())};
    finding.excluded = {"not a closed port: that answer is ECONNREFUSED",
                        "not silence: a reset came back"};
    finding.next_steps = {fmt::format("log of the server or load balancer at {} at that time",
                                      place(cases).endpoint)};
  }
};

}  // namespace

void add_rejection_rules(Rules& rules) {
  rules.push_back(std::make_unique<Rejected>());
  rules.push_back(std::make_unique<Neigh>());
  rules.push_back(std::make_unique<HsReset>());
}

}  // namespace sockwatch::diagnose
