// The first address of a name takes all the time.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <deque>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "viewer/diagnose/bounded.h"
#include "viewer/diagnose/cases.h"
#include "viewer/diagnose/groups.h"
#include "viewer/diagnose/phrase.h"
#include "viewer/diagnose/plain_run.h"
#include "viewer/diagnose/units.h"
#include "viewer/model/shell_word.h"

namespace sockwatch::diagnose {
namespace {

using model::Outcome;

class Starved : public Rule {
 public:
  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "STARVED",
        .family = Family::handshake,
        .title = "first address used up the budget",
        .signature =
            "a call on a name with several addresses gave up, the first of the list took at "
            "least 80 % of the time, and not all addresses were tried (no other address with "
            "that lookup within 2 s, and some never in the recording). Each retry of the first "
            "address is a call of its own",
        .meaning =
            "The name has more than one address, so that a client can go on to the next when one "
            "does not answer. This program spent all its time on the first one and gave up before "
            "it had tried the others.",
        .not_this =
            "It is not known that the others would have worked; they were not asked. "
            "Seen with PHP fsockopen, Python asyncio and Rust tokio.",
        .next = {"a shorter time-out per address",
                 "happy eyeballs (Python asyncio: happy_eyeballs_delay=0.25)"}};
    return kEntry;
  }

  bool wants_healthy() const override { return true; }

