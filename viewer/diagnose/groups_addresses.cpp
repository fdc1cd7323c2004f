// Names with several addresses that fare differently.
#include <fmt/format.h>

#include <deque>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "viewer/diagnose/cases.h"
#include "viewer/diagnose/groups.h"
#include "viewer/diagnose/phrase.h"
#include "viewer/model/shell_word.h"

namespace sockwatch::diagnose {
namespace {

using model::Outcome;

constexpr store::Ns kMs = 1'000'000;
constexpr store::Ns kSecond = 1'000'000'000;
const std::initializer_list<std::string_view> kFailures = {
    "SYNDROP", "SYNGIVEUP", "SHORTTO",   "ATTEMPTCAP", "REFUSED", "REJECTED", "NEIGH",    "HSRESET",
    "SILENT",  "TLSHANG",   "HELLOHANG", "PATHLOST",   "MTUIN",   "MTUOUT",   "LATERESET"};

bool is_v6(const Place& place) { return place.address.find(':') != std::string::npos; }

class BadAddr : public Rule {
 public:
  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "BADADDR",
        .family = Family::handshake,
        .title = "one address of the name is bad",
        .signature =
            "within a minute, or over the whole recording: one address of a name with at "
            "least 5 attempts and 50 % failures, the others together with at most 5 %. "
            "High where the others had at least 5 attempts",
        .meaning =
            "The name stands for several addresses, that is for several servers. One of them "
            "fails, the others work. Who connects gets one or the other, so the service seems to "
            "fail now and then.",
        .not_this =
            "The service as a whole is up, and so is this host's network: the other addresses "
            "were reached at the same time.",
        .next = {"take the address out of DNS or out of the pool", "look at that one server"}};
    return kEntry;
  }

  bool wants_healthy() const override { return true; }

  void see(const Attempt& attempt) override {
    if (attempt.is(Outcome::superseded) || attempt.is(Outcome::cancelled) ||
        attempt.is(Outcome::pending) || attempt.is(Outcome::abandoned) ||
        attempt.is(Outcome::unreachable) || attempt.is(Outcome::local_error)) {
      return;  // says nothing of the address
    }
    if (!attempt.row.peer_name) return;
    if (names_.size() <= attempt.service) names_.resize(attempt.service + 1);
    Name& name = names_[attempt.service];
    const std::int64_t minute = attempt.row.started_ns / (60 * kSecond);
    if (minute != name.minute) {
      judge(name, &Address::now);
      for (Address& address : name.addresses) address.now = {};
      name.minute = minute;
    }
    Address& address = address_of(name, attempt.place);
    for (Tally* tally : {&address.now, &address.ever}) {
      ++tally->attempts;
      tally->failures += attempt.failed ? 1 : 0;
    }
    if (attempt.failed) address.failed.add(Case(attempt), Confidence::high);
  }

  void conclude(std::vector<Finding>& findings) override {
    for (ServiceId service = 0; service < names_.size(); ++service) {
      Name& name = names_[service];
      judge(name, &Address::now);
      judge(name, &Address::ever);
      for (const Address& address : name.addresses) {
        if (!address.bad || left_to_family(name, address)) continue;
        tell(service, name, address, findings);
      }
    }
  }

 private:
  struct Tally {
    std::int64_t attempts = 0;
    std::int64_t failures = 0;
  };
  struct Address {
    PlaceId place = 0;
    Tally now;  // in this minute
    Tally ever;
    bool bad = false;
    bool sure = false;
    Cases failed;
  };
  struct Name {
    std::int64_t minute = -1;
    std::vector<Address> addresses;
  };

  static Address& address_of(Name& name, PlaceId place) {
    for (Address& address : name.addresses) {
      if (address.place == place) return address;
    }
    name.addresses.emplace_back().place = place;
    return name.addresses.back();
  }

  static Tally others_of(const Name& name, const Address& one, Tally Address::*tally) {
    Tally others;
    for (const Address& address : name.addresses) {
      if (&address == &one) continue;
      others.attempts += (address.*tally).attempts;
      others.failures += (address.*tally).failures;
    }
    return others;
  }

