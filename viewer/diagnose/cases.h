// What the rules about single attempts share: the attempts a rule recognised, counted per service.
#pragma once

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "viewer/diagnose/rule.h"

namespace sockwatch::diagnose {

// Smallest and largest of what was seen.
struct Span {
  std::int64_t known = 0;
  std::int64_t least = 0;
  std::int64_t most = 0;

  void add(std::int64_t value) {
    least = known == 0 ? value : std::min(least, value);
    most = known == 0 ? value : std::max(most, value);
    ++known;
  }
  void add(const store::OptInt& value) {
    if (value) add(*value);
  }
  void add(const Span& other) {
    if (other.known == 0) return;
    least = known == 0 ? other.least : std::min(least, other.least);
    most = known == 0 ? other.most : std::max(most, other.most);
    known += other.known;
  }
};

std::string times(const Span& span);    // "2.0 s", "1.0 s to 3.0 s"
std::string numbers(const Span& span);  // "3", "2 to 4"

// The little of an attempt that a rule keeps when it must wait for what comes after it.
struct Case {
  explicit Case(const Attempt& attempt);

  std::int64_t id = 0;
  std::int64_t process_id = 0;
  std::int64_t tid = 0;
  store::OptInt lookup;         // resolution.id
  store::OptInt lookup_age_ns;  // from its end to the start of the attempt
  PlaceId place = 0;
  ServiceId service = 0;
  ProgramId program = 0;
  store::Ns started_ns = 0;
  store::Ns elapsed_ns = 0;
  store::OptInt resends;
  store::OptInt budget_ns;
  store::OptInt error;
  store::OptInt packets_in;  // where they can be believed: a packet had gone out
  bool failed = false;
  std::optional<PlaceId> made_good;  // the other address on which the program got through after it
  bool perhaps_made_good = false;    // got through there as well, perhaps with another request

  store::Ns end_ns() const { return started_ns + elapsed_ns; }
};

class Cases {
 public:
  void add(const Case& one, Confidence confidence);

  std::int64_t count() const { return seen_.count(); }
  // Failed, and no other address made it good.
  std::int64_t failed() const { return failed_; }
  std::int64_t made_good() const { return made_good_; }
  std::int64_t perhaps_made_good() const { return perhaps_made_good_; }
  bool all_made_good() const { return made_good_ > 0 && made_good_ == count(); }
  std::optional<PlaceId> made_good_by() const { return made_good_by_; }  // of the first
  Confidence confidence() const;                                         // of most of them
  PlaceId first_place() const { return by_place_.front().first; }
  ProgramId program() const { return program_; }  // of the first
  const Sightings& seen() const { return seen_; }
  const Span& took() const { return took_; }
  const Span& resends() const { return resends_; }
  const Span& budget() const { return budget_; }
  const Span& packets_in() const { return packets_in_; }
  std::string errors() const;  // "EHOSTUNREACH, ENETUNREACH"
  // To the addresses of these attempts, in the whole trace.
  std::int64_t connected_there(const Places& places) const;
  // "10.0.7.13: 12, 10.0.7.14: 3"; empty where there was one address.
  std::string addresses(const Places& places) const;

 private:
  Sightings seen_;
  std::int64_t failed_ = 0;
  std::int64_t made_good_ = 0;
  std::int64_t perhaps_made_good_ = 0;
  std::optional<PlaceId> made_good_by_;
  std::array<std::int64_t, 3> confidences_{};
  ProgramId program_ = 0;
  Span took_;
  Span resends_;
  Span budget_;
  Span packets_in_;
  std::vector<std::int64_t> errors_;
  std::vector<std::pair<PlaceId, std::int64_t>> by_place_;
};

// The service, and its address where it has a name: "shop.test:443 (10.0.7.13)".
std::string with_address(const Places& places, PlaceId place);
// "10.0.7.13", for a command line, in quotes where a shell needs them; the name where the address
// is not known.
std::string host_of(const Place& place);
// "on 10.0.7.13", before a command for the other side's machine; "on this host" where that is ours.
std::string at_host(const Place& place);
// "http://shop.test:8080/", likewise.
std::string url_of(std::string_view endpoint);
std::int64_t port_of(const Place& place);  // 0 where not known

// What one attempt is recognised by; the counting and the common lines of the finding.
class CaseRule : public Rule {
 public:
  void see(const Attempt& attempt) override;
  void conclude(std::vector<Finding>& findings) override;

 protected:
  // How surely this attempt is a case; empty: it is none.
  virtual std::optional<Confidence> grade(const Attempt& attempt) const = 0;
  // Sets summary, evidence, excluded, next steps; count, of, times and ids are there already.
  virtual void tell(const Cases& cases, Finding& finding) const = 0;
  virtual Severity severity(const Cases& cases) const {
    return cases.failed() > 0 ? Severity::error : Severity::warning;
  }
  // More to remember of a case.
  virtual void remember(const Attempt&) {}
  // The last word on a finding, after `tell`.
  virtual void amend(const Cases&, Finding&) const {}

  void count(const Case& one, Confidence confidence) { cases_[one.service].add(one, confidence); }
  Cases& cases_of(ServiceId service) { return cases_[service]; }
  const Place& place(const Cases& cases) const { return context().places[cases.first_place()]; }

 private:
  std::map<ServiceId, Cases> cases_;
};

// Lets `finding` stand for the findings of `rules` about `subject` whose attempts it accounts for
// (all of them but for one in twenty). `count`: its own attempts there.
void explain_covered(Finding& finding, const std::vector<Finding>& findings,
                     const std::string& subject, std::int64_t count,
                     std::initializer_list<std::string_view> rules);

// One in `whole` is few: said so.
std::string observed(const Finding& finding, std::string_view what);

inline bool is_tcp(const Attempt& attempt) { return attempt.tcp; }
inline bool within(store::Ns value, store::Ns least, store::Ns most) {
  return value >= least && value <= most;
}

}  // namespace sockwatch::diagnose
