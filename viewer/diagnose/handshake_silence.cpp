// SYNs that nobody answered.
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <map>

#include "viewer/diagnose/cases.h"
#include "viewer/diagnose/handshake.h"
#include "viewer/diagnose/handshake_fallback.h"
#include "viewer/diagnose/phrase.h"
#include "viewer/diagnose/plain_run.h"
#include "viewer/diagnose/units.h"
#include "viewer/model/destination.h"

namespace sockwatch::diagnose {
namespace {

using model::Outcome;

void tell_silence(const Place& place, const Cases& cases, Finding& finding, std::string_view what) {
  finding.evidence.push_back(observed(finding, what));
  if (cases.resends().known > 0) {
    finding.evidence.push_back(fmt::format("SYNs sent again per attempt: {}; packets received: 0",
                                           numbers(cases.resends())));
  }
  if (cases.budget().known > 0) {
    finding.evidence.push_back(fmt::format("time allowed: {}", times(cases.budget())));
  }
  finding.next_steps = {
      fmt::format("mtr -T -P {} {}", port_of(place), host_of(place)),
      "compare the rules of firewalls and security groups on the way with this address and port",
      fmt::format("on the server: ss -ltn 'sport = :{}'; nstat -az TcpExtListenDrops",
                  port_of(place))};
}

constexpr std::string_view kUnanswered = "attempts without any answer";

// Where nothing ever connected, shorter attempts got no answer for the same reason, and count.
class LongSilence : public AddressRule {
 protected:
  // What the attempts of this rule itself show, where there are others.
  std::string_view own_evidence(const Cases& cases, const Finding& finding) const {
    const auto& fared = context().places.fared(place(cases).service);
    const bool all = fared.connected > 0 || fared.attempts <= finding.count;
    return all ? kUnanswered : "attempts whose further SYNs had no answer either";
  }

  void explain_shorter(const Cases& cases, Finding& finding) const {
    const auto& fared = context().places.fared(place(cases).service);
    if (fared.connected > 0) return;
    finding.explains.push_back({"SHORTTO", finding.subject, true});
    if (fared.attempts > finding.count) {
      finding.evidence.push_back(
          fmt::format("no attempt at all got through: 0 of {} connected", number(fared.attempts)));
    }
  }
};

class SynDrop : public LongSilence {
 public:
  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "SYNDROP",
        .family = Family::handshake,
        .title = "SYN never answered, client gave up",
        .signature =
            "connect given up by the program in SYN_SENT, at least one SYN sent again, "
            "not one packet received, and the SYNs left this host (else NEIGH). Also, medium, "
            "where a program ended in the middle of a blocking connect, or after a wait for room "
            "to send had run out, and that was after the time of the first resend. For information "
            "where the same "
            "call then got through on "
            "another address of the name",
        .meaning =
            "To open a connection the kernel sends a small packet, the SYN, and waits for an "
            "answer. When none comes it sends the SYN again after 1 s, 2 s, 4 s and so on. Here no "
            "answer of any kind came back before the program's patience ended: neither yes nor "
            "no. From this side it cannot be told where the packets were lost.",
        .not_this =
            "A port nobody listens on answers at once with a refusal (REFUSED), a firewall that "
            "rejects sends an ICMP message (REJECTED), a slow application completes the handshake "
            "and is silent afterwards (SILENT). A server whose queue of waiting connections is "
            "full looks exactly like this.",
        .next = {"mtr -T -P PORT ADDRESS", "firewall rules and security groups on the way",
                 "on the server: nstat -az TcpExtListenDrops"}};
    return kEntry;
  }

