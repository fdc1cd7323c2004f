// One place that treats attempts of the same time differently.
#include <fmt/format.h>

#include <cerrno>
#include <deque>

#include "viewer/diagnose/cases.h"
#include "viewer/diagnose/groups.h"
#include "viewer/diagnose/phrase.h"
#include "viewer/diagnose/plain_run.h"
#include "viewer/diagnose/units.h"
#include "viewer/model/destination.h"

namespace sockwatch::diagnose {
namespace {

using model::Outcome;

bool at_first_syn(const Attempt& attempt) {
  return attempt.is(Outcome::connected) && attempt.row.syn_retransmits.value_or(1) == 0;
}

bool after_resends(const Attempt& attempt) {
  return attempt.is(Outcome::connected) && attempt.row.syn_retransmits.value_or(0) > 0;
}

bool unanswered(const Attempt& attempt) {
  return attempt.silent && !attempt.is(Outcome::superseded) &&
         (attempt.row.syn_retransmits.value_or(0) > 0 || attempt.is(Outcome::timed_out_kernel));
}

class FlowHole : public Rule {
 public:
  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "FLOWHOLE",
        .family = Family::handshake,
        .title = "only this flow is black-holed",
        .signature =
            "unanswered for at least 3 s with at least 2 resends, and before the last "
            "resend an attempt started later to the same address and port connected at "
            "its first SYN. Medium; high from three on. Not where others there connected "
            "late at the same time",
        .meaning =
            "This connection's packets vanish, however often they are sent, while new connections "
            "to the very same place come up at once. The difference between them is the own port. "
            "Some box on the way (NAT, firewall, load balancer) remembers something wrong about "
            "this port.",
        .not_this =
            "The server is up and reachable. A full queue would delay others at the same time "
            "too (QUEUEFULL). A longer time-out does not help, because the kernel repeats the "
            "same packet.",
        .next = {"conntrack -L -p tcp --dport PORT", "try again with a new socket"}};
    return kEntry;
  }

  bool wants_healthy() const override { return true; }

  void see(const Attempt& attempt) override {
    if (!is_tcp(attempt)) return;
    if (flows_.size() <= attempt.place) flows_.resize(attempt.place + 1);
    Flows& flows = flows_[attempt.place];
    if (after_resends(attempt)) ++flows.late;
    if (unanswered(attempt) && attempt.elapsed_ns >= 3 * kSecond &&
        attempt.row.syn_retransmits.value_or(0) >= 2) {
      settle(flows, attempt.row.started_ns);
      for (Stuck& stuck : flows.stuck) stuck.compared = true;
      if (flows.stuck.size() == kRemembered) flows.stuck.pop_front();
      const auto resends =
          static_cast<int>(std::min<std::int64_t>(*attempt.row.syn_retransmits, 30));
      flows.stuck.push_back({Case(attempt), attempt.row.started_ns + settings().syn_resend(resends),
                             attempt.row.local_port});
      flows.newest_resend_ns = std::max(flows.newest_resend_ns, flows.stuck.back().last_resend_ns);
      return;
    }
    const store::Ns started = attempt.row.started_ns;
    flows.compare(started);
    if (at_first_syn(attempt)) flows.pass(started, started + attempt.elapsed_ns);
  }
  void see_plain(const PlainRun& run) override {
    if (flows_.size() <= run.place()) flows_.resize(run.place() + 1);
    Flows& flows = flows_[run.place()];
    if (flows.newest_resend_ns <= run.first_start_ns()) return;
    flows.compare(run.first_start_ns());
    for (std::size_t i = 0; i < run.size(); ++i) flows.pass(run.started_ns(i), run.decided_ns(i));
  }

