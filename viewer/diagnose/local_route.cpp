// The kernel of this host said no before any packet.
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "viewer/diagnose/bounded.h"
#include "viewer/diagnose/local.h"
#include "viewer/diagnose/phrase.h"
#include "viewer/diagnose/plain_run.h"
#include "viewer/model/shell_word.h"

namespace sockwatch::diagnose {
namespace {

using model::Outcome;

constexpr store::Ns kAtOnce = 1'000'000;

bool is_internet(const store::ConnectionRow& row) {
  return row.family == "ipv4" || row.family == "ipv6";
}

// Attempts of one service or address that a rule found, and how its others went.
struct Seen {
  std::int64_t attempts = 0;
  std::int64_t connected = 0;
  Sightings sightings;
  std::int64_t error = 0;
  bool ipv6 = false;
};

// The three rules that go by errno alone share everything but their words.
class Denied : public Rule {
 public:
  bool wants_healthy() const override { return true; }

  void see(const Attempt& attempt) override {
    const auto& row = attempt.row;
    if (!is_internet(row)) return;
    if (attempt.service >= services_.size()) services_.resize(attempt.service + 1);
    Seen& seen = services_[attempt.service];
    ++seen.attempts;
    if (attempt.is(Outcome::connected)) {
      ++seen.connected;
      if (row.family == "ipv6") works6_ = true;
    }
    if (!denies(attempt)) return;
    seen.sightings.add(row);
    seen.error = *row.error;
    seen.ipv6 = row.family == "ipv6";
    if (addresses_.size() <= attempt.service) addresses_.resize(attempt.service + 1);
    addresses_[attempt.service] = context().places[attempt.place].address;
  }
  void see_plain(const PlainRun& run) override {
    if (run.service() >= services_.size()) services_.resize(run.service() + 1);
    Seen& seen = services_[run.service()];
    for (const RunPlace& to : run.places()) {
      const store::ConnectionRow& shape = run.shape_of(to);
      if (!is_internet(shape)) continue;
      seen.attempts += to.attempts;
      seen.connected += to.attempts;
      if (shape.family == "ipv6") works6_ = true;
    }
  }

  void conclude(std::vector<Finding>& findings) override {
    for (std::size_t i = 0; i < services_.size(); ++i) {
      if (services_[i].sightings.count() == 0 || !holds(services_[i])) continue;
      const std::string& subject = context().places.service(static_cast<ServiceId>(i));
      auto result = finding(severity(services_[i]), confidence(services_[i]), subject);
      services_[i].sightings.fill(result, services_[i].attempts);
      result.evidence.push_back(fmt::format("{} attempts failed at once with {}",
                                            share(result.count, result.of),
                                            errno_name(services_[i].error)));
      if (services_[i].connected > 0) {
        result.evidence.push_back(
            fmt::format("{} to it connected", counted(services_[i].connected, "other attempt")));
      }
      result.excluded.push_back("The server and the path: no packet was sent.");
      say(result, services_[i], addresses_[i]);
      findings.push_back(std::move(result));
    }
  }

 protected:
  virtual bool denies(const Attempt& attempt) const = 0;
  virtual bool holds(const Seen&) const { return true; }
  virtual Confidence confidence(const Seen&) const { return Confidence::high; }
  virtual void say(Finding& finding, const Seen& seen, const std::string& address) const = 0;
  // Another address of the service worked: of IPv6 that is how every program on a host without it
  // goes about.
  Severity severity(const Seen& seen) const {
    if (seen.connected == 0) return Severity::error;
    return seen.ipv6 ? Severity::info : Severity::warning;
  }
  bool works6() const { return works6_; }

 private:
  std::vector<Seen> services_;
  std::vector<std::string> addresses_;  // denied last
  bool works6_ = false;
};

class V6Off : public Denied {
 public:
  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "V6-OFF",
        .family = Family::local,
        .title = "IPv6 is switched off, or this host has no such address to send from",
        .signature =
            "connect over IPv6 failed with EADDRNOTAVAIL in less than 1 ms, and no IPv6 "
            "connect worked in the trace. Or bind to an address failed with EADDRNOTAVAIL: a "
            "warning where something connected all the same, for information of ::1, by which "
            "programs ask whether there is IPv6.",
        .meaning =
            "The name has an IPv6 address, so the program tried it. This host has no IPv6 "
            "address to send from, and the kernel said so at once. Most programs then try "
            "IPv4. Or the program was told which address to send from (bind, curl --interface), "
            "and this host has no such address, of IPv4 or IPv6.",
        .not_this =
            "Not exhausted source ports, which give the same error: no IPv6 connect worked "
            "at any time. Not a firewall: nothing was sent.",
        .next = {"ip -6 addr", "sysctl net.ipv6.conf.all.disable_ipv6"}};
    return kEntry;
  }

