// Refusals that something else explains: another family of this machine, a service still starting.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <unordered_map>

#include "viewer/diagnose/cases.h"
#include "viewer/diagnose/handshake.h"
#include "viewer/diagnose/handshake_refusals.h"
#include "viewer/diagnose/phrase.h"
#include "viewer/diagnose/plain_run.h"
#include "viewer/diagnose/units.h"

namespace sockwatch::diagnose {
namespace {

using model::Outcome;

class Refused6 : public Rule {
 public:
  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "REFUSED6",
        .family = Family::handshake,
        .title = "localhost over the wrong family",
        .signature =
            "ECONNREFUSED from ::1 where the name also has 127.0.0.1, or the reverse, and "
            "the other family was not refused; ::1 of localhost also where its addresses are not "
            "known. High where the other family connects or a recorded program listens there",
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
    if (!is_door(*row.peer_address)) return;
    const bool six = *row.peer_address == "::1";
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
    // A localhost that is 127.0.0.1 alone is the rule; with ::1 mostly there is the other as well.
    const bool has_other = both_.contains(*place.name) || (six == 1 && *place.name == "localhost");
    if (!sure && !has_other) return;
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

void add_explained_refusal_rules(Rules& rules) {
  rules.push_back(std::make_unique<Refused6>());
  rules.push_back(std::make_unique<NotYet>());
}

}  // namespace sockwatch::diagnose
