// Connected, and packets stop getting through.
#include <fmt/format.h>

#include "viewer/diagnose/cases.h"
#include "viewer/diagnose/connected.h"
#include "viewer/diagnose/connected_path.h"
#include "viewer/diagnose/connected_picture.h"
#include "viewer/diagnose/phrase.h"
#include "viewer/diagnose/units.h"

namespace sockwatch::diagnose {
namespace {

constexpr store::Ns kIdle = 30 * kSecond;

// When the kernel gives up resending at the earliest: tcp_model_timeout() with the smallest
// time-out of 200 ms, which doubles up to 120 s.
store::Ns resend_limit(int retries2) {
  constexpr int kDoublings = 9;
  const int doubling = std::min(retries2, kDoublings);
  return ((store::Ns{2} << doubling) - 1) * 200 * kMs +
         std::max(0, retries2 - doubling) * 120 * kSecond;
}

bool found_late(const Attempt& attempt, const Settings& settings) {
  if (!kernel_gave_up(attempt)) return false;
  if (attempt.row.budget_source == "TCP_USER_TIMEOUT") return true;
  const store::Ns limit = std::min(600 * kSecond, resend_limit(settings.retries2) / 10 * 9);
  return attempt.row.budget_ns.value_or(0) >= limit;
}

bool is_dead(const Attempt& attempt) {
  return is_connected_tcp(attempt) && !large_lost_out(attempt.row) &&
         (path_dead(attempt.row) || nothing_gets_out(attempt.row) || kernel_gave_up(attempt));
}

// Nobody on the way can forget a connection whose packets stay on this host.
bool was_idle(const Attempt& attempt) {
  return attempt.row.turns >= 1 && !nothing_gets_out(attempt.row) &&
         unanswered_idle_ns(attempt.row).value_or(0) >= kIdle;
}

class PathLost : public PathRule {
 public:
  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "PATHLOST",
        .family = Family::connected,
        .title = "packets lost after connect",
        .signature =
            "connected, data unacknowledged, the resend time-out doubled at least twice, "
            "last acknowledgement at least 1 s ago, and no pause of 30 s or more before; or "
            "nothing on its way, data waiting, and three probes unanswered for 1 s or more; "
            "or the kernel gave up on a connection: on data it had resent, or on keep-alive "
            "probes",
        .meaning =
            "The connection was up. Then this side sent something and the other side's kernel "
            "never confirmed it, though it was sent again and again. Packets no longer get there, "
            "or the answers no longer come back: the path is dead. Where not even one packet is on "
            "its way, they are most likely dropped on this host, before they leave it.",
        .not_this =
            "A slow application does not look like this, since its kernel confirms data without "
            "it (SILENT). After a long pause it is a forgotten connection (IDLEDROP). If small "
            "packets still pass it is MTUOUT.",
        .next = {"mtr -T -P PORT ADDRESS", "route changes and firewall reloads at that time",
                 "nft list ruleset on this host"}};
    return kEntry;
  }

 protected:
  std::optional<Confidence> grade(const Attempt& attempt) const override {
    if (!is_dead(attempt) || was_idle(attempt) || found_late(attempt, settings())) {
      return std::nullopt;
    }
    return peer_repeats_itself(attempt.row) ? Confidence::medium : Confidence::high;
  }