 protected:
  bool denies(const Attempt& attempt) const override {
    return attempt.row.family == "ipv6" && attempt.is(Outcome::local_error) &&
           attempt.row.error == EADDRNOTAVAIL && attempt.elapsed_ns < kAtOnce;
  }
  bool holds(const Seen&) const override { return !works6(); }
  void say(Finding& result, const Seen&, const std::string& address) const override {
    result.summary =
        fmt::format("This host has no usable IPv6 address; {} was tried over IPv6 ({}).",
                    result.subject, address);
    result.excluded.push_back("Exhausted source ports: no IPv6 connect worked at any time.");
    result.next_steps = {"ip -6 addr", "sysctl net.ipv6.conf.all.disable_ipv6"};
  }

 public:
  using Denied::see;
  void see(const store::FailedCallRow& row) override {
    if (row.call != "bind" || row.error != EADDRNOTAVAIL || !row.address) return;
    Bound* bound = bound_.slot(*row.address);
    if (bound == nullptr) return;
    bound->sightings.add(row);
    bound->process = row.process_id;
    bound->port = row.argument;
  }

  void conclude(std::vector<Finding>& findings) override {
    Denied::conclude(findings);
    for (const auto& [address, bound] : bound_) findings.push_back(of_bind(address, bound));
  }

 private:
  struct Bound {
    Sightings sightings;
    std::int64_t process = 0;  // the last that tried it
    store::OptInt port;        // likewise
  };

  Severity severity_of_bind(const std::string& address, const Bound& bound) const {
    if (address == "::1") return Severity::info;
    const store::ProcessRow* process = context().programs.process(bound.process);
    if (process != nullptr && process->exit_status.value_or(0) != 0) return Severity::error;
    for (PlaceId id = 0; id < context().places.size(); ++id) {
      if (context().places[id].fared.connected > 0) return Severity::warning;
    }
    return Severity::error;
  }

  Finding of_bind(const std::string& address, const Bound& bound) const {
    auto result = finding(severity_of_bind(address, bound), Confidence::high, address);
    bound.sightings.fill(result, bound.sightings.count());
    const bool ipv6 = address.find(':') != std::string::npos;
    const auto program = context().programs.name_of(bound.process);
    result.summary =
        address == "::1"
            ? fmt::format("This host has no IPv6 ({} could not use ::1).", program)
            : fmt::format("{} was to use the own address {}, and this host has no such address.",
                          program, address);
    result.evidence.push_back(fmt::format(
        "bind to {} failed with EADDRNOTAVAIL {}",
        bound.port.value_or(0) == 0 ? address : endpoint_label(address, bound.port, "tcp"),
        counted(result.count, "time")));
    result.excluded = {"The server and the path: no packet was sent.",
                       "Exhausted source ports: bind says EADDRINUSE then."};
    result.next_steps = {
        ipv6 ? "ip -6 addr   (is it there, and not `tentative` or `dadfailed`?)" : "ip addr",
        "which address is the program told to use? (curl --interface, ssh -b)"};
    return result;
  }

  Bounded<std::string, Bound> bound_;
};

class NoRoute : public Denied {
 public:
  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "NOROUTE",
        .family = Family::local,
        .title = "no route",
        .signature =
            "connect itself failed with ENETUNREACH or EHOSTUNREACH before a packet was "
            "sent (outcome `unreachable`).",
        .meaning =
            "The kernel looks up which way a packet must take. For this address it found no "
            "way at all, so it sent nothing and said so at once: an interface is down, a "
            "default route is missing, or the address belongs to a network this host is "
            "not connected to.",
        .not_this =
            "Not a firewall and not the server: nothing was sent. If a router on the way "
            "had said so, it would have taken a round trip.",
        .next = {"ip route get ADDRESS", "ip addr"}};
    return kEntry;
  }

 protected:
  bool denies(const Attempt& attempt) const override {
    return attempt.is(Outcome::unreachable) &&
           (attempt.row.error == ENETUNREACH || attempt.row.error == EHOSTUNREACH);
  }
  void say(Finding& result, const Seen& seen, const std::string& address) const override {
    result.summary = fmt::format("The kernel has no {}route to {}; no packet was sent.",
                                 seen.ipv6 ? "IPv6 " : "", address);
    result.next_steps = {"ip route get " + model::shell_word(address)};
  }
};

