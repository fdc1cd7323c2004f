// Refused: somebody says no. Whoever sends it, a server without a listener or a firewall in its
// place, the answer is the same.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>

#include "viewer/diagnose/cases.h"
#include "viewer/diagnose/handshake.h"
#include "viewer/diagnose/handshake_refusals.h"
#include "viewer/diagnose/phrase.h"
#include "viewer/diagnose/plain_run.h"
#include "viewer/diagnose/units.h"
#include "viewer/model/destination.h"
#include "viewer/model/shell_word.h"

namespace sockwatch::diagnose {
namespace {

using model::Outcome;

class Refused : public Rule {
 public:
  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "REFUSED",
        .family = Family::handshake,
        .title = "connection refused",
        .signature =
            "ECONNREFUSED. High where the answer came within 200 ms or three round "
            "trips. Not counted: refusals after which the program got through on another "
            "address of the name within a second. A warning where an address made good like that "
            "refused at least 5 times and never connected",
        .meaning =
            "The question to open a connection was answered, and the answer was no. Mostly the "
            "kernel of that machine says so because no program listens on this port: the service "
            "is not running, or it listens on another port or another address. A firewall that "
            "rejects says the same in the machine's name, and the two look alike from here. Where "
            "the answer was an ICMP message instead of a reset, it was a firewall or router.",
        .not_this =
            "It is no time-out and no lost packet: an answer came. It does not prove that the "
            "machine itself was reached. Go before 1.10 prints this as 'getsockopt: connection "
            "refused'.",
        .next = {"on the server: ss -ltn 'sport = :PORT'",
                 "if it listens there: look for a rule that rejects, on the way and on both ends",
                 "check address and port the program was told to use"}};
    return kEntry;
  }

  bool wants_healthy() const override { return true; }

  void see(const Attempt& attempt) override {
    if (!is_tcp(attempt)) return;
    if (attempt.is(Outcome::refused)) {
      outages_[attempt.service].refused();
      refusals_.refused(attempt, [this](const Case& one) { count(one); });
    } else if (attempt.is(Outcome::connected)) {
      outages_[attempt.service].connected();
      if (slowest_rtt_.size() <= attempt.place) slowest_rtt_.resize(attempt.place + 1);
      store::Ns& slowest = slowest_rtt_[attempt.place];
      slowest = std::max(slowest, model::handshake_ns(attempt.row.rtt_us).value_or(0));
      refusals_.connected(attempt, [this](const Case& one) { forgive(one); });
    }
  }
  void see_plain(const PlainRun& run) override {
    outages_[run.service()].connected();
    for (const RunPlace& to : run.places()) {
      if (slowest_rtt_.size() <= to.place) slowest_rtt_.resize(to.place + 1);
      slowest_rtt_[to.place] = std::max(slowest_rtt_[to.place], to.handshake_ns.most);
    }
    refusals_.connected(run, [this](const Case& one) { forgive(one); });
  }

