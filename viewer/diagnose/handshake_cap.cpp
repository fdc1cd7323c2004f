// Every address of a name gets a fixed short time.
#include <fmt/format.h>

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

class AttemptCap : public Rule {
 public:
  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "ATTEMPTCAP",
        .family = Family::handshake,
        .title = "per-attempt cap below the round trip",
        .signature =
            "addresses of one name given up one after the other, each 200 ms to 300 ms "
            "after its only SYN, nothing received; no connection to that service with a "
            "round trip under 150 ms, and no attempt of the same call that was unanswered although "
            "its SYN was sent again. For information where the program then got through on "
            "another address",
        .meaning =
            "Some programs try the addresses of a name one after the other and give each of them "
            "only a fixed short time: Node.js 250 ms. If the answer needs longer than that to "
            "travel, every address is dropped just before its answer arrives, and the program "
            "reports that none of them works.",
        .not_this =
            "Other clients (curl) reach the same place, only slowly: then nothing is dropped on "
            "the way. If they do not either, see SYNDROP.",
        .next = {"node --network-family-autoselection-attempt-timeout=2000",
                 "curl -o /dev/null -w '%{time_connect}' URL, to see the real round trip"}};
    return kEntry;
  }

  bool wants_healthy() const override { return true; }

  void see(const Attempt& attempt) override {
    if (!is_tcp(attempt)) return;
    if (services_.size() <= attempt.service) services_.resize(attempt.service + 1);
    Service& service = services_[attempt.service];
    if (attempt.is(Outcome::connected)) {
      service.add_rtt(attempt.row.rtt_us);
    }
    const bool is_capped = capped(attempt);
    if (service.waiting.empty() && !is_capped) return;
    const auto decided = [this](const Case& one, Confidence confidence) {
      services_[one.service].cases.add(one, confidence);
    };
    const Case one(attempt);
    bool follows = false;
    for (Waiting& before : service.waiting) {
      if (!follow(before.one, one.process_id, one.place, one.started_ns)) continue;
      follows = true;
      service.silent = service.silent || silent_after_resend(attempt);
      if (!before.counted) fallbacks_.add(before.one, sure(before.one), decided);
      before.counted = true;
    }
    fallbacks_.see(attempt, decided);
    if (follows && !is_capped && cut_short(attempt)) ++service.last_of_call;
    if (!is_capped) return;
    if (service.waiting.size() == kRemembered) service.waiting.erase(service.waiting.begin());
    service.waiting.push_back({one, follows});
    if (follows) fallbacks_.add(one, sure(one), decided);
  }
  void see_plain(const PlainRun& run) override {
    if (services_.size() <= run.service()) services_.resize(run.service() + 1);
    Service& service = services_[run.service()];
    if (service.waiting.empty()) {  // so nobody waits to be made good either
      for (const RunPlace& to : run.places()) {
        service.fast = service.fast || to.least_rtt_us < kSlowUs;
        service.rtt.add(to.handshake_ns);
      }
      return;
    }
    for (std::size_t i = 0; i < run.size(); ++i) {
      const bool follows =
          std::any_of(service.waiting.begin(), service.waiting.end(), [&](const Waiting& before) {
            return follow(before.one, run.process_id(i), run.place(i), run.started_ns(i));
          });
      if (follows || fallbacks_.concerns(run, i)) {
        see(run.attempt(i));
      } else {
        service.add_rtt(run.rtt_us(i));
      }
    }
  }

  void conclude(std::vector<Finding>& findings) override {
    fallbacks_.finish([this](const Case& one, Confidence confidence) {
      services_[one.service].cases.add(one, confidence);
    });
    for (ServiceId id = 0; id < services_.size(); ++id) {
      const Service& service = services_[id];
      if (service.fast || service.silent || service.cases.count() == 0) continue;
      const Cases& cases = service.cases;
      Finding found = finding(severity_of(cases), cases.confidence(), context().places.service(id));
      cases.seen().fill(found, context().places.fared(id).attempts);
      const std::string cap = times(cases.took());
      const std::string_view program = context().programs.name(cases.program());
      found.summary =
          fmt::format("Each address of {} was aborted after {}{}. This is {}.", found.subject, cap,
                      service.rtt.known > 0 ? ", but the path needs " + times(service.rtt)
                                            : std::string(", before any answer came"),
                      is_node(program) ? "Node's address auto-selection cap"
                                       : "a cap per address in the program");
      found.evidence = {observed(found, "attempts cut off"),
                        "SYNs sent again: 0; packets received: 0"};
      if (const std::string at = cases.addresses(context().places); !at.empty()) {
        found.evidence.push_back("by address: " + at);
      }
      if (cases.all_made_good()) {
        found.evidence.push_back(fmt::format("then the program got through on another address: {}",
                                             share(cases.made_good(), found.count)));
      }
      found.excluded = {"no address had the time for a second SYN: it is not known to be dead"};
      found.next_steps = {
          "node --network-family-autoselection-attempt-timeout=2000 ...",
          fmt::format("curl -sS -o /dev/null -w '%{{time_connect}}\\n' {}", url_of(found.subject))};
      explain_covered(found, findings, found.subject, found.count + service.last_of_call,
                      {"SHORTTO"});
      findings.push_back(std::move(found));
    }
  }

 private:
  static constexpr std::int64_t kSlowUs = 150'000;
  static constexpr std::size_t kRemembered = 16;
  struct Waiting {
    Case one;
    bool counted = false;
  };
  struct Service {
    void add_rtt(const store::OptInt& us) {
      fast = fast || (us && *us < kSlowUs);
      rtt.add(model::handshake_ns(us));
    }

    bool fast = false;
    bool silent = false;            // to an attempt of a call that had more time
    std::int64_t last_of_call = 0;  // the one that had to do with what time was left
    Span rtt;
    std::vector<Waiting> waiting;
    Cases cases;
  };

  static bool is_node(std::string_view program) {
    return program.starts_with("node") || program == "bun" || program == "deno";
  }
  Confidence sure(const Case& one) const {
    return is_node(context().programs.name(one.program)) ? Confidence::high : Confidence::medium;
  }
  static bool cut_short(const Attempt& attempt) {
    return program_gave_up(attempt) && attempt.silent &&
           attempt.row.syn_retransmits.value_or(1) == 0;
  }
  static bool capped(const Attempt& attempt) {
    return cut_short(attempt) && within(attempt.elapsed_ns, 200 * kMs, 300 * kMs);
  }
  // The last address of a call has all the time that is left. If it gets no answer to two SYNs, the
  // cap of those before it is not the reason.
  static bool silent_after_resend(const Attempt& attempt) {
    return attempt.is(Outcome::timed_out_kernel) ||
           (attempt.silent && attempt.row.syn_retransmits.value_or(0) >= 1);
  }
  // The next address is tried right when the one before is dropped.
  static bool follow(const Case& before, std::int64_t process_id, PlaceId place,
                     store::Ns started_ns) {
    return before.process_id == process_id && before.place != place &&
           within(started_ns - before.end_ns(), -20 * kMs, 50 * kMs);
  }

  std::vector<Service> services_;
  Fallbacks fallbacks_;
};

}  // namespace

void add_cap_rule(Rules& rules) { rules.push_back(std::make_unique<AttemptCap>()); }

}  // namespace sockwatch::diagnose