 protected:
  std::optional<Confidence> grade(const Attempt& attempt) const override {
    const auto& row = attempt.row;
    if (!is_tcp(attempt) || never_left(attempt)) return std::nullopt;
    const bool given_up =
        program_gave_up(attempt) || attempt.is(Outcome::abandoned) || attempt.is(Outcome::pending);
    if (given_up && attempt.silent && row.syn_retransmits.value_or(0) >= 1) {
      return Confidence::high;
    }
    // The kernel's counters were not read when the program ended. That it was still in connect
    // after the first resend is known; that nothing came back is not.
    if (attempt.is(Outcome::abandoned) && !row.segs_in &&
        known_connecting_ns(attempt) >= settings().syn_resend(1)) {
      return Confidence::medium;
    }
    return std::nullopt;
  }

  // Where connect had returned at once, the handshake may have been over for long: a wait for room
  // to send that ran out shows that it was not.
  static store::Ns known_connecting_ns(const Attempt& attempt) {
    if (attempt.row.blocking.value_or(false)) return attempt.elapsed_ns;
    return attempt.row.waited_out_ns.value_or(attempt.row.started_ns) - attempt.row.started_ns;
  }

  void tell(const Cases& cases, Finding& finding) const override {
    const Place& to = place(cases);
    const std::string at = with_address(context().places, cases.first_place());
    if (cases.resends().known > 0) {
      Span syns = cases.resends();
      ++syns.least;
      ++syns.most;
      const std::int64_t connected = cases.connected_there(context().places);
      if (connected == 0) {
        finding.summary = fmt::format(
            "{} never answered: {} SYNs in {}, no reply of any kind. Something drops packets "
            "silently (firewall, wrong route, host down) or the server's queue is full.",
            at, numbers(syns), times(cases.took()));
      } else {
        finding.summary = fmt::format(
            "{}: {} attempts unanswered, while {} connected. {} SYNs in {}, no reply of any "
            "kind: something drops some packets silently (firewall, a bad path, a host that was "
            "down for a time) or the server's queue is full at times.",
            at, share(finding.count, finding.of), number(connected), numbers(syns),
            times(cases.took()));
      }
      explain_shorter(cases, finding);
    } else {
      finding.summary = fmt::format(
          "Still no connection to {} after {}, when the program ended. Something drops packets "
          "silently (firewall, wrong route, host down) or the server's queue is full.",
          at, times(cases.took()));
    }
    tell_silence(to, cases, finding, own_evidence(cases, finding));
    if (finding.confidence != Confidence::high) {
      finding.evidence.emplace_back(
          "the process ended meanwhile, so the kernel's counters of packets were not read");
    }
    finding.excluded = {"not refused and not rejected: either would have brought a packet back",
                        "not a slow application: the handshake is the kernel's work"};
  }
};

