// Connections the other side, or a box between, closed or reset.
#include <fmt/format.h>

#include <cerrno>

#include "viewer/diagnose/cases.h"
#include "viewer/diagnose/connected.h"
#include "viewer/diagnose/connected_picture.h"
#include "viewer/diagnose/phrase.h"
#include "viewer/diagnose/units.h"

namespace sockwatch::diagnose {
namespace {

using model::Ending;

constexpr store::Ns kReuse = 5 * kSecond;

bool told_of_reset(const Attempt& attempt) {
  return is_connected_tcp(attempt) && attempt.is(Ending::reset) &&
         (attempt.row.error == ECONNRESET || attempt.row.error == EPIPE);
}

bool reset_on_reuse(const Attempt& attempt) {
  return told_of_reset(attempt) && unanswered_idle_ns(attempt.row).value_or(0) >= kReuse &&
         !sent_too_late(attempt.row) && !all_acknowledged(attempt.row);
}

class IdleRule : public CaseRule {
 protected:
  void remember(const Attempt& attempt) override {
    idle_[attempt.service].add(attempt.row.idle_ns);
  }
  const Span& idle(const Cases& cases) const { return idle_.at(place(cases).service); }

 private:
  std::map<ServiceId, Span> idle_;
};

class IdleRst : public IdleRule {
 public:
  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "IDLERST",
        .family = Family::connected,
        .title = "idle connection reset on reuse",
        .signature =
            "a request after a pause of 5 s or more got ECONNRESET or EPIPE and no reply or "
            "acknowledgement, on a connection that still looked open",
        .meaning =
            "The connection worked, was quiet for a while, and the first request after that was "
            "answered with a reset. The server, or a load balancer or NAT on the way, had "
            "forgotten the connection in the meantime.",
        .not_this =
            "Had the server closed it before, this kernel would have known (STALEPOOL). A reset "
            "in the middle of an exchange is LATERESET.",
        .next = {"pool idle time or TCP keep-alive below the limit", "retry idempotent requests"}};
    return kEntry;
  }

 protected:
  std::optional<Confidence> grade(const Attempt& attempt) const override {
    if (!reset_on_reuse(attempt)) return std::nullopt;
    return Confidence::high;
  }

  void tell(const Cases& cases, Finding& finding) const override {
    finding.summary = fmt::format(
        "Connection to {} reused after {} idle and reset at once, by the server or a load balancer "
        "or NAT on the way.",
        with_address(context().places, cases.first_place()), times(idle(cases)));
    finding.evidence = {
        observed(finding, "connections reset at their first use after a pause"),
        fmt::format("pause before the request: {}; error: {}", times(idle(cases)), cases.errors())};
    finding.excluded = {"not closed by the peer before: the connection still looked open here",
                        "not dropped silently: a reset came back",
                        "not a server that took the request: nothing of it was acknowledged"};
    const std::string limit = time_span(idle(cases).least);
    finding.next_steps = {
        fmt::format("close pooled connections before {} of idleness, or TCP keep-alive below it",
                    limit),
        "retry idempotent requests on a new connection"};
  }
};

class StalePool : public IdleRule {
 public:
  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "STALEPOOL",
        .family = Family::connected,
        .title = "wrote on a connection the peer had closed",
        .signature =
            "a request after a pause of 1 s or more, sent when the socket was in "
            "CLOSE_WAIT or CLOSE already. For information where it is TLS and no error "
            "followed: a goodbye looks alike",
        .meaning =
            "Programs keep connections for the next request. The server closed this one while it "
            "was waiting, and this kernel knew. The program did not look and sent its request "
            "into a connection that was already over.",
        .not_this =
            "Nothing is wrong with the network. The server may close idle connections; the "
            "client's pool must be quicker or look first.",
        .next = {"pool idle time below the server's keep-alive time",
                 "let the pool check connections before use"}};
    return kEntry;
  }

  // The end of the stream is no error either.
  bool wants_healthy() const override { return true; }

 protected:
  std::optional<Confidence> grade(const Attempt& attempt) const override {
    if (!is_connected_tcp(attempt) || !sent_too_late(attempt.row)) return std::nullopt;
    // close_notify of TLS is sent in CLOSE_WAIT by programs that do nothing wrong.
    const bool goodbye = attempt.row.tls.value_or(true) && !attempt.is(Ending::reset);
    return goodbye ? Confidence::low : Confidence::high;
  }

  Severity severity(const Cases& cases) const override {
    if (cases.confidence() == Confidence::low) return Severity::info;
    return cases.failed() > 0 ? Severity::error : Severity::warning;
  }

  void tell(const Cases& cases, Finding& finding) const override {
    finding.summary = fmt::format(
        "{} had closed this pooled connection while it was idle for {}; the client did not look.",
        with_address(context().places, cases.first_place()), times(idle(cases)));
    finding.evidence = {observed(finding, "connections written to after the peer had closed"),
                        fmt::format("pause before the request: {}", times(idle(cases))),
                        "state at that send: CLOSE_WAIT or CLOSE"};
    if (finding.confidence == Confidence::low) {
      finding.evidence.emplace_back("TLS and no error followed: it may have been only the goodbye");
    }
    finding.excluded = {"not the network: the close of the peer had arrived",
                        "not a reset out of nowhere: the state was known before the send"};
    finding.next_steps = {fmt::format("set the pool's idle time below the keep-alive time of {}",
                                      place(cases).endpoint),
                          "let the pool check a connection before it uses it"};
  }
};