  static void judge(Name& name, Tally Address::*tally) {
    if (name.addresses.size() < 2) return;
    for (Address& one : name.addresses) {
      const Tally& own = one.*tally;
      if (own.attempts < 5 || own.failures * 2 < own.attempts) continue;
      const Tally others = others_of(name, one, tally);
      if (others.attempts == 0 || others.failures * 20 > others.attempts) continue;
      one.bad = true;
      one.sure = one.sure || others.attempts >= 5;
    }
  }

  // The only address of its family, and it never works: V6BAD and REFUSED6 know more.
  bool left_to_family(const Name& name, const Address& one) const {
    if (one.ever.failures < one.ever.attempts) return false;
    const bool six = is_v6(context().places[one.place]);
    return six && std::none_of(name.addresses.begin(), name.addresses.end(), [&](const auto& it) {
             return it.place != one.place && is_v6(context().places[it.place]);
           });
  }

  void tell(ServiceId service, const Name& name, const Address& bad,
            std::vector<Finding>& findings) {
    const Tally others = others_of(name, bad, &Address::ever);
    const Place& to = context().places[bad.place];
    Finding found = finding(Severity::error, bad.sure ? Confidence::high : Confidence::medium,
                            context().places.service(service));
    bad.failed.seen().fill(found, bad.ever.attempts);
    const std::int64_t percent = bad.ever.failures * 100 / bad.ever.attempts;
    found.summary = fmt::format(
        "{} fails {} % of the time, the other {} of {} {}: one backend is bad.", to.address,
        percent,
        counted(static_cast<std::int64_t>(name.addresses.size()) - 1, "address", "addresses"),
        *to.name, others.failures == 0 ? "never" : share(others.failures, others.attempts));
    found.evidence = {
        fmt::format("{}: {} attempts failed", to.address,
                    share(bad.ever.failures, bad.ever.attempts)),
        fmt::format("the others: {} failed", share(others.failures, others.attempts))};
    found.excluded = {
        "not the service as a whole, nor this host's network: other addresses of "
        "the name worked"};
    found.next_steps = {fmt::format("take {} out of DNS or out of the pool", to.address),
                        fmt::format("look at the server behind {}", to.endpoint)};
    explain_covered(found, findings, found.subject, found.count, kFailures);
    findings.push_back(std::move(found));
  }

  std::vector<Name> names_;
};

