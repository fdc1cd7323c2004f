// Connected late, and SYNs lost for a reason of their own.
#include <fmt/format.h>

#include <cstdlib>

#include "viewer/diagnose/cases.h"
#include "viewer/diagnose/handshake.h"
#include "viewer/diagnose/phrase.h"
#include "viewer/diagnose/plain_run.h"
#include "viewer/diagnose/units.h"
#include "viewer/model/destination.h"

namespace sockwatch::diagnose {
namespace {

using model::Outcome;

// Connected after at least one SYN was sent again. Not where the answer is slower than the kernel's
// patience: then nothing was lost.
bool lost_syn(const Attempt& attempt, const Settings& settings) {
  const auto& row = attempt.row;
  if (!is_tcp(attempt) || !attempt.is(Outcome::connected) || row.fast_open.value_or(false) ||
      row.syn_retransmits.value_or(0) < 1) {
    return false;
  }
  return model::handshake_ns(row.rtt_us).value_or(0) < settings.syn_resend(1) / 10 * 9;
}

// Connected just after a SYN was sent again, by a round trip that includes the wait for that: the
// kernel measures from the first SYN where it is the answer to it that was lost. A peer that is as
// far away as that looks alike, so others there must show that it is not.
bool lost_answer(const Attempt& attempt, const Settings& settings) {
  const auto& row = attempt.row;
  if (!is_tcp(attempt) || !attempt.is(Outcome::connected) || row.fast_open.value_or(false) ||
      row.syn_retransmits.value_or(0) < 1 || lost_syn(attempt, settings)) {
    return false;
  }
  const store::Ns resend =
      settings.syn_resend(static_cast<int>(std::min<std::int64_t>(*row.syn_retransmits, 30)));
  // A busy program learns of it later still.
  return within(model::handshake_ns(row.rtt_us).value_or(0), resend - resend / 100,
                resend + resend / 10) &&
         attempt.elapsed_ns >= resend - resend / 100;
}

// Nearer than a twentieth of the time to the first resend.
bool is_near(const store::OptInt& rtt_us) {
  const store::OptInt rtt = model::handshake_ns(rtt_us);
  return rtt && *rtt <= 50 * kMs;
}
bool is_near(const Attempt& attempt) {
  return attempt.is(Outcome::connected) && attempt.row.syn_retransmits.value_or(1) == 0 &&
         is_near(attempt.row.rtt_us);
}

class SynLost : public CaseRule {
 public:
  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "SYNLOST",
        .family = Family::handshake,
        .title = "connected after resend",
        .signature =
            "connected, at least one SYN sent again. High where the time is that of the "
            "last resend plus the round trip, -1 % to +4 %. Medium where the kernel's round trip "
            "is the time of the last resend, -1 % to +10 % (the answer was lost, so it includes "
            "the wait), and another connect to that address had a round trip of 50 ms or less",
        .meaning =
            "The first packet of the connection got lost, or its answer did. The kernel waits a "
            "full second before it sends it again, so the connection works but is one second "
            "late, or three or seven if more were lost.",
        .not_this =
            "A slow server cannot delay a connect: its kernel answers by itself. A long way shows "
            "as a long round trip without any resend (FAR).",
        .next = {"nstat -az TcpRetransSegs", "on the server: nstat -az TcpExtListenDrops",
                 "on a NAT gateway: conntrack -S (insert_failed)"}};
    return kEntry;
  }

  bool wants_healthy() const override { return true; }  // how far away it is

  void see(const Attempt& attempt) override {
    if (!is_tcp(attempt)) return;
    if (places_.size() <= attempt.place) places_.resize(attempt.place + 1);
    Answers& answers = places_[attempt.place];
    if (lost_answer(attempt, settings()) && answers.lost.size() < kRemembered) {
      answers.lost.emplace_back(attempt);
    }
    if (answers.near || is_near(attempt)) count_lost(answers);
    CaseRule::see(attempt);
  }
  void see_plain(const PlainRun& run) override {
    const auto& places = run.places();
    if (std::all_of(places.begin(), places.end(), [this](const RunPlace& to) {
          return to.place < places_.size() && places_[to.place].near;
        })) {
      return;
    }
    for (std::size_t i = 0; i < run.size(); ++i) {
      const PlaceId place = run.place(i);
      if (places_.size() <= place) places_.resize(place + 1);
      Answers& answers = places_[place];
      if (!answers.near && is_near(run.rtt_us(i))) count_lost(answers);
    }
  }