  void conclude(std::vector<Finding>& findings) override {
    refusals_.settle_all([this](const Case& one) { count(one); });
    const auto hosts = hosts_that_refuse_many_ports();
    for (const auto& [address, host] : hosts) findings.push_back(many_ports(address, host));
    for (const auto& [service, cases] : cases_) {
      Finding found =
          finding(Severity::error, cases.confidence(), context().places.service(service));
      const auto& fared = context().places.fared(service);
      cases.seen().fill(found, fared.attempts);
      const Place& to = context().places[cases.first_place()];
      // No packet on the connection itself: the answer was a message about it.
      const bool by_icmp = cases.packets_in().known > 0 && cases.packets_in().most == 0;
      found.summary = fmt::format(
          "{} answered 'no' {}: {}.", with_address(context().places, cases.first_place()),
          found.confidence == Confidence::high ? "at once" : "after " + times(cases.took()),
          by_icmp ? fmt::format("a firewall or router refuses port {} for it", port_of(to))
                  : fmt::format("nothing listens on port {}, or a firewall refuses for it",
                                port_of(to)));
      const bool at_times =
          !by_icmp && to.fared.connected > 0 && cases.addresses(context().places).empty();
      if (at_times) {
        found.summary = fmt::format(
            "{} answered 'no' to {} of {} attempts and took others: at times nothing listens on "
            "port {} "
            "(restarts, or one machine of several behind the address), or a firewall refuses over "
            "a limit.",
            with_address(context().places, cases.first_place()), number(found.count),
            number(found.of), port_of(to));
      }
      if (is_one_outage(service, cases)) {
        found.summary = fmt::format(
            "{} answered 'no' for {}, and connected before and after: nothing listened on port {} "
            "meanwhile (a restart?), or a firewall refused for it.",
            with_address(context().places, cases.first_place()),
            time_span(*found.last_ns - *found.first_ns), port_of(to));
      }
      found.evidence = {observed(found, "attempts refused (ECONNREFUSED)"),
                        "the answer came within " + time_span(cases.took().most)};
      if (by_icmp) {
        found.evidence.emplace_back(
            "it was an ICMP message (port unreachable), not the reset a machine without a "
            "listener sends");
      }
      if (fared.connected > 0) {
        found.evidence.push_back(
            fmt::format("connected at other times: {}", share(fared.connected, fared.attempts)));
      }
      if (const std::string door = other_door(to); !door.empty()) {
        found.evidence.push_back(
            fmt::format("{} of this machine connected: the server may listen there only", door));
      }
      if (const std::string at = cases.addresses(context().places); !at.empty()) {
        found.evidence.push_back("by address: " + at);
      }
      if (const std::int64_t more = made_good_at(service); more > 0) {
        found.evidence.push_back(fmt::format(
            "not counted, as the program got through on another address of the name within a "
            "second: {}",
            counted(more, "more refusal")));
      }
      found.excluded = {
          "not dropped on the way: a packet came back, within " + time_span(cases.took().most),
          "not a slow server: the answer did not wait for any program"};
      const std::string_view rules =
          "if it does listen: look for a firewall rule that rejects, on the way and on both ends";
      found.next_steps = {fmt::format("{}: ss -ltn 'sport = :{}'", at_host(to), port_of(to)),
                          "check that address and port are the ones the service was started with",
                          std::string(rules)};
      if (is_one_outage(service, cases)) {
        found.next_steps.insert(
            found.next_steps.begin(),
            fmt::format("log of the service at {} for that time: was it restarted, did it crash?",
                        to.endpoint));
      }
      if (at_times && !is_one_outage(service, cases)) {
        found.next_steps = {
            "when, and how far apart: sockwatch connections TRACE --outcome refused",
            fmt::format("behind {}: is one of several servers down? Does the service restart?",
                        to.endpoint),
            "look for a rule that rejects over a rate: nft list ruleset, on the way and on both "
            "ends"};
      }
      if (by_icmp) {
        found.next_steps = {
            "look for a firewall rule that rejects: nft list ruleset, on the way "
            "and on both ends",
            "check that address and port are the ones the service was started with"};
      }
      findings.push_back(std::move(found));
    }
    for (const auto& [place, cases] : forgiven_) {
      if (!cases_.contains(context().places[place].service)) tell_forgiven(cases, findings);
    }
  }

 private:
  // Whether a service was there, then was not, then was again.
  struct Outage {
    void connected() { state = state == fresh ? up : state == down ? over : state; }
    void refused() { state = state == up || state == down ? down : unsteady; }
    enum { fresh, up, down, over, unsteady } state = fresh;
  };
  bool is_one_outage(ServiceId service, const Cases& cases) const {
    return cases.count() > 1 && outages_.at(service).state == Outage::over &&
           cases.addresses(context().places).empty();
  }

  // The other family of this machine, where that connected; of a name both belong to (localhost)
  // REFUSED6 speaks.
  std::string other_door(const Place& to) const {
    const bool six = to.address == "::1";
    if (to.name || (!six && to.address != "127.0.0.1")) return "";
    std::string door = endpoint_label(six ? "127.0.0.1" : "::1", to.port, to.protocol);
    const auto service = context().places.find_service(door);
    return service && context().places.fared(*service).connected > 0 ? door : "";
  }

  static constexpr std::size_t kManyPorts = 10;
  static constexpr std::int64_t kAlways = 5;
  struct Host {
    std::vector<std::int64_t> ports;
    std::vector<ServiceId> services;
    Sightings seen;
    std::int64_t attempts = 0;
  };