class Starved : public Rule {
 public:
  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "STARVED",
        .family = Family::handshake,
        .title = "first address used up the budget",
        .signature =
            "a call on a name with several addresses gave up, the first of the list took at "
            "least 80 % of the time, and not all addresses were tried (nothing more with "
            "that lookup within 2 s, and some never in the recording)",
        .meaning =
            "The name has more than one address, so that a client can go on to the next when one "
            "does not answer. This program spent all its time on the first one and gave up before "
            "it had tried the others.",
        .not_this =
            "It is not known that the others would have worked; they were not asked. "
            "Seen with PHP fsockopen, Python asyncio and Rust tokio.",
        .next = {"a shorter time-out per address",
                 "happy eyeballs (Python asyncio: happy_eyeballs_delay=0.25)"}};
    return kEntry;
  }

  bool wants_healthy() const override { return true; }

  void see(const store::ResolutionRow& row) override {
    if (!row.name || row.result != 0) return;
    std::vector<std::string> addresses;
    std::string_view rest = row.addresses;
    while (!rest.empty() && addresses.size() < 32) {
      const std::size_t end = std::min(rest.find(' '), rest.size());
      std::string one(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
      if (!one.empty() && std::find(addresses.begin(), addresses.end(), one) == addresses.end()) {
        addresses.push_back(std::move(one));
      }
    }
    if (addresses.size() > 1) addresses_.insert_or_assign(*row.name, std::move(addresses));
  }

  void see(const Attempt& attempt) override {
    const auto& row = attempt.row;
    const bool gave_up =
        attempt.silent && (attempt.is(Outcome::timed_out_caller) || attempt.is(Outcome::cancelled));
    if (!row.resolution_id || !row.peer_name) return;
    const auto known = addresses_.find(*row.peer_name);
    if (known != addresses_.end()) asked_[*row.peer_name].insert(*row.peer_address);
    const bool first = begin_lookup(*row.resolution_id);
    if (calls_.empty() && !gave_up) return;
    settle(row.started_ns);
    for (Call& call : calls_) {
      if (call.resolution != *row.resolution_id) continue;
      call.end_ns = std::max(call.end_ns, row.started_ns + attempt.elapsed_ns);
      call.connected = call.connected || attempt.is(Outcome::connected);
      if (std::find(call.tried.begin(), call.tried.end(), *row.peer_address) == call.tried.end()) {
        call.tried.push_back(*row.peer_address);
      }
      return;
    }
    if (!gave_up || !first || known == addresses_.end()) return;
    // Who begins with another address chooses by itself, and will choose another one next time.
    if (known->second.front() != *row.peer_address) return;
    if (calls_.size() == kRemembered) end_first();
    const Case one(attempt);
    calls_.push_back({one, *row.resolution_id, one.end_ns(), {*row.peer_address}, false});
  }

  void conclude(std::vector<Finding>& findings) override {
    while (!calls_.empty()) end_first();
    for (const auto& [service, cases] : cases_) {
      const Place& to = context().places[cases.first_place()];
      const auto& all = addresses_.at(*to.name);
      std::string untried;
      for (const std::string& address : all) {
        if (asked_[*to.name].contains(address)) continue;
        untried += (untried.empty() ? "" : ", ") + address;
      }
      if (untried.empty()) continue;
      Finding found = finding(cases.failed() > 0 ? Severity::error : Severity::warning,
                              Confidence::high, context().places.service(service));
      cases.seen().fill(found, context().places.fared(service).attempts);
      found.summary = fmt::format(
          "{} has {} addresses; the client spent all {} on the first ({}) and never tried {}.",
          *to.name, all.size(), times(cases.took()), to.address, untried);
      found.evidence = {observed(found, "calls that ended on the first address"),
                        "packets received from it: 0"};
      found.excluded = {"not known to be the whole service: the other addresses were not asked"};
      const std::string other = fmt::format("{}:{}:{}", *to.name, port_of(to), all.back());
      found.next_steps = {"set a shorter time-out per address, or use happy eyeballs",
                          "try another: curl --resolve " + model::shell_word(other) + " ..."};
      explain_covered(found, findings, found.subject, found.count, {"SYNDROP", "SHORTTO"});
      findings.push_back(std::move(found));
    }
  }

 private:
  static constexpr store::Ns kNextAddress = 2 * kSecond;
  static constexpr std::size_t kRemembered = 256;
  struct Call {
    Case first;
    std::int64_t resolution;
    store::Ns end_ns;
    std::vector<std::string> tried;
    bool connected;
  };

  // Whether no attempt with this lookup was seen before. Of a client that tries several addresses
  // at once, another one may stand before that which gave up.
  bool begin_lookup(std::int64_t resolution) {
    std::int64_t& newest = begun_[static_cast<std::size_t>(resolution) % begun_.size()];
    return std::exchange(newest, resolution) != resolution;
  }
  void settle(store::Ns now) {
    while (!calls_.empty() && calls_.front().end_ns + kNextAddress < now) end_first();
  }
  void end_first() {
    const Call& call = calls_.front();
    const auto& all = addresses_.at(*context().places[call.first.place].name);
    const store::Ns total = call.end_ns - call.first.started_ns;
    if (!call.connected && call.tried.size() < all.size() &&
        call.first.elapsed_ns * 5 >= total * 4 && call.first.elapsed_ns >= 200 * kMs) {
      cases_[call.first.service].add(call.first, Confidence::high);
    }
    calls_.pop_front();
  }

  std::unordered_map<std::string, std::vector<std::string>> addresses_;
  std::unordered_map<std::string, std::unordered_set<std::string>> asked_;  // by name: ever tried
  std::deque<Call> calls_;                                                  // as they started
  std::array<std::int64_t, 4096> begun_{};  // newest lookup of each residue
  std::map<ServiceId, Cases> cases_;
};