 protected:
  std::optional<Confidence> grade(const Attempt& attempt) const override {
    if (!lost_syn(attempt, settings())) return std::nullopt;
    const auto resends = static_cast<int>(std::min<std::int64_t>(*attempt.row.syn_retransmits, 30));
    const store::Ns expected =
        settings().syn_resend(resends) + model::handshake_ns(attempt.row.rtt_us).value_or(0);
    const bool fits =
        within(attempt.elapsed_ns, expected - expected / 100, expected + expected / 25);
    return fits ? Confidence::high : Confidence::medium;
  }

  Severity severity(const Cases&) const override { return Severity::warning; }

  void tell(const Cases& cases, Finding& finding) const override {
    const Place& to = place(cases);
    const auto& fared = context().places.fared(to.service);
    finding.of = fared.connected;
    Span syns = cases.resends();
    ++syns.least;
    ++syns.most;
    finding.summary = fmt::format(
        "Connected to {} only at SYN number {}: the ones before, or their answers, were lost. {} "
        "connects here took {} instead of a round trip.",
        with_address(context().places, cases.first_place()), numbers(syns),
        share(finding.count, fared.connected), times(cases.took()));
    finding.evidence = {observed(finding, "connects that needed a second SYN"),
                        "SYNs sent again: " + numbers(cases.resends())};
    finding.excluded = {"not a slow application: it takes no part in the handshake",
                        "not distance: the round trip is far below the delay"};
    finding.next_steps = {
        fmt::format("mtr -T -P {} {}   (packet loss on the way)", port_of(to), host_of(to)),
        fmt::format("on the server: ss -ltn 'sport = :{}'; nstat -az TcpExtListenDrops",
                    port_of(to)),
        "behind NAT: conntrack -S (insert_failed)"};
  }

 private:
  static constexpr std::size_t kRemembered = 1'000;
  struct Answers {
    bool near = false;
    std::vector<Case> lost;  // if it is near
  };

  void count_lost(Answers& answers) {
    answers.near = true;
    for (const Case& one : answers.lost) count(one, Confidence::medium);
    answers.lost.clear();
  }

  std::vector<Answers> places_;
};

class SnatRace : public Rule {
 public:
  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "SNATRACE",
        .family = Family::handshake,
        .title = "SNAT port race",
        .signature =
            "at least 5 and 0.1 % of the connects to an address needed a second SYN, and "
            "those started within 5 ms of another connect to it at least three times as "
            "often as all, at least 3 of them",
        .meaning =
            "When two connections to the same place start at the same instant, a NAT gateway may "
            "give both the same source port. It then drops one of the two packets, and that "
            "connection comes up a second late. Here the late ones are just those that had a twin.",
        .not_this =
            "Loss on the way hits connections whether they have a twin or not. A server whose "
            "queue is full drops in larger bursts (QUEUEFULL). It is a hint, no proof.",
        .next = {"conntrack -S   (insert_failed growing proves it)",
                 "iptables: MASQUERADE --random-fully"}};
    return kEntry;
  }

  bool wants_healthy() const override { return true; }

  void see(const Attempt& attempt) override {
    if (!is_tcp(attempt) || attempt.is(Outcome::unreachable) || attempt.is(Outcome::local_error)) {
      return;
    }
    if (tallies_.size() <= attempt.place) tallies_.resize(attempt.place + 1);
    Tally& tally = tallies_[attempt.place];
    const bool answer = lost_answer(attempt, settings());
    const bool lost = answer || lost_syn(attempt, settings());
    tally.answers += answer ? 1 : 0;
    tally.no_long_way = tally.no_long_way || is_near(attempt);
    tally.add(attempt.row.started_ns, lost);
    if (lost) lost_[attempt.place].add(Case(attempt), Confidence::low);
  }
  void see_plain(const PlainRun& run) override {
    if (tallies_.size() <= run.place()) tallies_.resize(run.place() + 1);
    Tally& tally = tallies_[run.place()];
    for (std::size_t i = 0; i < run.size(); ++i) {
      tally.no_long_way = tally.no_long_way || is_near(run.rtt_us(i));
      tally.add(run.started_ns(i), false);
    }
  }

  void conclude(std::vector<Finding>& findings) override {
    for (const auto& [place, lost] : lost_) {
      const Tally& tally = tallies_[place];
      if (lost.count() < 5 || lost.count() * 1000 < tally.all) continue;
      if (tally.answers > 0 && !tally.no_long_way) continue;  // a long way, perhaps
      const double base = static_cast<double>(tally.near) / static_cast<double>(tally.all);
      const double rate = static_cast<double>(tally.lost_near) / static_cast<double>(lost.count());
      if (tally.lost_near < 3 || rate < 3 * base) continue;
      const Place& to = context().places[place];
      Finding found =
          finding(Severity::warning, Confidence::low, context().places.service(to.service));
      lost.seen().fill(found, tally.all);
      found.summary = fmt::format(
          "Lost SYNs to {} coincide with connects started at the same instant: typical of a NAT "
          "port race.",
          to.endpoint);
      found.evidence = {observed(found, "connects that needed a second SYN"),
                        "of these within 5 ms of another: " + share(tally.lost_near, lost.count()),
                        "of all connects: " + share(tally.near, tally.all)};
      found.excluded = {"not even loss: that would hit connects with and without a twin alike"};
      found.next_steps = {"on the NAT gateway: conntrack -S   (insert_failed)",
                          "masquerade with --random-fully"};
      findings.push_back(std::move(found));
    }
  }

 private:
  struct Tally {
    void add(store::Ns started_ns, bool is_lost) {
      const bool is_near = all > 0 && started_ns - last_ns <= 5 * kMs;
      // The one before learns only now that it has a neighbour.
      if (is_near && !last_near) {
        ++near;
        if (last_lost) ++lost_near;
      }
      ++all;
      near += is_near ? 1 : 0;
      lost_near += is_lost && is_near ? 1 : 0;
      last_ns = started_ns;
      last_near = is_near;
      last_lost = is_lost;
    }

    store::Ns last_ns = 0;
    std::int64_t all = 0;
    std::int64_t near = 0;
    std::int64_t lost_near = 0;
    std::int64_t answers = 0;  // lost_answer
    bool no_long_way = false;  // is_near
    bool last_near = false;
    bool last_lost = false;
  };
  std::vector<Tally> tallies_;
  std::map<PlaceId, Cases> lost_;
};

