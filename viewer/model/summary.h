// Everything a report says, gathered in one pass over a trace. Memory stays bounded however long
// the trace is: times go into histograms, places and names beyond a limit are counted together.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "collector/store/block.h"
#include "collector/store/rows.h"
#include "viewer/model/destination.h"
#include "viewer/model/failure.h"
#include "viewer/model/plain.h"

namespace sockwatch::model {

struct Limits {
  std::size_t destinations = 10'000;
  std::size_t names = 10'000;
  std::size_t failure_groups = 20'000;
};

// All lookups of one name.
struct Lookup {
  // Programs pass addresses to the same calls, which then ask nobody.
  bool is_address() const;

  store::OptText name;  // empty: a lookup without a name (of a service, or of the own host)
  bool others = false;  // stands for all names beyond the limit
  std::uint64_t count = 0;
  std::uint64_t failures = 0;
  Histogram duration;  // ns, of all lookups, also the failed
  // (result, errno) of the failed → how often
  std::map<std::pair<std::int64_t, store::OptInt>, std::uint64_t> errors;
};

struct Summary {
  std::map<std::string, std::string> trace;  // the table of that name
  std::vector<store::ProcessRow> processes;
  std::vector<Destination> destinations;        // worst first
  std::vector<FailureGroup> failures;           // most attempts first, those of `others` last
  std::uint64_t failures_beyond_limit = 0;      // failed attempts that are in no group
  std::vector<store::ListenerRow> listeners;    // in the order they began
  std::vector<Lookup> lookups;                  // failures first, then slowest first
  std::map<std::string, std::uint64_t> losses;  // cause → records
  Tally total;
  store::OptInt first_ns;  // of everything seen, processes included
  store::OptInt last_ns;
  bool filtered = false;   // shows a part of the trace only
  bool by_course = false;  // that part is chosen by how attempts went: see by_course() of load.h

  std::uint64_t lost() const;
  // Not brought to its end: it still runs, or its collector was killed or had no room.
  bool unfinished() const { return !trace.empty() && !trace.contains("ended"); }
  std::vector<const store::ProcessRow*> not_seen() const;
};

class SummaryBuilder {
 public:
  explicit SummaryBuilder(Limits limits = {});
  ~SummaryBuilder();
  SummaryBuilder(SummaryBuilder&&) noexcept;
  SummaryBuilder& operator=(SummaryBuilder&&) noexcept;

  void set_trace(std::map<std::string, std::string> trace);
  void add(const store::ProcessRow& row);
  void add(const store::ConnectionRow& row);
  void add(const PlainBlock& shown);  // its chosen rows, which comes to the same
  // Reads the columns that add() asks a block for.
  static void prepare(store::Block& block);
  // May run beside add() of connections, in a thread of its own.
  void add(const store::ResolutionRow& row);
  void add(const store::LossRow& row);

  Summary finish(bool filtered = false);  // the builder is empty afterwards

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sockwatch::model