  void tell(const Cases& cases, Finding& finding) const override {
    const Seen& s = seen(cases);
    const Place& to = place(cases);
    const std::string at = with_address(context().places, cases.first_place());
    const std::string quiet =
        s.last_ack.known > 0 ? fmt::format("last heard of {} before the end", times(s.last_ack))
                             : std::string("nothing sent is confirmed any more");
    if (s.resends.known > 0) {
      finding.summary =
          fmt::format("Connected to {}, then the path went dead: {}{} unanswered, {}.", at,
                      s.more_resends ? "at least " : "", resends(s.resends), quiet);
    } else if (s.keepalives.known == finding.count) {
      finding.summary = fmt::format(
          "Connected to {}, then the path or the peer went dead: the kernel gave up after {} "
          "keep-alive {} without an answer, {}.",
          at, numbers(s.keepalives), s.keepalives.most == 1 ? "probe" : "probes", quiet);
    } else if (s.backoff.most == 0) {
      finding.summary = fmt::format(
          "Connected to {}, then the path went dead: the kernel gave up resending, {}.", at, quiet);
    } else {
      finding.summary = fmt::format("Connected to {}, then the path went dead: {}.", at, quiet);
    }
    finding.evidence = {observed(finding, "connections that went dead")};
    if (s.backoff.most > 0) {
      finding.evidence.push_back("resend time-out doubled: " + numbers(s.backoff) + " times");
    }
    finding.excluded = {"not a slow application: its kernel would have acknowledged the data",
                        "not an idle connection: it was in use less than 30 s before"};
    if (s.keepalives.known > 0) {
      finding.evidence.push_back(fmt::format(
          "nothing sent was unacknowledged, keep-alive probes (SO_KEEPALIVE) had no answer: {}",
          share(s.keepalives.known, finding.count)));
    }
    if (s.keepalives.known == finding.count) {
      finding.excluded = {"not closed or reset by the peer: no packet of it came",
                          "not a slow application: its kernel would have answered the probes"};
    }
    finding.next_steps = {fmt::format("mtr -T -P {} {}", port_of(to), host_of(to)),
                          "route changes, firewall reloads and failovers at that time"};
    if (s.tries.known > 0) tell_of_this_host(s, cases, finding);
  }

  static std::string resends(const Span& span) {
    return numbers(span) + (span.most == 1 ? " resend" : " resends");
  }

  void tell_of_this_host(const Seen& s, const Cases& cases, Finding& finding) const {
    if (s.tries.known == finding.count) {
      finding.summary = fmt::format(
          "Connected to {}, then nothing got out any more: {} tries unanswered, last heard of {} "
          "before the end.",
          with_address(context().places, cases.first_place()), numbers(s.tries), times(s.last_ack));
      finding.evidence.resize(1);   // nothing was resent
      finding.excluded.pop_back();  // idle or not, nobody on the way has seen a packet
    }
    finding.evidence.push_back(fmt::format(
        "data waiting and nothing on its way: {}; dropped on this host before it left, or the peer "
        "had closed its window and then went away",
        share(s.tries.known, finding.count)));
    finding.next_steps.insert(finding.next_steps.begin(),
                              "on this host: nft list ruleset   (a drop or reject on output)");
  }
};

class IdleDrop : public Rule {
 public:
  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "IDLEDROP",
        .family = Family::connected,
        .title = "idle connection silently dropped",
        .signature =
            "as PATHLOST, after a pause of 30 s or more on a connection that had replies "
            "before",
        .meaning =
            "The connection worked, then nobody used it for a while. A box on the way (NAT, "
            "firewall, load balancer) forgets connections that are quiet for too long, and tells "
            "nobody. The next request goes into the void and is sent again until somebody gives "
            "up.",
        .not_this =
            "A server that closes idle connections says so (STALEPOOL), and some boxes answer "
            "with a reset (IDLERST).",
        .next = {"TCP keep-alive shorter than the limit", "pool idle time shorter than the limit"}};
    return kEntry;
  }

  bool wants_healthy() const override { return true; }

  void see(const Attempt& attempt) override {
    const auto& row = attempt.row;
    if (row.idle_answered_ns && *row.idle_answered_ns >= kSecond) {
      survived_[attempt.service].add(*row.idle_answered_ns);
    }
    if (!is_dead(attempt) || !was_idle(attempt)) return;
    Dropped& dropped = dropped_[attempt.service];
    dropped.cases.add(Case(attempt), Confidence::high);
    dropped.idle.add(unanswered_idle_ns(row));
    dropped.backoff.add(row.close_backoff);
  }

  void conclude(std::vector<Finding>& findings) override {
    for (const auto& [service, dropped] : dropped_) {
      Finding found = finding(dropped.cases.failed() > 0 ? Severity::error : Severity::warning,
                              Confidence::high, context().places.service(service));
      dropped.cases.seen().fill(found, context().places.fared(service).connected);
      const store::Ns least = dropped.idle.least;
      store::Ns alive = 0;  // the longest pause that was survived
      if (const auto it = survived_.find(service); it != survived_.end()) alive = it->second.most;
      found.summary = fmt::format(
          "This connection to {} had been idle {}; nothing on it is answered any more.",
          with_address(context().places, dropped.cases.first_place()), times(dropped.idle));
      if (alive > 0 && alive < least) {
        found.summary += fmt::format(" Idle flows die between {} and {} here.", time_span(alive),
                                     time_span(least));
      }
      found.evidence = {observed(found, "connections dead after a pause"),
                        "shortest pause that killed: " + time_span(least)};
      if (alive > 0) found.evidence.push_back("longest pause survived: " + time_span(alive));
      if (const auto known = known_limit(alive, least); !known.empty()) {
        found.evidence.emplace_back(known);
      }
      found.excluded = {"not closed by the server: that would have been told",
                        "not a slow application: the data was not acknowledged"};
      const store::Ns safe = alive > 0 && alive < least ? alive : least / 2;
      found.next_steps = {
          fmt::format("TCP keep-alive below {}: TCP_KEEPIDLE, net.ipv4.tcp_keepalive_time",
                      time_span(safe)),
          fmt::format("or close pooled connections after {} of idleness", time_span(safe))};
      findings.push_back(std::move(found));
    }
  }

 private:
  struct Dropped {
    Cases cases;
    Span idle;
    Span backoff;
  };

  // Limits that load balancers and firewalls are known to have.
  static std::string known_limit(store::Ns alive, store::Ns dead) {
    std::string text;
    for (const int limit : {60, 240, 350, 400, 900}) {
      if (alive == 0 || limit * kSecond <= alive || limit * kSecond > dead) continue;
      text += (text.empty() ? "" : ", ") + std::to_string(limit) + " s";
    }
    return text.empty() ? text : "usual idle limits in that range: " + text;
  }

  std::map<ServiceId, Span> survived_;
  std::map<ServiceId, Dropped> dropped_;
};