  void conclude(std::vector<Finding>& findings) override {
    for (PlaceId place = 0; place < flows_.size(); ++place) {
      Flows& flows = flows_[place];
      settle(flows, std::numeric_limits<store::Ns>::max());
      if (flows.cases.count() == 0 || flows.late >= flows.cases.count()) continue;
      const Place& to = context().places[place];
      const Confidence confidence =
          flows.cases.count() >= 3 ? Confidence::high : Confidence::medium;
      Finding found = finding(flows.cases.failed() > 0 ? Severity::error : Severity::warning,
                              confidence, context().places.service(to.service));
      flows.cases.seen().fill(found, context().places.fared(to.service).attempts);
      found.summary = fmt::format(
          "Retries of {} to {} vanish while new connections to the same place succeed: a middlebox "
          "remembers {} wrongly.",
          found.count == 1 ? "this connection" : "these connections", to.endpoint,
          found.count == 1 ? "this source port" : "these source ports");
      found.evidence = {
          observed(found, "attempts that stayed unanswered"),
          fmt::format("SYNs sent again: {} in {}", numbers(flows.cases.resends()),
                      times(flows.cases.took())),
          fmt::format("started later and connected at the first SYN before their last resend: {}",
                      numbers(flows.passed))};
      if (!flows.ports.empty()) found.evidence.push_back("own ports: " + flows.ports);
      if (flows.not_compared > 0) {
        found.evidence.push_back(fmt::format(
            "unanswered as well, but no other was started meanwhile to compare with: {}",
            flows.not_compared));
      }
      found.excluded = {"not a dead or overloaded server: others connected meanwhile, " +
                            counted(flows.late, "of them late", "of them late"),
                        "not a time-out too short: every resend is the same packet"};
      found.next_steps = {
          fmt::format("on NAT and firewalls of the path: conntrack -L -p tcp --dport {}",
                      port_of(to)),
          "try again with a new socket, not with a longer time-out"};
      explain_covered(found, findings, found.subject, found.count + flows.not_compared,
                      {"SYNDROP", "SYNGIVEUP"});
      findings.push_back(std::move(found));
    }
  }

 private:
  static constexpr std::size_t kRemembered = 64;
  struct Stuck {
    Case one;
    store::Ns last_resend_ns;
    store::OptInt own_port;
    std::int64_t passed = 0;  // later ones that connected before that
    bool compared = false;    // there was a later one at all
  };
  struct Flows {
    void compare(store::Ns started_ns) {
      for (Stuck& one : stuck) one.compared = one.compared || started_ns < one.last_resend_ns;
    }
    void pass(store::Ns started_ns, store::Ns up_ns) {
      for (Stuck& one : stuck) {
        if (started_ns > one.one.started_ns && up_ns < one.last_resend_ns) ++one.passed;
      }
    }

    std::deque<Stuck> stuck;                                             // as they started
    store::Ns newest_resend_ns = std::numeric_limits<store::Ns>::min();  // of all there were
    std::int64_t late = 0;                                               // connected after resends
    Cases cases;
    std::int64_t not_compared = 0;  // stuck, but no attempt was made meanwhile
    Span passed;
    std::string ports;
  };

  static void settle(Flows& flows, store::Ns now) {
    while (!flows.stuck.empty() && flows.stuck.front().last_resend_ns < now) {
      const Stuck& stuck = flows.stuck.front();
      flows.not_compared += stuck.compared ? 0 : 1;
      if (stuck.passed > 0) {
        flows.cases.add(stuck.one, Confidence::medium);
        flows.passed.add(stuck.passed);
        if (stuck.own_port && flows.cases.count() <= 8) {
          flows.ports += (flows.ports.empty() ? "" : ", ") + std::to_string(*stuck.own_port);
        }
      }
      flows.stuck.pop_front();
    }
  }

  std::vector<Flows> flows_;
};

