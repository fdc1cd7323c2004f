// One diagnosis: what a rule found in a trace, with what proves it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "collector/store/rows.h"

namespace sockwatch::diagnose {

// error: something failed. warning: it worked, but late or by luck. info: worth knowing, nothing to
// mend now.
enum class Severity { error, warning, info };

// high: the facts admit practically one reading. medium: likely, the evidence names the
// alternatives. low: a hint.
enum class Confidence { high, medium, low };

std::string_view word(Severity severity);
std::string_view word(Confidence confidence);

// Another finding that this one gives the reason for. It is taken out of the list and shown below
// this one.
struct Explains {
  std::string_view rule;  // Entry::id
  std::string subject;    // Finding::subject of that finding
  bool adds = false;      // its attempts are others than those of this finding, and of the same
                          // trouble: they are counted here as well
};

struct Finding {
  std::string id;         // "E1", "W2", "I1": given by a Session, stable for one trace and filter
  std::string_view rule;  // Entry::id
  Severity severity = Severity::error;
  Confidence confidence = Confidence::high;
  std::string subject;     // the place, name or program it speaks of, as the report shows it:
                           // "payments.internal:443"
  std::int64_t count = 0;  // attempts, lookups or calls it was seen in
  std::int64_t of = 0;     // out of so many that could have shown it
  store::OptInt first_ns;  // when the first and the last of them began
  store::OptInt last_ns;
  std::string summary;                    // one sentence, numbers filled in
  std::vector<std::string> evidence;      // one fact each, with its numbers
  std::vector<std::string> excluded;      // what it is not, with the numbers that exclude it
  std::vector<std::string> next_steps;    // to type or to change, addresses filled in
  std::vector<std::int64_t> connections;  // ids, oldest first, at most kExamples
  std::int64_t connections_total = 0;     // how many there were
  std::vector<std::int64_t> resolutions;  // ids, likewise
  std::int64_t resolutions_total = 0;
  std::vector<Explains> explains;
  std::vector<Finding> explained;  // what `explains` took out of the list: filled by a Session

  // So that a trace of ten million failures needs no memory for their numbers.
  static constexpr std::size_t kExamples = 100;

  // Counts the attempts of `other`, which are none of this finding's own.
  void add_attempts_of(const Finding& other);
};

// Where and when a rule saw what it looks for: the counts, times and ids of a finding.
class Sightings {
 public:
  void add(const store::ConnectionRow& row);
  void add(const store::ResolutionRow& row);
  void add(const store::FailedCallRow& row);  // as often as it says
  void add(const Sightings& others);

  std::int64_t count() const { return count_; }
  store::OptInt first_ns() const { return first_ns_; }
  store::OptInt last_ns() const { return last_ns_; }

  // Sets count, of, first, last, connections and resolutions.
  void fill(Finding& finding, std::int64_t of) const;

 private:
  void add(std::int64_t times, store::Ns first_ns, store::Ns last_ns);

  std::int64_t count_ = 0;
  store::OptInt first_ns_;
  store::OptInt last_ns_;
  std::vector<std::int64_t> connections_;
  std::int64_t connections_total_ = 0;
  std::vector<std::int64_t> resolutions_;
  std::int64_t resolutions_total_ = 0;
};

}  // namespace sockwatch::diagnose