class LocalDeny : public Denied {
 public:
  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "LOCALDENY",
        .family = Family::local,
        .title = "a local rule refuses the connect",
        .signature =
            "connect over TCP failed with EACCES, EPERM or EINVAL in less than 1 ms, and "
            "nothing was sent. EINVAL of a link-local IPv6 address is left out: there it "
            "means a missing interface.",
        .meaning =
            "Something on this very host forbids the connection: a route of type prohibit "
            "or blackhole, a packet filter for outgoing packets, or a sandbox (cgroup, "
            "seccomp) around the program.",
        .not_this = "Not a firewall elsewhere: nothing was sent.",
        .next = {"ip route get ADDRESS", "nft list ruleset", "iptables-save | grep OUTPUT"}};
    return kEntry;
  }

 protected:
  bool denies(const Attempt& attempt) const override {
    const auto& row = attempt.row;
    const bool local = attempt.is(Outcome::local_error) || attempt.is(Outcome::unreachable);
    if (!local || row.protocol != "tcp" || attempt.elapsed_ns >= kAtOnce) return false;
    if (row.error == EINVAL) return !row.peer_address || !row.peer_address->starts_with("fe80:");
    return row.error == EACCES || row.error == EPERM;
  }
  Confidence confidence(const Seen& seen) const override {
    return seen.error == EINVAL ? Confidence::medium : Confidence::high;
  }
  void say(Finding& result, const Seen& seen, const std::string& address) const override {
    result.summary = fmt::format(
        "A local rule refuses connects to {} (route type prohibit or blackhole, packet filter, "
        "cgroup or seccomp).",
        address);
    if (seen.error == EINVAL) {
      result.evidence.push_back(
          "EINVAL is what a blackhole route says; a program that passes a wrong address gets it "
          "too.");
    }
    result.next_steps = {"ip route get " + model::shell_word(address), "nft list ruleset"};
  }
};

class Self : public Rule {
 public:
  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "SELF",
        .family = Family::local,
        .title = "connected to itself",
        .signature = "Connected, and own address and port are those of the peer.",
        .meaning =
            "Nobody listens on this port of this host. The port lies in the range from "
            "which the kernel takes source ports, and after many tries it took this very "
            "one. TCP then connects the socket to itself: whatever is written comes back.",
        .not_this = "Not a working server, though it looks connected: nobody is there.",
        .next = {"ss -ltn sport = :PORT", "move the service to a port below ip_local_port_range",
                 "sysctl net.ipv4.ip_local_reserved_ports"}};
    return kEntry;
  }
  bool wants_healthy() const override { return true; }  // it echoes, so it looks well

  void see(const Attempt& attempt) override {
    const auto& row = attempt.row;
    if (!attempt.is(Outcome::connected) || row.protocol != "tcp") return;
    if (attempt.place >= attempts_.size()) attempts_.resize(attempt.place + 1);
    ++attempts_[attempt.place];
    if (!row.local_port || row.local_port != row.peer_port || !row.local_address ||
        row.local_address != row.peer_address) {
      return;
    }
    if (Sightings* seen = selves_.slot(attempt.place)) seen->add(row);
  }

  void conclude(std::vector<Finding>& findings) override {
    for (const auto& [id, seen] : selves_) {
      const Place& place = context().places[id];
      auto result =
          finding(Severity::error, Confidence::high, context().places.service(place.service));
      seen.fill(result, attempts_[id]);
      result.summary = fmt::format(
          "This socket is connected to itself: nobody listens on {} and the kernel picked it as "
          "source port.",
          *place.port);
      result.evidence.push_back(fmt::format("{} connections had {} at both ends",
                                            share(result.count, result.of), place.endpoint));
      result.next_steps = {fmt::format("ss -ltn sport = :{}", *place.port),
                           fmt::format("move the service out of the range {} to {}",
                                       settings().first_port, settings().last_port)};
      // The tries before it were refused: nobody listens.
      result.explains = {{"REFUSED", result.subject}};
      findings.push_back(std::move(result));
    }
  }

 private:
  std::vector<std::int64_t> attempts_;
  Bounded<PlaceId, Sightings> selves_;
};

}  // namespace

void add_route_rules(Rules& rules) {
  rules.push_back(std::make_unique<V6Off>());
  rules.push_back(std::make_unique<NoRoute>());
  rules.push_back(std::make_unique<LocalDeny>());
  rules.push_back(std::make_unique<Self>());
}

}  // namespace sockwatch::diagnose