class Far : public CaseRule {
 public:
  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "FAR",
        .family = Family::handshake,
        .title = "slow but healthy",
        .signature =
            "connected at the first SYN in more than 200 ms, and that is the round trip "
            "within 20 %",
        .meaning =
            "A connect takes one trip to the other side and back. Here that trip alone takes this "
            "long: the other side is far away, or the link is slow. Nothing was lost.",
        .not_this = "A lost packet adds a whole second (SYNLOST).",
        .next = {"keep connections open instead of opening new ones",
                 "move client and server "
                 "closer"}};
    return kEntry;
  }
  bool wants_healthy() const override { return true; }

 protected:
  std::optional<Confidence> grade(const Attempt& attempt) const override {
    if (attempt.elapsed_ns <= 200 * kMs || !attempt.is(Outcome::connected)) return std::nullopt;
    const auto& row = attempt.row;
    const store::OptInt rtt = model::handshake_ns(row.rtt_us);
    if (!is_tcp(attempt) || row.syn_retransmits.value_or(1) != 0 || !rtt) return std::nullopt;
    if (std::abs(attempt.elapsed_ns - *rtt) > *rtt / 5) return std::nullopt;
    return Confidence::high;
  }
  void remember(const Attempt& attempt) override {
    rtt_[attempt.service].add(model::handshake_ns(attempt.row.rtt_us));
  }
  Severity severity(const Cases&) const override { return Severity::info; }

  void tell(const Cases& cases, Finding& finding) const override {
    const Place& to = place(cases);
    finding.of = context().places.fared(to.service).connected;
    finding.summary = fmt::format("Connect to {} took {} because the round trip is {}; no loss.",
                                  with_address(context().places, cases.first_place()),
                                  times(cases.took()), times(rtt_.at(to.service)));
    finding.evidence = {observed(finding, "connects as long as their round trip"),
                        "SYNs sent again: 0"};
    finding.excluded = {"not packet loss: no SYN was sent twice"};
    finding.next_steps = {"keep connections open", fmt::format("mtr {}", host_of(to))};
  }

 private:
  std::map<ServiceId, Span> rtt_;
};