  // The address of a service that only ever refused; empty: it has several, or connected at times.
  std::string host_of_all(ServiceId service, const Cases& cases) const {
    const Place& to = context().places[cases.first_place()];
    const bool only_refused = context().places.fared(service).connected == 0;
    return only_refused && cases.addresses(context().places).empty() ? to.address : "";
  }
  // Somebody looks for open ports: a finding for each would bury the others.
  std::map<std::string, Host> hosts_that_refuse_many_ports() const {
    std::map<std::string, Host> hosts;
    for (const auto& [service, cases] : cases_) {
      const std::string address = host_of_all(service, cases);
      if (address.empty()) continue;
      Host& host = hosts[address];
      host.ports.push_back(port_of(context().places[cases.first_place()]));
      host.services.push_back(service);
      host.seen.add(cases.seen());
      host.attempts += context().places.fared(service).attempts;
    }
    std::erase_if(hosts, [](const auto& entry) { return entry.second.ports.size() < kManyPorts; });
    return hosts;
  }
  Finding many_ports(const std::string& address, const Host& host) const {
    Finding found = finding(Severity::error, Confidence::high, address);
    host.seen.fill(found, host.attempts);
    std::vector<std::int64_t> ports = host.ports;
    std::sort(ports.begin(), ports.end());
    found.summary = fmt::format(
        "{} answered 'no' on {}, {} to {}: nothing listens there, or a firewall refuses for it.",
        address, counted(static_cast<std::int64_t>(ports.size()), "port"), ports.front(),
        ports.back());
    found.evidence = {observed(found, "attempts refused (ECONNREFUSED)"),
                      "told together, as there are so many ports: was something looking for one?"};
    found.excluded = {"not dropped on the way: a packet came back",
                      "not a slow server: the answer did not wait for any program"};
    found.next_steps = {
        fmt::format("on {}: ss -ltn   (which ports are open?)", model::shell_word(address))};
    for (const ServiceId service : host.services) {
      found.explains.push_back({entry().id, context().places.service(service)});
    }
    return found;
  }

  void forgive(const Case& one) { forgiven_[one.place].add(one, Confidence::medium); }
  std::int64_t made_good_at(ServiceId service) const {
    std::int64_t sum = 0;
    for (const auto& [place, cases] : forgiven_) {
      if (context().places[place].service == service) sum += cases.count();
    }
    return sum;
  }
  // An address that always refuses may be one server of a pool, whose share of the requests fails:
  // from here that looks like a client that goes on to the next address. Of this machine's own two
  // (localhost) REFUSED6 speaks.
  void tell_forgiven(const Cases& cases, std::vector<Finding>& findings) const {
    const Place& to = context().places[cases.first_place()];
    if (cases.count() < kAlways || to.fared.connected > 0) return;
    if (to.address == "::1" || to.address.starts_with("127.")) return;
    Finding found =
        finding(Severity::warning, Confidence::medium, context().places.service(to.service));
    cases.seen().fill(found, to.fared.attempts);
    found.summary = fmt::format(
        "{} answered 'no' each time. Within a second the program got through on another address of "
        "the name ({}).",
        with_address(context().places, cases.first_place()),
        context().places[*cases.made_good_by()].address);
    found.evidence = {observed(found, "attempts refused (ECONNREFUSED)"), "connected there: 0",
                      "whether the same request got through is not known: a pool that goes round "
                      "its servers looks like a client that tries the next address"};
    found.excluded = {"not dropped on the way: a packet came back"};
    found.next_steps = {
        fmt::format("{}: ss -ltn 'sport = :{}'", at_host(to), port_of(to)),
        fmt::format("if nothing listens there: take {} out of the name or the pool", to.address)};
    findings.push_back(std::move(found));
  }

  void count(const Case& one) {
    const store::Ns rtt = one.place < slowest_rtt_.size() ? slowest_rtt_[one.place] : 0;
    const store::Ns limit = std::max(200 * kMs, 3 * rtt);
    cases_[one.service].add(one, one.elapsed_ns < limit ? Confidence::high : Confidence::medium);
  }

  Refusals refusals_;
  std::map<ServiceId, Outage> outages_;
  std::vector<store::Ns> slowest_rtt_;  // by place
  std::map<ServiceId, Cases> cases_;
  std::map<PlaceId, Cases> forgiven_;  // made good by another address
};

}  // namespace

void add_refusal_rules(Rules& rules) { rules.push_back(std::make_unique<Refused>()); }

}  // namespace sockwatch::diagnose
