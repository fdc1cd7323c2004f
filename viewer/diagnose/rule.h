// A rule of the catalogue: sees every row of a trace once, then says what it found.
//
// Rules are independent of each other and hold counts, not rows: their memory is bounded by the
// number of places, names and programs, not by the length of the trace. `diagnose()` shows them, in
// this order, the settings, all processes, listeners and failed calls, all lookups as they started,
// all attempts as they started.
#pragma once

#include <memory>
#include <vector>

#include "collector/store/rows.h"
#include "viewer/diagnose/entry.h"
#include "viewer/diagnose/finding.h"
#include "viewer/diagnose/settings.h"

namespace sockwatch::diagnose {

// A row of `connection`, and what several rules ask of it, worked out once.
struct Attempt {
  const store::ConnectionRow& row;
  bool healthy = false;     // connected at the first SYN, replies came, ended without an error
  bool connecting = false;  // was given up, or ended, before the handshake was over
  bool silent = false;      // proven: at least one packet went out and nothing ever came back
  store::Ns elapsed_ns =
      0;  // start to the end of the connect phase as far as known, else to the close
};

class Rule {
 public:
  virtual ~Rule() = default;

  virtual const Entry& entry() const = 0;

  virtual void begin(const Settings& settings) = 0;  // `settings` outlives the rule
  virtual void see(const store::ProcessRow&) {}
  virtual void see(const store::ListenerRow&) {}
  virtual void see(const store::FailedCallRow&) {}
  virtual void see(const store::ResolutionRow&) {}
  virtual void see(const Attempt&) {}
  virtual void conclude(std::vector<Finding>& findings) = 0;

  // Most attempts of most traces are healthy. A rule that learns nothing from them is not shown
  // them.
  virtual bool wants_healthy() const { return false; }
};

using Rules = std::vector<std::unique_ptr<Rule>>;

// One per file of rules.
void add_lookup_rules(Rules& rules);
void add_local_rules(Rules& rules);
void add_handshake_rules(Rules& rules);
void add_group_rules(Rules& rules);
void add_connected_rules(Rules& rules);
void add_client_rules(Rules& rules);

Rules all_rules();

}  // namespace sockwatch::diagnose