class SynGiveUp : public LongSilence {
 public:
  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "SYNGIVEUP",
        .family = Family::handshake,
        .title = "SYN never answered, kernel gave up",
        .signature =
            "ETIMEDOUT from connect after the time the recorded tcp_syn_retries (or the "
            "socket's TCP_SYNCNT) allow, -1 % to +4 %; or after TCP_USER_TIMEOUT",
        .meaning =
            "The program set no time limit of its own, so the kernel went on sending its SYN, the "
            "packet that asks for a connection, at growing intervals until its own limit. Nothing "
            "ever came back. The program then gets ETIMEDOUT, 'Connection timed out'.",
        .not_this =
            "It is no time-out of the program and none of a connected socket: 'Connection timed "
            "out' while reading or writing is LONGHANG. Go before 1.10 printed this error as "
            "'getsockopt: connection timed out'; getsockopt has nothing to do with it.",
        .next = {"mtr -T -P PORT ADDRESS", "set a connect time-out of 3 s to 10 s in the program"}};
    return kEntry;
  }

 protected:
  std::optional<Confidence> grade(const Attempt& attempt) const override {
    if (!is_tcp(attempt) || !attempt.is(Outcome::timed_out_kernel)) return std::nullopt;
    return fits(attempt) ? Confidence::high : Confidence::medium;
  }

  void tell(const Cases& cases, Finding& finding) const override {
    Span syns = cases.resends();
    const Place& to = place(cases);
    const bool known = syns.known > 0 && syns.most > 0;
    finding.summary = fmt::format(
        "The kernel sent {} to {} over {} without any answer and gave up (ETIMEDOUT). This is the "
        "error old Go programs print as 'getsockopt: connection timed out'.",
        known ? counted(syns.most + 1, "SYN") : "SYNs",
        with_address(context().places, cases.first_place()), times(cases.took()));
    tell_silence(to, cases, finding, own_evidence(cases, finding));
    finding.evidence.push_back(fmt::format(
        "tcp_syn_retries {} and tcp_syn_linear_timeouts {} give up after {}",
        settings().syn_retries, settings().syn_linear_timeouts, time_span(settings().give_up())));
    if (finding.confidence != Confidence::high) {
      finding.evidence.emplace_back(
          "the time does not fit the recorded settings: the program may live in another network "
          "namespace");
    }
    explain_shorter(cases, finding);
    finding.excluded = {"not the program's own time-out: the error came from the kernel",
                        "not refused and not rejected: those have other errors"};
    finding.next_steps.emplace_back("set a connect time-out in the program, 3 s to 10 s");
  }

 private:
  bool fits(const Attempt& attempt) const {
    const store::Ns took = attempt.elapsed_ns;
    if (attempt.row.budget_source == "TCP_USER_TIMEOUT") return true;
    const auto near = [took](store::Ns limit) {
      return within(took, limit - limit / 100, limit + limit / 25);
    };
    if (near(settings().give_up())) return true;
    Settings other = settings();  // TCP_SYNCNT of the socket
    for (other.syn_retries = 1; other.syn_retries <= 8; ++other.syn_retries) {
      if (near(other.give_up()) &&
          attempt.row.syn_retransmits.value_or(0) == other.resends_at_give_up()) {
        return true;
      }
    }
    return false;
  }
};