class QueueFull : public Rule {
 public:
  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "QUEUEFULL",
        .family = Family::handshake,
        .title = "accept queue overflow",
        .signature =
            "in bursts (at least 5 attempts within 100 ms) to one address at least 3 SYNs "
            "lost and at least one connected with a small round trip; and outside of "
            "bursts the share lost is below a fifth of that, or, without enough attempts "
            "outside, the lost ones are the later ones of their burst. High where the "
            "listener is recorded and its queue was full then",
        .meaning =
            "A server's kernel finishes handshakes by itself and puts the connections into a queue "
            "until the program takes them (accept). If many arrive at once and the program is not "
            "quick enough, the queue is full and the kernel silently ignores further SYNs. They "
            "are sent again a second later: late, or too late.",
        .not_this =
            "Loss on the network does not care whether connections come in bursts. To one client "
            "alone a full queue looks like a firewall that drops (SYNDROP). A limit on the rate of "
            "SYNs drops in bursts as well: only the server's counters tell.",
        .next = {"on the server: ss -ltn (Recv-Q against Send-Q)",
                 "on the server: nstat -az TcpExtListenOverflows",
                 "accept faster, or a larger backlog and net.core.somaxconn"}};
    return kEntry;
  }

  bool wants_healthy() const override { return true; }

  void see(const store::ListenerRow& row) override {
    if (row.full > 0 && row.local_port && row.protocol == "tcp") full_.push_back(row);
  }

  void see(const Attempt& attempt) override {
    if (!is_tcp(attempt)) return;
    const bool lost = unanswered(attempt) || after_resends(attempt);
    if (!lost && !at_first_syn(attempt)) return;
    if (queues_.size() <= attempt.place) queues_.resize(attempt.place + 1);
    Queue& queue = queues_[attempt.place];
    join_burst(queue, attempt.row.started_ns);
    if (lost) {
      ++queue.burst.lost;
      // Pairs in which the lost one came later, and those in which it came first.
      queue.burst.later += queue.burst.ok;
      if (queue.cases == nullptr) queue.cases = std::make_unique<Cases>();
      queue.cases->add(Case(attempt), Confidence::medium);
      queue.while_full += was_full(attempt) ? 1 : 0;
    } else {
      answered(queue, attempt.row.rtt_us);
    }
  }
  void see_plain(const PlainRun& run) override {
    if (queues_.size() <= run.place()) queues_.resize(run.place() + 1);
    Queue& queue = queues_[run.place()];
    for (std::size_t i = 0; i < run.size(); ++i) {
      join_burst(queue, run.started_ns(i));
      answered(queue, run.rtt_us(i));
    }
  }

  void conclude(std::vector<Finding>& findings) override {
    for (PlaceId place = 0; place < queues_.size(); ++place) {
      Queue& queue = queues_[place];
      end_burst(queue);
      if (queue.cases == nullptr) continue;
      const bool proven = queue.while_full > 0;
      if (!proven && !likely(queue)) continue;
      tell(place, queue, proven, findings);
    }
  }

 private:
  static constexpr store::Ns kBurst = 100 * kMs;
  static constexpr store::Ns kSmallRtt = 250 * kMs;
  struct Burst {
    store::Ns began_ns = 0;
    std::int64_t all = 0;
    std::int64_t ok = 0;
    std::int64_t lost = 0;
    std::int64_t later = 0;
    std::int64_t earlier = 0;
    store::Ns rtt_ns = 0;  // the longest
  };
  struct Queue {
    Burst burst;
    Burst mixed;  // sums over the bursts with lost ones and others
    std::int64_t bursts = 0;
    std::int64_t quiet = 0;
    std::int64_t quiet_lost = 0;
    std::int64_t while_full = 0;
    std::unique_ptr<Cases> cases;
  };

  static void join_burst(Queue& queue, store::Ns started_ns) {
    if (queue.burst.all == 0 || started_ns - queue.burst.began_ns > kBurst) {
      end_burst(queue);
      queue.burst.began_ns = started_ns;
    }
    ++queue.burst.all;
  }
  static void answered(Queue& queue, const store::OptInt& rtt_us) {
    ++queue.burst.ok;
    queue.burst.earlier += queue.burst.lost;
    queue.burst.rtt_ns = std::max(queue.burst.rtt_ns, model::handshake_ns(rtt_us).value_or(0));
  }

  static void end_burst(Queue& queue) {
    const Burst& burst = queue.burst;
    if (burst.all < 5) {
      queue.quiet += burst.all;
      queue.quiet_lost += burst.lost;
    } else if (burst.lost > 0 && burst.ok > 0 && burst.rtt_ns <= kSmallRtt) {
      ++queue.bursts;
      queue.mixed.all += burst.all;
      queue.mixed.lost += burst.lost;
      queue.mixed.later += burst.later;
      queue.mixed.earlier += burst.earlier;
      queue.mixed.rtt_ns = std::max(queue.mixed.rtt_ns, burst.rtt_ns);
    } else {
      queue.mixed.all += burst.all;
      queue.mixed.lost += burst.lost;
    }
    queue.burst = {};
  }

  static bool likely(const Queue& queue) {
    if (queue.bursts == 0 || queue.mixed.lost < 3) return false;
    if (queue.quiet >= 5) {
      // lost/all in bursts against lost/all outside, without dividing by zero
      return queue.mixed.lost * queue.quiet >= 5 * queue.quiet_lost * queue.mixed.all &&
             queue.mixed.lost * 20 >= queue.mixed.all;
    }
    return queue.mixed.later >= 3 * queue.mixed.earlier && queue.mixed.later > 0;
  }

  bool was_full(const Attempt& attempt) const {
    return std::any_of(full_.begin(), full_.end(), [&](const store::ListenerRow& row) {
      if (row.local_port != attempt.row.peer_port) return false;
      const std::string& at = row.local_address.value_or("");
      const bool any = at.empty() || at == "0.0.0.0" || at == "::";
      if (!any && at != attempt.row.peer_address) return false;
      const store::Ns end = attempt.row.started_ns + attempt.elapsed_ns;
      return row.first_full_ns.value_or(end) <= end &&
             row.last_full_ns.value_or(end) + kSecond >= attempt.row.started_ns;
    });
  }

  void tell(PlaceId place, const Queue& queue, bool proven, std::vector<Finding>& findings) {
    const Place& to = context().places[place];
    const Cases& cases = *queue.cases;
    Finding found = finding(cases.failed() > 0 ? Severity::error : Severity::warning,
                            proven ? Confidence::high : Confidence::medium,
                            context().places.service(to.service));
    cases.seen().fill(found, context().places.fared(to.service).attempts);
    found.summary =
        proven ? fmt::format("{} dropped SYNs while its accept queue was full.", to.endpoint)
               : fmt::format(
                     "{} answers some SYNs and drops others during bursts: its accept "
                     "queue is probably full, or something limits the rate of SYNs.",
                     to.endpoint);
    found.evidence = {observed(found, "attempts whose SYN was lost")};
    if (queue.bursts > 0) {
      found.evidence.push_back(fmt::format(
          "in bursts of five or more within 100 ms: {} lost, in {}",
          share(queue.mixed.lost, queue.mixed.all), counted(queue.bursts, "mixed burst")));
      found.evidence.push_back("longest round trip of those that connected: " +
                               time_span(queue.mixed.rtt_ns));
    }
    found.evidence.push_back("outside of bursts: " + share(queue.quiet_lost, queue.quiet) +
                             " lost");
    if (!proven) {
      found.evidence.emplace_back(
          "a limit on new connections per second (nft limit, SYN flood protection, a load "
          "balancer) "
          "looks the same from here: TcpExtListenOverflows on the server tells the two apart");
    }
    if (proven) {
      found.evidence.push_back(
          fmt::format("the recorded listener's queue was at its limit of {} then",
                      number(full_.front().queue_limit.value_or(0))));
    }
    found.excluded = {"not a dead server: others connected in the same moment",
                      "not loss on the way alone: that would not choose bursts"};
    found.next_steps = {fmt::format("{}: ss -ltn 'sport = :{}'   (Recv-Q against Send-Q)",
                                    at_host(to), port_of(to)),
                        "on the server: nstat -az TcpExtListenOverflows TcpExtListenDrops",
                        "accept faster, or raise the backlog of listen() and net.core.somaxconn"};
    explain_covered(found, findings, found.subject, found.count,
                    {"SYNDROP", "SYNGIVEUP", "SYNLOST", "SNATRACE"});
    findings.push_back(std::move(found));
  }

  std::vector<store::ListenerRow> full_;
  std::vector<Queue> queues_;
};

}  // namespace

void add_flow_rules(Rules& rules) {
  rules.push_back(std::make_unique<FlowHole>());
  rules.push_back(std::make_unique<QueueFull>());
}

}  // namespace sockwatch::diagnose
