// Refused: somebody says no. Whoever sends it, a server without a listener or a firewall in its
// place, the answer is the same.
#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

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
      refusals_.refused(attempt, [this](const Case& one) { count(one); });
    } else if (attempt.is(Outcome::connected)) {
      if (slowest_rtt_.size() <= attempt.place) slowest_rtt_.resize(attempt.place + 1);
      store::Ns& slowest = slowest_rtt_[attempt.place];
      slowest = std::max(slowest, model::handshake_ns(attempt.row.rtt_us).value_or(0));
      refusals_.connected(attempt, [this](const Case& one) { forgive(one); });
    }
  }
  void see_plain(const PlainRun& run) override {
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
      if (const std::string at = cases.addresses(context().places); !at.empty()) {
        found.evidence.push_back("by address: " + at);
      }
      if (const std::int64_t more = made_good_at(service); more > 0) {
        found.evidence.push_back(fmt::format(
            "not counted, as the program got through on another address of the name within a "
            "second: {}",
            counted(more, "more refusal")));
      }
      found.excluded = {"not dropped on the way: a packet came back",
                        "not a slow server: the answer did not wait for any program"};
      const std::string_view rules =
          "if it does listen: look for a firewall rule that rejects, on the way and on both ends";
      found.next_steps = {fmt::format("on {}: ss -ltn 'sport = :{}'", host_of(to), port_of(to)),
                          "check that address and port are the ones the service was started with",
                          std::string(rules)};
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
        fmt::format("on {}: ss -ltn 'sport = :{}'", host_of(to), port_of(to)),
        fmt::format("if nothing listens there: take {} out of the name or the pool", to.address)};
    findings.push_back(std::move(found));
  }

  void count(const Case& one) {
    const store::Ns rtt = one.place < slowest_rtt_.size() ? slowest_rtt_[one.place] : 0;
    const store::Ns limit = std::max(200 * kMs, 3 * rtt);
    cases_[one.service].add(one, one.elapsed_ns < limit ? Confidence::high : Confidence::medium);
  }

  Refusals refusals_;
  std::vector<store::Ns> slowest_rtt_;  // by place
  std::map<ServiceId, Cases> cases_;
  std::map<PlaceId, Cases> forgiven_;  // made good by another address
};

class Refused6 : public Rule {
 public:
  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "REFUSED6",
        .family = Family::handshake,
        .title = "localhost over the wrong family",
        .signature =
            "ECONNREFUSED from ::1 where the name also has 127.0.0.1, or the reverse, and "
            "the other family was not refused. High where the other family connects or a "
            "recorded program listens there",
        .meaning =
            "The name, mostly 'localhost', stands for two addresses of this machine: ::1 (IPv6) "
            "and 127.0.0.1 (IPv4). They are two different doors. The server opened only one of "
            "them and the program knocked at the other.",
        .not_this =
            "The server is not down: its other door answers. If both addresses refuse, it is "
            "REFUSED.",
        .next = {"ss -ltn 'sport = :PORT'", "use 127.0.0.1 or [::1] instead of the name",
                 "let the server listen on both"}};
    return kEntry;
  }

  bool wants_healthy() const override { return true; }

  void see(const store::ListenerRow& row) override {
    if (row.local_port) listeners_.emplace_back(*row.local_port, row.family == "ipv6");
  }
  void see(const store::ResolutionRow& row) override {
    if (row.addresses.find("::1") == std::string::npos) return;
    const auto has = [&](std::string_view address) {
      return (" " + row.addresses + " ").find(fmt::format(" {} ", address)) != std::string::npos;
    };
    if (row.name && has("::1") && has("127.0.0.1")) both_.insert_or_assign(*row.name, true);
  }

  void see(const Attempt& attempt) override {
    const auto& row = attempt.row;
    if (!is_tcp(attempt) || !row.peer_name || !row.peer_address) return;
    const bool six = *row.peer_address == "::1";
    if (!six && *row.peer_address != "127.0.0.1") return;
    Doors& doors = services_[attempt.service];
    if (attempt.is(Outcome::connected)) {
      ++doors.connected[six ? 1 : 0];
      doors.refusals.connected(attempt, [](const Case&) {});
    } else if (attempt.is(Outcome::refused)) {
      doors.refusals.refused(attempt, [&doors](const Case& one) { doors.hurt = one.id; });
      doors.refused[six ? 1 : 0].add(Case(attempt), Confidence::high);
    }
  }
  void see_plain(const PlainRun& run) override {
    const auto& places = run.places();
    if (std::none_of(places.begin(), places.end(), [this](const RunPlace& to) {
          return is_door(context().places[to.place].address);
        })) {
      return;
    }
    for (std::size_t i = 0; i < run.size(); ++i) {
      const std::string& address = *run.shape(i).peer_address;
      if (is_door(address)) see(run.attempt(i));
    }
  }

  void conclude(std::vector<Finding>& findings) override {
    for (auto& [service, doors] : services_) {
      doors.refusals.settle_all([&doors = doors](const Case& one) { doors.hurt = one.id; });
      for (const std::size_t six : {1U, 0U}) tell(service, doors, six, findings);
    }
  }

 private:
  static bool is_door(std::string_view address) {
    return address == "::1" || address == "127.0.0.1";
  }

  struct Doors {
    std::array<std::int64_t, 2> connected{};
    std::array<Cases, 2> refused;
    Refusals refusals;
    store::OptInt hurt;  // a refusal that was not made good by another address
  };

  void tell(ServiceId service, const Doors& doors, std::size_t six,
            std::vector<Finding>& findings) {
    const Cases& cases = doors.refused[six];
    const std::size_t other = 1 - six;
    if (cases.count() == 0 || doors.connected[six] > 0 || doors.refused[other].count() > 0) return;
    const Place& place = context().places[cases.first_place()];
    const bool listens = std::any_of(listeners_.begin(), listeners_.end(), [&](const auto& it) {
      return it.first == port_of(place) && it.second == (other == 1);
    });
    const bool sure = doors.connected[other] > 0 || listens;
    if (!sure && *place.name != "localhost" && !both_.contains(*place.name)) return;
    Finding found =
        finding(doors.hurt ? Severity::error : Severity::info,
                sure ? Confidence::high : Confidence::medium, context().places.service(service));
    cases.seen().fill(found, context().places.fared(service).attempts);
    const std::string_view wrong = six == 1 ? "::1" : "127.0.0.1";
    const std::string_view right = six == 1 ? "127.0.0.1" : "::1";
    found.summary = sure ? fmt::format("'{}' became {}, but the server listens on {} only.",
                                       *place.name, wrong, right)
                         : fmt::format("'{}' became {} and was refused there; {} was not tried.",
                                       *place.name, wrong, right);
    found.evidence = {observed(found, fmt::format("refused at {}", wrong)),
                      fmt::format("connected at {}: {}", right, number(doors.connected[other]))};
    if (listens) {
      found.evidence.push_back(fmt::format("a recorded program listens on port {} with {} only",
                                           port_of(place), six == 1 ? "IPv4" : "IPv6"));
    }
    if (!doors.hurt) found.evidence.emplace_back("the program went on to the other address");
    found.excluded = {"not a server that is down: the other address was not refused"};
    found.next_steps = {fmt::format("ss -ltn 'sport = :{}'", port_of(place)),
                        fmt::format("use {} instead of '{}'", right, *place.name),
                        "let the server listen on both ([::] without IPV6_V6ONLY)"};
    explain_covered(found, findings, found.subject, found.count, {"REFUSED"});
    findings.push_back(std::move(found));
  }

  std::vector<std::pair<std::int64_t, bool>> listeners_;
  std::unordered_map<std::string, bool> both_;
  std::map<ServiceId, Doors> services_;
};