class LateReset : public CaseRule {
 public:
  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "LATERESET",
        .family = Family::connected,
        .title = "reset in the middle",
        .signature =
            "ECONNRESET told to the program (or EPIPE, without TLS), and not at the first "
            "use after a pause of 5 s or more, unless the request was acknowledged before. A "
            "warning where no request was open and nothing had come for 1 s or more",
        .meaning =
            "The connection was up, and the other side tore it down with a reset: instead of "
            "finishing what it was sending, instead of an answer, or before anybody had said a "
            "word. Its program crashed or was stopped, a limit was hit, it did not want this "
            "client or request, or a box in between broke it off.",
        .not_this =
            "No time-out and no loss: somebody answered 'no more'. After a pause it is IDLERST or "
            "STALEPOOL, before the connection was up REFUSED or HSRESET.",
        .next = {"log of the server or load balancer at that time"}};
    return kEntry;
  }

 protected:
  std::optional<Confidence> grade(const Attempt& attempt) const override {
    if (!told_of_reset(attempt) || reset_on_reuse(attempt) || sent_too_late(attempt.row)) {
      return std::nullopt;
    }
    // After its own goodbye a TLS client may meet EPIPE without any harm.
    if (attempt.row.error == EPIPE && attempt.row.tls.value_or(true)) return std::nullopt;
    return Confidence::medium;
  }

  void remember(const Attempt& attempt) override {
    Said& said = said_[attempt.service];
    said.received.add(attempt.row.bytes_received);
    ++(attempt.row.first_send_ns ? said.asked : said.unasked);
    const auto idle = unanswered_idle_ns(attempt.row);
    if (all_acknowledged(attempt.row)) ++said.acknowledged;
    if (rested(attempt.row)) said.rest.add(*attempt.row.close_last_receive_ms * kMs);
    if (attempt.row.turns > 0 && idle.value_or(0) >= kPause) said.idle.add(idle);
  }

  Severity severity(const Cases& cases) const override {
    const bool all_rested = said_.at(place(cases).service).rest.known == cases.count();
    return all_rested ? Severity::warning : CaseRule::severity(cases);
  }

  void tell(const Cases& cases, Finding& finding) const override {
    const Said& said = said_.at(place(cases).service);
    finding.summary = what_happened(said, with_address(context().places, cases.first_place()));
    const bool reused = said.idle.known == finding.count;
    if (reused) {  // "… ." becomes "… , on reuse after 1.0 s idle."
      finding.summary.pop_back();
      finding.summary += fmt::format(", on reuse after {} idle.", times(said.idle));
    }
    finding.evidence = {observed(finding, "connections reset"), "error: " + cases.errors()};
    if (said.received.known > 0) {
      finding.evidence.push_back("bytes received before: " + numbers(said.received));
    }
    if (said.rest.known == finding.count) {
      finding.summary = fmt::format(
          "{} reset the connection when nothing had been said on it for {} and no request was "
          "open. A program that keeps connections and drops such a one loses nothing.",
          with_address(context().places, cases.first_place()), times(said.rest));
    } else if (said.rest.known > 0) {
      finding.evidence.push_back(
          fmt::format("of these without an open request, after {} of rest: {}", times(said.rest),
                      share(said.rest.known, finding.count)));
    }
    if (said.acknowledged > 0 && said.idle.known > 0) {
      finding.evidence.push_back(fmt::format(
          "the request was acknowledged before the reset: {}, so the peer still knew the "
          "connection",
          share(said.acknowledged, finding.count)));
    }
    finding.excluded = {"not a time-out: a reset came back"};
    if (said.idle.known > 0 && !reused) {
      finding.evidence.push_back(fmt::format("of these on reuse after {} idle: {}",
                                             times(said.idle),
                                             share(said.idle.known, finding.count)));
    }
    if (said.unasked == 0 && said.idle.known == 0) {
      finding.excluded.emplace_back("not an idle connection that was forgotten: it was in use");
    }
    finding.next_steps = {fmt::format("log of the server or load balancer at {} at that time",
                                      place(cases).endpoint)};
    if (reused) {
      finding.next_steps.emplace_back(
          "does it close connections that rest that long (keep-alive time-out)? Let the client "
          "give "
          "them up earlier, or send the request again");
    }
  }

 private:
  static constexpr store::Ns kPause = 500 * kMs;
  struct Said {
    Span received;
    Span idle;                 // before the request that met the reset
    std::int64_t asked = 0;    // something was sent
    std::int64_t unasked = 0;  // nothing was
    std::int64_t acknowledged = 0;
    Span rest;  // since the last bytes, of those without an open request
  };

  static bool rested(const store::ConnectionRow& row) {
    return row.asked_ns && row.answered_ns &&
           row.close_last_receive_ms.value_or(0) * kMs >= kSecond;
  }

  static std::string what_happened(const Said& said, const std::string& peer) {
    const Span& received = said.received;
    if (received.known == 0) {
      return fmt::format("Reset by {} after an unknown number of bytes.", peer);
    }
    if (received.least > 0)
      return fmt::format("Reset by {} after {} bytes.", peer, numbers(received));
    if (received.most > 0) {
      return fmt::format("Reset by {}: at times before any answer, else after up to {} bytes.",
                         peer, number(received.most));
    }
    if (said.unasked == 0) return fmt::format("{} answered the request with a reset.", peer);
    if (said.asked == 0) {
      return fmt::format("{} reset the connection before anything was said on it.", peer);
    }
    return fmt::format("{} reset the connections before it had sent anything on them.", peer);
  }

  std::map<ServiceId, Said> said_;
};

}  // namespace

void add_torn_down_rules(Rules& rules) {
  rules.push_back(std::make_unique<IdleRst>());
  rules.push_back(std::make_unique<StalePool>());
  rules.push_back(std::make_unique<LateReset>());
}

}  // namespace sockwatch::diagnose