class ShortTo : public AddressRule {
 public:
  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "SHORTTO",
        .family = Family::handshake,
        .title = "time-out shorter than one resend",
        .signature =
            "given up by the program in SYN_SENT with no SYN sent again and no packet "
            "received, because a wait of 50 ms or longer ran out, or otherwise after more than "
            "250 ms, and at most the first resend + 5 %. For information where the same call then "
            "got through on another address of the name. High where every other connect to it had "
            "a "
            "round trip longer than that",
        .meaning =
            "A lost first packet is repaired by sending it again, and the kernel does that after "
            "1 s. This program gives up before. So it never gets a second try: one packet lost "
            "anywhere is enough to fail, and a failure does not tell whether the other side was "
            "reachable at all.",
        .not_this =
            "It is no proof that the destination is down. Where every attempt fails, something "
            "else is wrong as well: repeat with a time-out of 3 s, and SYNDROP or a connection "
            "will tell. From five attempts on that all got no answer it says so first.",
        .next = {"use a connect time-out of 3 s or more"}};
    return kEntry;
  }

 protected:
  std::optional<Confidence> grade(const Attempt& attempt) const override {
    const auto& row = attempt.row;
    if (!is_tcp(attempt) || !program_gave_up(attempt) || !attempt.silent || row.error == EINTR ||
        row.fast_open.value_or(false) || row.syn_retransmits.value_or(1) != 0) {
      return std::nullopt;
    }
    const store::Ns resend = settings().syn_resend(1);
    const bool ran_out =
        attempt.is(Outcome::timed_out_caller) && row.budget_ns.value_or(0) >= kShortest;
    if (attempt.elapsed_ns < kShortest || (!ran_out && attempt.elapsed_ns <= kUnlessRanOut) ||
        attempt.elapsed_ns > resend + resend / 20) {
      return std::nullopt;
    }
    // Cancelled: no wait ran out. A person or the program's own timer, nobody knows.
    return attempt.is(Outcome::cancelled) ? Confidence::low : Confidence::medium;
  }

 public:
  void see(const Attempt& attempt) override {
    if (attempt.is(Outcome::connected)) {
      note_round_trip(attempt.service, model::handshake_ns(attempt.row.rtt_us));
    }
    AddressRule::see(attempt);
  }
  void see_plain(const PlainRun& run) override {
    for (std::size_t i = 0; i < run.size(); ++i) {
      note_round_trip(run.service(), model::handshake_ns(run.rtt_us(i)));
    }
    AddressRule::see_plain(run);
  }

 protected:
  void tell(const Cases& cases, Finding& finding) const override {
    const Place& to = place(cases);
    const store::Ns resend = settings().syn_resend(1);
    const std::string at = with_address(context().places, cases.first_place());
    const Span& limit = cases.budget().known > 0 ? cases.budget() : cases.took();
    tell_silence(to, cases, finding, kUnanswered);
    finding.excluded = {"no second SYN was sent, so one lost packet and a dead host look the same"};
    const auto longer = "use a connect time-out of 3 s or more: three SYNs";
    finding.next_steps.insert(finding.next_steps.begin(), longer);
    const auto far = round_trips_.find(to.service);
    if (far != round_trips_.end() && far->second.least > limit.most) {
      tell_far(at, limit, far->second, finding);
      return;
    }
    finding.summary = fmt::format(
        "The {} connect time-out towards {} ends before the first SYN resend at {}; one lost "
        "packet is enough to fail.",
        times(limit), at, time_span(resend));
    const auto& fared = context().places.fared(to.service);
    if (fared.connected > 0) return;
    if (finding.count < kNoChance) {
      finding.summary +=
          fmt::format(" Nothing was ever answered there: {} connected.", share(0, fared.attempts));
      if (fared.attempts > 1) {
        finding.evidence.push_back(fmt::format(
            "none of {} got through: this place may not answer at all, or its round trip is longer",
            counted(fared.attempts, "attempt")));
      }
      return;
    }
    // Of so many first packets not all are lost by chance.
    finding.summary = fmt::format(
        "{} answered none of {} ({} allowed for each): something drops packets silently (firewall, "
        "wrong route, host down), or the round trip is longer than that. The time-out also ends "
        "before the first SYN resend at {}.",
        at, counted(fared.attempts, "attempt"), times(limit), time_span(resend));
    finding.evidence.push_back(
        fmt::format("none of {} got through: so many first packets are not lost by chance",
                    counted(fared.attempts, "attempt")));
    finding.excluded = {"not one lost packet: every attempt stayed without an answer"};
    std::rotate(finding.next_steps.begin(), finding.next_steps.begin() + 1,
                finding.next_steps.end());
  }

 private:
  // Less is a look whether it is up yet.
  static constexpr store::Ns kShortest = 50 * kMs;
  static constexpr store::Ns kUnlessRanOut = 250 * kMs;
  static constexpr std::int64_t kNoChance = 5;

  void note_round_trip(ServiceId service, const store::OptInt& round_trip) {
    if (round_trip) round_trips_[service].add(*round_trip);
  }

  // It cannot ever succeed: the answer comes later.
  static void tell_far(const std::string& at, const Span& limit, const Span& round_trip,
                       Finding& finding) {
    finding.confidence = Confidence::high;
    finding.summary = fmt::format(
        "The {} connect time-out towards {} is shorter than the round trip, {}: no answer can come "
        "in time.",
        times(limit), at, times(round_trip));
    finding.evidence.push_back(fmt::format("round trip of those that connected: {} in {}",
                                           times(round_trip),
                                           counted(round_trip.known, "connection")));
    finding.excluded = {"not packet loss and not a dead host: given more time, others connected"};
  }

  std::map<ServiceId, Span> round_trips_;  // of connects that had the time
};

}  // namespace

void add_silence_rules(Rules& rules) {
  rules.push_back(std::make_unique<SynDrop>());
  rules.push_back(std::make_unique<SynGiveUp>());
  rules.push_back(std::make_unique<ShortTo>());
}

}  // namespace sockwatch::diagnose
