// What connect said is not what it seems to mean.
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "viewer/diagnose/bounded.h"
#include "viewer/diagnose/local.h"
#include "viewer/diagnose/phrase.h"

namespace sockwatch::diagnose {
namespace {

using model::Outcome;

class SndTimeo : public Rule {
 public:
  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "SNDTIMEO",
        .family = Family::local,
        .title = "a time-out that calls itself EINPROGRESS",
        .signature =
            "A blocking connect with SO_SNDTIMEO set ended with EINPROGRESS after that "
            "time (-1 % to +5 %, or 20 ms).",
        .meaning =
            "The program limits how long its calls may wait (SO_SNDTIMEO). The limit ended "
            "connect, and Linux reports that as 'Operation now in progress', which reads as "
            "if all were well. It is a connect time-out.",
        .not_this =
            "Not a connect that goes on in the background by intention: the socket was "
            "blocking.",
        .next = {"read the message as 'connection timed out'",
                 "see the diagnosis of the same destination: why nobody answered"}};
    return kEntry;
  }

  void see(const Attempt& attempt) override {
    const auto& row = attempt.row;
    if (row.protocol == "unix" || row.blocking != true) return;
    Seen* seen = services_.slot(attempt.service);
    if (seen == nullptr) return;
    ++seen->attempts;
    if (!attempt.is(Outcome::timed_out_caller) || row.error != EINPROGRESS ||
        row.budget_source != "SO_SNDTIMEO" || !row.budget_ns) {
      return;
    }
    const store::Ns budget = *row.budget_ns;
    const store::OptInt told = row.noticed_ns ? row.noticed_ns : row.decided_ns;
    if (told) {
      const store::Ns took = *told - row.started_ns;
      const store::Ns late = std::max<store::Ns>(budget / 20, 20'000'000);
      if (took < budget - budget / 100 || took > budget + late) return;
    }
    seen->sightings.add(row);
    seen->budget = std::max(seen->budget, budget);
  }

  void conclude(std::vector<Finding>& findings) override {
    for (const auto& [id, seen] : services_) {
      if (seen.sightings.count() == 0) continue;
      auto result = finding(Severity::error, Confidence::high, context().places.service(id));
      seen.sightings.fill(result, seen.attempts);
      result.summary =
          fmt::format("'Operation now in progress' here means the {} connect timeout expired.",
                      time_span(seen.budget));
      result.evidence.push_back(fmt::format(
          "{} blocking attempts that did not go well ended with EINPROGRESS when SO_SNDTIMEO ran "
          "out",
          share(result.count, result.of)));
      result.next_steps = {"read the message as 'connection timed out'",
                           "see why the destination did not answer"};
      findings.push_back(std::move(result));
    }
  }

 private:
  struct Seen {
    std::int64_t attempts = 0;
    Sightings sightings;
    store::Ns budget = 0;
  };
  Bounded<ServiceId, Seen, Places::kLimit> services_;
};

class Eintr : public Rule {
 public:
  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "EINTR",
        .family = Family::local,
        .title = "a signal interrupted connect",
        .signature =
            "connect returned EINTR, and the program closed the socket before it was "
            "known to be connected. For information where SYNs had been sent again without any "
            "answer by then: see SYNDROP.",
        .meaning =
            "A signal (a timer, a child that ended, Ctrl-C) arrived while the program "
            "waited for the connection. connect stopped waiting; the kernel went on "
            "connecting in the background. The program took that for a failure.",
        .not_this =
            "Unless SYNs had been sent again in vain it is not the network: the connection might "
            "have been fine a moment later.",
        .next = {"install the signal's handler with SA_RESTART",
                 "after EINTR wait with poll and read SO_ERROR, do not connect again"}};
    return kEntry;
  }

  void see(const Attempt& attempt) override {
    const auto& row = attempt.row;
    if (row.interrupted != true) return;
    Seen* seen = services_.slot(attempt.service);
    if (seen == nullptr) return;
    ++seen->interrupted;
    if (!attempt.is(Outcome::cancelled) || row.error != EINTR) return;
    seen->sightings.add(row);
    // The signal came to somebody who had waited in vain: a person's Ctrl-C, an alarm.
    if (attempt.silent && row.syn_retransmits.value_or(0) > 0) {
      ++seen->in_vain;
      seen->longest = std::max(seen->longest, attempt.elapsed_ns);
    }
  }

  void conclude(std::vector<Finding>& findings) override {
    for (const auto& [id, seen] : services_) {
      if (seen.sightings.count() == 0) continue;
      const bool in_vain = seen.in_vain == seen.sightings.count();
      auto result = finding(in_vain ? Severity::info : Severity::warning, Confidence::high,
                            context().places.service(id));
      seen.sightings.fill(result, seen.interrupted);
      result.evidence.push_back(
          fmt::format("{} interrupted attempts were given up", share(result.count, result.of)));
      if (seen.in_vain > 0) {
        result.evidence.push_back(
            fmt::format("no answer to several SYNs until then: {}, after up to {}",
                        share(seen.in_vain, result.count), time_span(seen.longest)));
      }
      if (in_vain) {
        result.summary =
            fmt::format("A signal ended the wait in connect after {}; no answer had come by then.",
                        time_span(seen.longest));
        result.excluded.push_back("The signal as the cause: nothing had answered before it came.");
        result.next_steps = {"see why the destination did not answer (SYNDROP)"};
        findings.push_back(std::move(result));
        continue;
      }
      result.summary = "A signal broke off connect; the handshake went on unused.";
      result.excluded.push_back("The server: nobody waited for its answer.");
      result.next_steps = {"install the signal's handler with SA_RESTART",
                           "after EINTR wait with poll and read SO_ERROR"};
      findings.push_back(std::move(result));
    }
  }

 private:
  struct Seen {
    std::int64_t interrupted = 0;
    Sightings sightings;
    std::int64_t in_vain = 0;  // of them
    store::Ns longest = 0;     // of these
  };
  Bounded<ServiceId, Seen> services_;
};

}  // namespace

void add_call_rules(Rules& rules) {
  rules.push_back(std::make_unique<SndTimeo>());
  rules.push_back(std::make_unique<Eintr>());
}

}  // namespace sockwatch::diagnose
