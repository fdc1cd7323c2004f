// A rule of the catalogue: sees every row of a trace once, then says what it found.
//
// Rules are independent of each other and hold counts, not rows: their memory is bounded by the
// number of places, names and programs, not by the length of the trace. A `Session` shows them, in
// this order, all processes, losses, listeners and failed calls, all lookups as they started, all
// attempts as they started.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "collector/store/rows.h"
#include "viewer/diagnose/entry.h"
#include "viewer/diagnose/finding.h"
#include "viewer/diagnose/lookup_ends.h"
#include "viewer/diagnose/places.h"
#include "viewer/diagnose/settings.h"
#include "viewer/model/words.h"

namespace sockwatch::diagnose {

// What all rules may look at, at any time. Filled while the rows are shown.
struct Context {
  const Settings& settings;
  const Places& places;
  const Programs& programs;
  const LookupEnds& lookup_ends;
  bool filtered = false;        // a part of the trace only: what is missing here may be elsewhere
  std::int64_t unexamined = 0;  // attempts no rule saw: beyond Places::kLimit places
};

// A row of `connection`, and what several rules ask of it, worked out once.
struct Attempt {
  const store::ConnectionRow& row;
  std::optional<model::Outcome> outcome = {};  // empty: a word of a newer version
  std::optional<model::Ending> ending = {};
  PlaceId place = 0;
  ServiceId service = 0;
  ProgramId program = 0;
  bool tcp = false;          // over TCP
  bool failed = false;       // what the program asked for did not happen: model::is_failure
  bool healthy = false;      // connected at the first SYN, replies came, ended without an error
  bool connecting = false;   // time-out, given up or ended before the handshake was over
  bool silent = false;       // proven: at least one packet went out and nothing ever came back
  store::Ns elapsed_ns = 0;  // start to the end of the connect phase as far as known, else to the
                             // close; 0 where neither is known
  store::OptInt lookup_age_ns = {};  // from the end of its look-up to its start

  bool is(model::Outcome word) const { return outcome == word; }
  bool is(model::Ending word) const { return ending == word; }
};

class PlainRun;

class Rule {
 public:
  virtual ~Rule() = default;

  virtual const Entry& entry() const = 0;

  virtual void begin(const Context& context) { context_ = &context; }  // outlives the rule's use
  virtual void see(const store::ProcessRow&) {}
  virtual void see(const store::LossRow&) {}
  virtual void see(const store::ListenerRow&) {}
  virtual void see(const store::FailedCallRow&) {}
  virtual void see(const store::ResolutionRow&) {}
  virtual void see(const Attempt&) {}
  // The same as see() of each of them, in order; for rules that can do it at less cost.
  virtual void see_plain(const PlainRun& run);
  virtual void conclude(std::vector<Finding>& findings) = 0;

  // Most attempts of most traces are healthy. A rule that learns nothing from them is not shown
  // them.
  virtual bool wants_healthy() const { return false; }

 protected:
  const Context& context() const { return *context_; }
  const Settings& settings() const { return context_->settings; }
  // With entry, severity and confidence set.
  Finding finding(Severity severity, Confidence confidence, std::string subject) const;

 private:
  const Context* context_ = nullptr;
};

using Rules = std::vector<std::unique_ptr<Rule>>;

// One per family; a family may be more than one file.
void add_lookup_rules(Rules& rules);
void add_local_rules(Rules& rules);
void add_handshake_rules(Rules& rules);
void add_group_rules(Rules& rules);
void add_connected_rules(Rules& rules);
void add_client_rules(Rules& rules);

Rules all_rules();

}  // namespace sockwatch::diagnose