class ZeroWin : public PathRule {
 public:
  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "ZEROWIN",
        .family = Family::connected,
        .title = "peer stopped reading",
        .signature =
            "data waits in the send buffer, nothing is on its way, and the peer answered the "
            "kernel's probes without opening its window. For information where nobody waited for "
            "it, unless the program closed after 1 s or more of that, with data unsent",
        .meaning =
            "The other program does not read what it is sent. When its buffer is full, its kernel "
            "says: stop. This kernel stops and asks now and then whether it may go on; so far it "
            "may not. The reader over there is stuck or too slow.",
        .not_this =
            "The path is fine: the other kernel answers. Where it does not, packets are lost or "
            "never leave this host: PATHLOST.",
        .next = {"where does the receiving program hang?"}};
    return kEntry;
  }

 protected:
  std::optional<Confidence> grade(const Attempt& attempt) const override {
    if (!is_connected_tcp(attempt) || !window_closed(attempt.row)) return std::nullopt;
    return Confidence::high;
  }
  void remember(const Attempt& attempt) override {
    PathRule::remember(attempt);
    const auto& row = attempt.row;
    Stuck& stuck = stuck_[attempt.service];
    stuck.unsent.add(row.close_notsent_bytes);
    // Each question doubles the time to the next.
    const auto asked = static_cast<int>(std::min<std::int64_t>(
        std::max(row.close_backoff.value_or(0), row.close_probes.value_or(0)), 9));
    const store::Ns time =
        ((store::Ns{1} << asked) - 1) * row.close_rto_us.value_or(200'000) * 1000;
    stuck.time.add(time);
    const bool given_up = attempt.is(model::Ending::closed) && time >= kSecond;
    stuck.given_up += given_up ? 1 : 0;
    stuck.waited += attempt.failed || row.expired_waits > 0 || given_up ? 1 : 0;
  }
  Severity severity(const Cases& cases) const override {
    if (cases.failed() > 0) return Severity::error;
    return stuck_.at(place(cases).service).waited > 0 ? Severity::warning : Severity::info;
  }

  void tell(const Cases& cases, Finding& finding) const override {
    const Place& to = place(cases);
    const Stuck& stuck = stuck_.at(to.service);
    finding.summary =
        fmt::format("{} has told us to stop sending for at least {}: its reader is stuck.",
                    with_address(context().places, cases.first_place()), times(stuck.time));
    finding.evidence = {observed(finding, "connections with a closed window"),
                        "bytes not yet sent: " + numbers(stuck.unsent), "on their way: 0",
                        "the peer's kernel answered a probe of its window and left it closed"};
    if (stuck.given_up > 0) {
      finding.evidence.push_back("the program closed with that unsent: " +
                                 share(stuck.given_up, finding.count));
    }
    finding.excluded = {"not lost packets: everything sent was acknowledged",
                        "not a filter on this host: the probes got through"};
    finding.next_steps = {
        fmt::format("{}: ss -tn 'sport = :{}'   (Recv-Q full)", at_host(to), port_of(to)),
        "where does the receiving program hang?"};
  }

 private:
  struct Stuck {
    Span unsent;
    Span time;
    std::int64_t waited = 0;
    std::int64_t given_up = 0;
  };
  std::map<ServiceId, Stuck> stuck_;
};

