// MTU black holes: small packets pass, large ones do not.
#include <fmt/format.h>

#include "viewer/diagnose/cases.h"
#include "viewer/diagnose/connected.h"
#include "viewer/diagnose/connected_path.h"
#include "viewer/diagnose/connected_picture.h"
#include "viewer/diagnose/phrase.h"

namespace sockwatch::diagnose {
namespace {

class MtuOut : public PathRule {
 public:
  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "MTUOUT",
        .family = Family::connected,
        .title = "large packets towards the peer lost",
        .signature =
            "small packets acknowledged before, now segments lost and the resend time-out "
            "doubled at least twice, while a later segment was acknowledged, or while "
            "full-size ones are due and only small ones ever arrived",
        .meaning =
            "Small packets get through, large ones vanish. Somewhere on the way (often a tunnel "
            "or VPN) packets may only be smaller than this host believes, and the message that "
            "should say so is blocked. So a connection comes up, and hangs with the first large "
            "request.",
        .not_this = "If nothing at all gets through any more it is PATHLOST.",
        .next = {"ping -M do -s 1472 ADDRESS", "lower the MTU, or clamp the MSS on the gateway"}};
    return kEntry;
  }

 protected:
  std::optional<Confidence> grade(const Attempt& attempt) const override {
    if (!is_connected_tcp(attempt) || !large_lost_out(attempt.row)) return std::nullopt;
    return Confidence::medium;
  }

  void tell(const Cases& cases, Finding& finding) const override {
    const Seen& s = seen(cases);
    const Place& to = place(cases);
    finding.summary = fmt::format(
        "Small packets pass, full-size ones ({} bytes) do not: MTU black hole towards {}.",
        numbers(s.mss), with_address(context().places, cases.first_place()));
    finding.evidence = {observed(finding, "connections stuck with full-size packets"),
                        "resend time-out doubled: " + numbers(s.backoff) + " times"};
    finding.excluded = {"not a dead path: smaller packets were acknowledged",
                        "not a slow application: the data was not acknowledged"};
    finding.next_steps = {
        fmt::format("ping -M do -s {} {}   (and smaller, until it passes)",
                    to.address.find(':') == std::string::npos ? 1472 : 1452, host_of(to)),
        "lower the MTU of the interface, or clamp the MSS on the gateway",
        "sysctl net.ipv4.tcp_mtu_probing=1"};
  }
};

class MtuIn : public PathRule {
 public:
  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "MTUIN",
        .family = Family::connected,
        .title = "large packets from the peer lost",
        .signature =
            "request acknowledged, segments with payload arrived, but none of them the "
            "first in order, for 1 s or more. Medium for a later request on a connection, where "
            "segments had come ahead of others and no reply to it",
        .meaning =
            "The other side answered, and only the last, small packet of its answer arrived. The "
            "large ones before it vanished on the way here, so the program got nothing. Typical "
            "with TLS: the certificate is the first large thing a server sends.",
        .not_this =
            "The server is not silent: packets of its answer are here (else SILENT or "
            "TLSHANG).",
        .next = {"ping -M do -s 1472 ADDRESS", "sysctl net.ipv4.tcp_mtu_probing=1 on the server",
                 "clamp the MSS on the gateway"}};
    return kEntry;
  }

 protected:
  std::optional<Confidence> grade(const Attempt& attempt) const override {
    if (!is_connected_tcp(attempt)) return std::nullopt;
    if (large_lost_in(attempt.row)) return Confidence::high;
    // They may have come out of order in an earlier reply.
    if (large_lost_in_later(attempt.row)) return Confidence::medium;
    return std::nullopt;
  }

  void remember(const Attempt& attempt) override {
    PathRule::remember(attempt);
    const auto& row = attempt.row;
    const bool later = !large_lost_in(row);
    if (later) {
      ahead_[attempt.service].add(row.close_out_of_order);
    } else {
      segments_[attempt.service].add(row.close_data_segs_in);
    }
    tls_[attempt.service] += !later && row.tls.value_or(false) ? 1 : 0;
  }

  void tell(const Cases& cases, Finding& finding) const override {
    const Place& to = place(cases);
    finding.summary = fmt::format(
        "The reply of {} arrives with its first, full-size packets missing: MTU black hole from "
        "there{}.",
        with_address(context().places, cases.first_place()),
        tls_.at(to.service) > 0 ? "; the TLS handshake hangs on the certificate" : "");
    finding.evidence = {observed(finding, "connections with a hole at the start of the reply")};
    if (const auto at = segments_.find(to.service); at != segments_.end()) {
      finding.evidence.push_back(fmt::format(
          "segments with payload received: {}; bytes in order: 0", numbers(at->second)));
    }
    if (const auto at = ahead_.find(to.service); at != ahead_.end()) {
      finding.evidence.push_back(fmt::format(
          "later requests without a reply: {}; segments received ahead of a missing one: {}",
          number(at->second.known), numbers(at->second)));
    }
    finding.excluded = {"not a silent server: packets of its reply arrived",
                        "not a dead path: own data was acknowledged"};
    finding.next_steps = {fmt::format("ping -M do -s 1472 {}", host_of(to)),
                          "on the server: sysctl net.ipv4.tcp_mtu_probing=1",
                          "lower the MTU here, or clamp the MSS on the gateway"};
  }

 private:
  std::map<ServiceId, Span> segments_;
  std::map<ServiceId, Span> ahead_;  // of later requests
  std::map<ServiceId, int> tls_;
};

}  // namespace

void add_mtu_rules(Rules& rules) {
  rules.push_back(std::make_unique<MtuOut>());
  rules.push_back(std::make_unique<MtuIn>());
}

}  // namespace sockwatch::diagnose