class PortReuse : public Rule {
 public:
  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "PORTREUSE",
        .family = Family::handshake,
        .title = "reused source port ignored",
        .signature =
            "SYN never answered, from a source port that had been connected to the same "
            "address and port at most 120 s before, while connects from other source "
            "ports work",
        .meaning =
            "A connection is known by four numbers: both addresses and both ports. This program "
            "used the same own port again soon after. The server, or a box between, still "
            "remembers the old connection under these numbers and ignores the new one.",
        .not_this =
            "The server is not down: connections from other ports work at the same time. Without "
            "an earlier use of the port it is FLOWHOLE.",
        .next = {"do not bind a fixed source port", "sysctl net.ipv4.tcp_tw_reuse"}};
    return kEntry;
  }

  bool wants_healthy() const override { return true; }

  void see(const Attempt& attempt) override {
    const auto& row = attempt.row;
    if (!is_tcp(attempt) || !row.local_port || *row.local_port == 0) return;
    if (uses_.size() <= attempt.place) uses_.resize(attempt.place + 1);
    Uses& uses = uses_[attempt.place];
    if (attempt.is(Outcome::connected)) {
      uses.add({*row.local_port, row.closed_ns.value_or(row.started_ns)});
      return;
    }
    const bool unanswered = (attempt.silent && row.syn_retransmits.value_or(0) >= 1) ||
                            attempt.is(Outcome::timed_out_kernel);
    if (!unanswered || attempt.is(Outcome::superseded)) return;
    for (const Use& use : uses.ring) {
      if (use.port != *row.local_port) continue;
      const store::Ns since = attempt.row.started_ns - use.end_ns;
      if (!within(since, -kSecond, 120 * kSecond)) continue;
      uses.cases.add(Case(attempt), Confidence::medium);
      uses.since.add(std::max<store::Ns>(since, 0));
      uses.port = use.port;
      return;
    }
  }
  void see_plain(const PlainRun& run) override {
    if (uses_.size() <= run.place()) uses_.resize(run.place() + 1);
    Uses& uses = uses_[run.place()];
    for (std::size_t i = 0; i < run.size(); ++i) {
      if (run.local_port(i) != 0) uses.add({run.local_port(i), run.closed_ns(i)});
    }
  }

  void conclude(std::vector<Finding>& findings) override {
    for (PlaceId place = 0; place < uses_.size(); ++place) {
      const Uses& uses = uses_[place];
      if (uses.cases.count() == 0) continue;
      const bool fresh_ok = std::any_of(uses.ring.begin(), uses.ring.end(),
                                        [&](const Use& use) { return use.port != uses.port; });
      if (!fresh_ok) continue;
      const Place& to = context().places[place];
      Finding found = finding(uses.cases.failed() > 0 ? Severity::error : Severity::warning,
                              Confidence::medium, context().places.service(to.service));
      uses.cases.seen().fill(found, context().places.fared(to.service).attempts);
      found.summary = fmt::format("{} still remembers the previous connection from port {}.",
                                  to.endpoint, uses.port);
      found.evidence = {observed(found, "unanswered SYNs from a port used shortly before"),
                        "time since that use: " + times(uses.since),
                        "connects from other source ports work"};
      found.excluded = {"not a dead server: it answers other source ports"};
      found.next_steps = {"do not bind a fixed source port: let the kernel choose",
                          "sysctl net.ipv4.tcp_tw_reuse",
                          fmt::format("on the server: ss -tan 'dport = :{}'", uses.port)};
      explain_covered(found, findings, found.subject, found.count,
                      {"SYNDROP", "SYNGIVEUP", "SHORTTO", "FLOWHOLE"});
      findings.push_back(std::move(found));
    }
  }

 private:
  static constexpr std::size_t kRemembered = 64;
  struct Use {
    std::int64_t port;
    store::Ns end_ns;
  };
  struct Uses {
    void add(Use use) {
      if (ring.size() < kRemembered) {
        ring.push_back(use);
      } else {
        ring[next] = use;
        next = (next + 1) % kRemembered;
      }
    }

    std::vector<Use> ring;
    std::size_t next = 0;
    std::int64_t port = 0;
    Span since;
    Cases cases;
  };
  std::vector<Uses> uses_;
};

}  // namespace

void add_late_rules(Rules& rules) {
  rules.push_back(std::make_unique<SynLost>());
  rules.push_back(std::make_unique<SnatRace>());
  rules.push_back(std::make_unique<Far>());
  rules.push_back(std::make_unique<PortReuse>());
}

}  // namespace sockwatch::diagnose