class V6Bad : public Rule {
 public:
  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "V6BAD",
        .family = Family::handshake,
        .title = "IPv6 path broken",
        .signature =
            "at least 3 attempts over IPv6 unanswered or rejected, none connected, and "
            "the same names connect over IPv4. Given up in favour of IPv4 counts only "
            "after 150 ms of silence and twice the time IPv4 needs",
        .meaning =
            "The name has an IPv6 and an IPv4 address. The program tries IPv6 first, nothing "
            "comes back, then it falls back to IPv4 and that works. So everything works, but each "
            "time late.",
        .not_this =
            "The service is up. A host without any IPv6 route says so at once and loses no time. "
            "A refusal over IPv6 is a server that listens on IPv4 only (REFUSED6).",
        .next = {"curl -6 -v URL", "mend the IPv6 route, or prefer IPv4 in /etc/gai.conf"}};
    return kEntry;
  }

  bool wants_healthy() const override { return true; }

  void see(const Attempt& attempt) override {
    const auto& row = attempt.row;
    if (!is_tcp(attempt) || !row.peer_name) return;
    if (names_.size() <= attempt.service) names_.resize(attempt.service + 1);
    Name& name = names_[attempt.service];
    const bool six = row.family == "ipv6";
    if (attempt.is(Outcome::connected)) {
      if (six) {
        ++name.six_connected;
        return;
      }
      ++name.four_connected;
      name.four_slowest_ns = std::max(name.four_slowest_ns, row.rtt_us.value_or(0) * 1000);
      return;
    }
    if (!six) return;
    const bool raced = attempt.is(Outcome::superseded) || attempt.is(Outcome::cancelled);
    const bool broken = raced ? attempt.silent && attempt.elapsed_ns >= 150 * kMs
                              : (attempt.silent && attempt.failed) || attempt.is(Outcome::rejected);
    if (!broken) return;
    if (name.broken == nullptr) name.broken = std::make_unique<Broken>();
    name.broken->cases.add(Case(attempt), raced && row.syn_retransmits.value_or(0) == 0
                                              ? Confidence::medium
                                              : Confidence::high);
    name.broken->lost_ns += attempt.elapsed_ns;
    if (raced) name.broken->raced.add(attempt.elapsed_ns);
  }

  void conclude(std::vector<Finding>& findings) override {
    for (ServiceId service = 0; service < names_.size(); ++service) {
      const Name& name = names_[service];
      if (name.broken == nullptr || name.six_connected > 0 || name.four_connected == 0) continue;
      const Broken& broken = *name.broken;
      if (broken.cases.count() < 3) continue;
      // A race lost to a faster IPv4 is no fault.
      if (broken.raced.known > 0 && broken.raced.least < 2 * name.four_slowest_ns) continue;
      Finding found =
          finding(Severity::warning, broken.cases.confidence(), context().places.service(service));
      broken.cases.seen().fill(found, context().places.fared(service).attempts);
      found.summary = fmt::format(
          "IPv6 to {} never works here; falling back to IPv4 costs {} each time, {} in this run.",
          found.subject, times(broken.cases.took()), time_span(broken.lost_ns));
      found.evidence = {observed(found, "attempts over IPv6 without an answer or rejected"),
                        "connected over IPv6: 0",
                        "connected over IPv4: " + number(name.four_connected)};
      found.excluded = {"not the service: it is reached over IPv4",
                        "not a host without IPv6: its packets went out"};
      const Place& to = context().places[broken.cases.first_place()];
      found.next_steps = {fmt::format("curl -6 -v {}", url_of(found.subject)),
                          fmt::format("mtr -6 -T -P {} {}", port_of(to), host_of(to)),
                          "mend the IPv6 route, or prefer IPv4 (/etc/gai.conf)"};
      explain_covered(found, findings, found.subject, found.count, kFailures);
      findings.push_back(std::move(found));
    }
  }

 private:
  struct Broken {
    Cases cases;
    Span raced;
    store::Ns lost_ns = 0;
  };
  struct Name {
    std::int64_t six_connected = 0;
    std::int64_t four_connected = 0;
    store::Ns four_slowest_ns = 0;  // round trip
    std::unique_ptr<Broken> broken;
  };
  std::vector<Name> names_;
};

}  // namespace

void add_address_rules(Rules& rules) {
  rules.push_back(std::make_unique<BadAddr>());
  rules.push_back(std::make_unique<Starved>());
  rules.push_back(std::make_unique<V6Bad>());
}

}  // namespace sockwatch::diagnose