  void see(const store::ResolutionRow& row) override {
    if (!row.name || row.result != 0) return;
    std::string* told = told_.slot(*row.name);
    if (told != nullptr && *told == row.addresses) return;  // as mostly
    if (told != nullptr) *told = row.addresses;
    std::vector<std::string> addresses;
    std::string_view rest = row.addresses;
    while (!rest.empty() && addresses.size() < 32) {
      const std::size_t end = std::min(rest.find(' '), rest.size());
      std::string one(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
      if (!one.empty() && std::find(addresses.begin(), addresses.end(), one) == addresses.end()) {
        addresses.push_back(std::move(one));
      }
    }
    if (addresses.size() > 1) addresses_.insert_or_assign(*row.name, std::move(addresses));
  }

  void see(const Attempt& attempt) override {
    const auto& row = attempt.row;
    const bool gave_up =
        attempt.silent && (attempt.is(Outcome::timed_out_caller) || attempt.is(Outcome::cancelled));
    if (!row.resolution_id || !row.peer_name) return;
    const auto known = addresses_.find(*row.peer_name);
    if (known != addresses_.end()) asked_[*row.peer_name].insert(*row.peer_address);
    // Who begins with another address chooses by itself, and will choose another one next time.
    const bool is_first = known != addresses_.end() && known->second.front() == *row.peer_address;
    asked(attempt.place) = is_first ? Asked::first : Asked::other;
    const bool others_tried = were_others_tried(*row.resolution_id, is_first);
    if (calls_.empty() && !gave_up) return;
    settle(row.started_ns);
    for (auto call_at = calls_.begin(); call_at != calls_.end(); ++call_at) {
      Call& call = *call_at;
      if (call.resolution != *row.resolution_id) continue;
      if (is_retry(call, attempt)) {
        end(call);
        --begun_of(call.resolution).open_calls;
        calls_.erase(call_at);
        break;
      }
      call.end_ns = std::max(call.end_ns, row.started_ns + attempt.elapsed_ns);
      call.connected = call.connected || attempt.is(Outcome::connected);
      if (std::find(call.tried.begin(), call.tried.end(), *row.peer_address) == call.tried.end()) {
        call.tried.push_back(*row.peer_address);
      }
      return;
    }
    if (!gave_up || !is_first || others_tried) return;
    if (calls_.size() == kRemembered) end_first();
    const Case one(attempt);
    ++begun_of(*row.resolution_id).open_calls;
    calls_.push_back({one, *row.resolution_id, one.end_ns(), {*row.peer_address}, false});
  }

  void see_plain(const PlainRun& run) override {
    for (std::size_t i = 0; i < run.size(); ++i) {
      const store::OptInt lookup = run.resolution_id(i);
      if (!lookup || !run.shape(i).peer_name) continue;
      settle(run.started_ns(i));
      const bool of_call = begun_of(*lookup).open_calls > 0 &&
                           std::any_of(calls_.begin(), calls_.end(), [&](const Call& call) {
                             return call.resolution == *lookup;
                           });
      const Asked asked_before = asked(run.place(i));
      if (of_call || asked_before == Asked::not_yet) {
        see(run.attempt(i));
      } else {
        (void)were_others_tried(*lookup, asked_before == Asked::first);
      }
    }
  }

  void conclude(std::vector<Finding>& findings) override {
    while (!calls_.empty()) end_first();
    for (const auto& [service, cases] : cases_) {
      const Place& to = context().places[cases.first_place()];
      const auto& all = addresses_.at(*to.name);
      std::string untried;
      for (const std::string& address : all) {
        if (asked_[*to.name].contains(address)) continue;
        untried += (untried.empty() ? "" : ", ") + address;
      }
      if (untried.empty()) continue;
      Finding found = finding(cases.failed() > 0 ? Severity::error : Severity::warning,
                              Confidence::high, context().places.service(service));
      cases.seen().fill(found, context().places.fared(service).attempts);
      found.summary = fmt::format(
          "{} has {} addresses; the client spent all {} on the first ({}) and never tried {}.",
          *to.name, all.size(), times(cases.took()), to.address, untried);
      found.evidence = {observed(found, "calls that ended on the first address"),
                        "packets received from it: 0"};
      found.excluded = {"not known to be the whole service: the other addresses were not asked"};
      const std::string other = fmt::format("{}:{}:{}", *to.name, port_of(to), all.back());
      found.next_steps = {"set a shorter time-out per address, or use happy eyeballs",
                          "try another: curl --resolve " + model::shell_word(other) + " ..."};
      explain_covered(found, findings, found.subject, found.count, {"SYNDROP", "SHORTTO"});
      findings.push_back(std::move(found));
    }
  }

 private:
  static constexpr store::Ns kNextAddress = 2 * kSecond;
  static constexpr std::size_t kRemembered = 256;
  struct Call {
    Case first;
    std::int64_t resolution;
    store::Ns end_ns;
    std::vector<std::string> tried;
    bool connected;
  };

  struct Begun {
    std::int64_t resolution = 0;  // the newest
    bool others_tried = false;    // than the first address of the list
    int open_calls = 0;           // with any resolution that belongs here
  };
  Begun& begun_of(std::int64_t resolution) {
    return begun_[static_cast<std::size_t>(resolution) % begun_.size()];
  }

  // With this lookup, before. Of a client that tries several addresses at once, another one may
  // stand before that which gave up.
  bool were_others_tried(std::int64_t resolution, bool is_first) {
    Begun& begun = begun_of(resolution);
    if (begun.resolution != resolution) begun.others_tried = false;
    begun.resolution = resolution;
    return std::exchange(begun.others_tried, begun.others_tried || !is_first);
  }
  // The first address once more, after it had been given up.
  static bool is_retry(const Call& call, const Attempt& attempt) {
    return !call.connected && !attempt.is(Outcome::connected) && call.tried.size() == 1 &&
           attempt.place == call.first.place && attempt.row.started_ns >= call.first.end_ns();
  }
  enum class Asked : char { not_yet, first, other };
  Asked& asked(PlaceId place) {
    if (asked_places_.size() <= place) asked_places_.resize(place + 1, Asked::not_yet);
    return asked_places_[place];
  }
  void settle(store::Ns now) {
    while (!calls_.empty() && calls_.front().end_ns + kNextAddress < now) end_first();
  }
  void end_first() {
    end(calls_.front());
    --begun_of(calls_.front().resolution).open_calls;
    calls_.pop_front();
  }
  void end(const Call& call) {
    const auto& all = addresses_.at(*context().places[call.first.place].name);
    const store::Ns total = call.end_ns - call.first.started_ns;
    if (!call.connected && call.tried.size() < all.size() &&
        call.first.elapsed_ns * 5 >= total * 4 && call.first.elapsed_ns >= 200 * kMs) {
      cases_[call.first.service].add(call.first, Confidence::high);
    }
  }

  Bounded<std::string, std::string> told_;  // by name: the newest answer
  std::unordered_map<std::string, std::vector<std::string>> addresses_;
  std::unordered_map<std::string, std::unordered_set<std::string>> asked_;  // by name: ever tried
  std::vector<Asked> asked_places_;  // by place: whether an attempt there is among asked_
  std::deque<Call> calls_;           // as they started
  std::array<Begun, 4096> begun_{};  // of each residue
  std::map<ServiceId, Cases> cases_;
};

}  // namespace

void add_starved_rule(Rules& rules) { rules.push_back(std::make_unique<Starved>()); }

}  // namespace sockwatch::diagnose
