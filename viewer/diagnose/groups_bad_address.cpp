// One address of a name fails, the others work.
#include <fmt/format.h>

#include <utility>

#include "viewer/diagnose/cases.h"
#include "viewer/diagnose/groups.h"
#include "viewer/diagnose/handshake_fallback.h"
#include "viewer/diagnose/phrase.h"
#include "viewer/diagnose/plain_run.h"
#include "viewer/diagnose/units.h"

namespace sockwatch::diagnose {
namespace {

using model::Outcome;

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
            "High where the others had at least 5 attempts. A warning where after each failure "
            "the same call got through on another address",
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
    const auto decided = [this](const Case& one, Confidence confidence) {
      address_of(names_[one.service], one.place).failed.add(one, confidence);
    };
    if (is_tcp(attempt)) fallbacks_.see(attempt, decided);
    if (attempt.is(Outcome::superseded) || attempt.is(Outcome::cancelled) ||
        attempt.is(Outcome::pending) || attempt.is(Outcome::abandoned) ||
        attempt.is(Outcome::unreachable) || attempt.is(Outcome::local_error)) {
      return;  // says nothing of the address
    }
    if (!attempt.row.peer_name) return;
    if (names_.size() <= attempt.service) names_.resize(attempt.service + 1);
    Name& name = names_[attempt.service];
    enter_minute(name, minute_of(attempt.row.started_ns));
    Address& address = address_of(name, attempt.place);
    address.count(1, attempt.failed ? 1 : 0);
    if (!attempt.failed) return;
    if (is_tcp(attempt) && !attempt.is(Outcome::connected)) {
      fallbacks_.add(Case(attempt), Confidence::high, decided);
    } else {
      address.failed.add(Case(attempt), Confidence::high);
    }
  }

  void see_plain(const PlainRun& run) override {
    fallbacks_.see_plain(run, [this](const Case& one, Confidence confidence) {
      address_of(names_[one.service], one.place).failed.add(one, confidence);
    });
    if (names_.size() <= run.service()) names_.resize(run.service() + 1);
    Name& name = names_[run.service()];
    const std::int64_t minute = minute_of(run.first_start_ns());
    if (minute == minute_of(run.last_start_ns())) {
      for (const RunPlace& to : run.places()) {
        if (!context().places[to.place].name) continue;
        enter_minute(name, minute);
        address_of(name, to.place).count(to.attempts, 0);
      }
      return;
    }
    for (std::size_t i = 0; i < run.size(); ++i) {
      if (!run.shape(i).peer_name) continue;
      enter_minute(name, minute_of(run.started_ns(i)));
      address_of(name, run.place(i)).count(1, 0);
    }
  }

  void conclude(std::vector<Finding>& findings) override {
    fallbacks_.finish([this](const Case& one, Confidence confidence) {
      address_of(names_[one.service], one.place).failed.add(one, confidence);
    });
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
    void count(std::int64_t attempts, std::int64_t failures) {
      for (Tally* tally : {&now, &ever}) {
        tally->attempts += attempts;
        tally->failures += failures;
      }
    }

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

  static std::int64_t minute_of(store::Ns moment) { return moment / (60 * kSecond); }
  static void enter_minute(Name& name, std::int64_t minute) {
    if (minute == name.minute) return;
    judge(name, &Address::now);
    for (Address& address : name.addresses) address.now = {};
    name.minute = minute;
  }

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
    const bool made_good = bad.failed.all_made_good();
    Finding found = finding(made_good ? Severity::warning : Severity::error,
                            bad.sure ? Confidence::high : Confidence::medium,
                            context().places.service(service));
    bad.failed.seen().fill(found, bad.ever.attempts);
    const std::int64_t percent = bad.ever.failures * 100 / bad.ever.attempts;
    found.summary = fmt::format(
        "{} fails {} % of the time, the other {} of {} {}: one backend is bad.", to.address,
        percent,
        name.addresses.size() == 2
            ? "address"
            : counted(static_cast<std::int64_t>(name.addresses.size()) - 1, "address", "addresses"),
        *to.name, others.failures == 0 ? "never" : share(others.failures, others.attempts));
    found.evidence = {
        fmt::format("{}: {} attempts failed", to.address,
                    share(bad.ever.failures, bad.ever.attempts)),
        fmt::format("the others: {} failed", share(others.failures, others.attempts))};
    if (made_good) {
      found.evidence.push_back(
          fmt::format("each time the program got through on another address, after {}",
                      times(bad.failed.took())));
    }
    found.excluded = {
        "not the service as a whole, nor this host's network: other addresses of "
        "the name worked"};
    found.next_steps = {fmt::format("take {} out of DNS or out of the pool", to.address),
                        fmt::format("look at the server behind {}", to.endpoint)};
    explain_covered(found, findings, found.subject, found.count, kAddressFailures);
    findings.push_back(std::move(found));
  }

  std::vector<Name> names_;
  Fallbacks fallbacks_;
};

}  // namespace

void add_bad_address_rule(Rules& rules) { rules.push_back(std::make_unique<BadAddr>()); }

}  // namespace sockwatch::diagnose