class LongHang : public PathRule {
 public:
  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "LONGHANG",
        .family = Family::connected,
        .title = "dead connection found late",
        .signature =
            "ETIMEDOUT from a read or write, after TCP_USER_TIMEOUT, or after 600 s or "
            "nine tenths of what the recorded tcp_retries2 allows, whichever is less",
        .meaning =
            "The path died while the connection was in use. The kernel goes on resending for a "
            "long time, a quarter of an hour by default, before it tells the program; with "
            "TCP_USER_TIMEOUT until that has run out. All that time the program hung.",
        .not_this = "No connect time-out: the connection had been up (that is SYNGIVEUP).",
        .next = {"TCP_USER_TIMEOUT, or time-outs of the program's own", "mtr -T -P PORT ADDRESS"}};
    return kEntry;
  }

 protected:
  std::optional<Confidence> grade(const Attempt& attempt) const override {
    if (!is_connected_tcp(attempt) || !found_late(attempt, settings())) return std::nullopt;
    return Confidence::high;
  }
  void remember(const Attempt& attempt) override {
    PathRule::remember(attempt);
    by_option_[attempt.service] += attempt.row.budget_source == "TCP_USER_TIMEOUT" ? 1 : 0;
  }

  void tell(const Cases& cases, Finding& finding) const override {
    const Place& to = place(cases);
    const bool by_option = by_option_.at(to.service) > 0;
    const Seen& s = seen(cases);
    const std::string at = with_address(context().places, cases.first_place());
    const std::string after = s.hung.known > 0 ? " after " + times(s.hung) : "";
    finding.evidence = {observed(finding, "connections the kernel gave up"),
                        "error: " + cases.errors()};
    finding.excluded = {"not a time-out of the program: the kernel gave up",
                        "not a connect time-out: the connection had been up"};
    finding.next_steps = {fmt::format("mtr -T -P {} {}", port_of(to), host_of(to)),
                          "route changes, firewall reloads and failovers at that time"};
    if (by_option) {
      finding.summary = fmt::format(
          "The connection to {} went dead; the kernel gave it up{}, as TCP_USER_TIMEOUT says.", at,
          after);
      if (s.budget.known > 0) {
        finding.evidence.push_back(
            fmt::format("TCP_USER_TIMEOUT is set to {}; the kernel looks at it when it sends again",
                        times(s.budget)));
      }
      finding.next_steps.emplace_back(
          "to notice sooner: a lower TCP_USER_TIMEOUT, or a read time-out in the program");
      return;
    }
    finding.summary =
        fmt::format("The dead connection to {} was only noticed{} (kernel limit).", at, after);
    finding.evidence.push_back(fmt::format(
        "the kernel sends again tcp_retries2 = {} times before it says so", settings().retries2));
    // Keep-alive is silent while data waits for its acknowledgement.
    finding.next_steps.insert(finding.next_steps.begin(),
                              "set TCP_USER_TIMEOUT or a read time-out in the program (TCP "
                              "keep-alive does not help while data is unacknowledged)");
  }

 private:
  std::map<ServiceId, int> by_option_;
};

}  // namespace

void add_broken_path_rules(Rules& rules) {
  rules.push_back(std::make_unique<PathLost>());
  rules.push_back(std::make_unique<IdleDrop>());
  rules.push_back(std::make_unique<ZeroWin>());
  rules.push_back(std::make_unique<LongHang>());
}

}  // namespace sockwatch::diagnose