class NotYet : public Rule {
 public:
  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "NOTYET",
        .family = Family::handshake,
        .title = "refused, then fine",
        .signature =
            "an address refused, connected within 60 s after its last refusal, and "
            "neither connected before nor refused after",
        .meaning =
            "At first nobody listened on this port, a little later the connection worked and kept "
            "working: the service was still starting when the program first asked.",
        .not_this = "It is no fault that comes back: after the first success there was no refusal.",
        .next = {"start the client after a readiness check of the service, or let it try again"}};
    return kEntry;
  }

  bool wants_healthy() const override { return true; }

  void see(const Attempt& attempt) override {
    if (!is_tcp(attempt)) return;
    if (attempt.is(Outcome::refused)) {
      Start& start = starts_[attempt.place];
      if (start.up_ns || came_up(attempt.place)) start.unsteady = true;
      start.refused.add(Case(attempt), Confidence::medium);
      start.last_refused_ns = attempt.row.started_ns;
    } else if (attempt.is(Outcome::connected) && !is_to_itself(attempt.row)) {
      if (up_.size() <= attempt.place) up_.resize(attempt.place + 1);
      if (up_[attempt.place]) return;
      up_[attempt.place] = true;
      const auto start = starts_.find(attempt.place);
      if (start == starts_.end()) return;
      start->second.up_ns = attempt.row.started_ns;
    }
  }

  void conclude(std::vector<Finding>& findings) override {
    for (auto& [place, start] : starts_) {
      if (start.unsteady || !start.up_ns) continue;
      if (*start.up_ns - start.last_refused_ns > 60 * kSecond) continue;
      const Place& to = context().places[place];
      Finding found =
          finding(Severity::info, Confidence::medium, context().places.service(to.service));
      start.refused.seen().fill(found, context().places.fared(to.service).attempts);
      found.summary = fmt::format(
          "{} came up {} after the first attempt, which came too early: start-up order.",
          to.endpoint, time_span(*start.up_ns - found.first_ns.value_or(*start.up_ns)));
      found.evidence = {observed(found, "refused before the first success"), "refused after it: 0"};
      found.excluded = {"not a service that fails again and again"};
      found.next_steps = {"start the client after a readiness check, or keep its retries"};
      // What was only start-up order is no error any more.
      for (Finding& other : findings) {
        if (other.rule == "REFUSED" && other.subject == found.subject &&
            other.count <= found.count) {
          other.severity = Severity::info;
        }
      }
      explain_covered(found, findings, found.subject, found.count, {"REFUSED"});
      findings.push_back(std::move(found));
    }
  }

 private:
  struct Start {
    Cases refused;
    store::Ns last_refused_ns = 0;
    store::OptInt up_ns;
    bool unsteady = false;  // was up before, or went away again
  };
  // Connected to itself: nobody came up (SELF).
  static bool is_to_itself(const store::ConnectionRow& row) {
    return row.local_port && row.local_port == row.peer_port && row.local_address &&
           row.local_address == row.peer_address;
  }
  bool came_up(PlaceId place) const { return place < up_.size() && up_[place]; }

  std::vector<bool> up_;
  std::map<PlaceId, Start> starts_;
};

}  // namespace

void add_refusal_rules(Rules& rules) {
  rules.push_back(std::make_unique<Refused>());
  rules.push_back(std::make_unique<Refused6>());
  rules.push_back(std::make_unique<NotYet>());
}

}  // namespace sockwatch::diagnose
