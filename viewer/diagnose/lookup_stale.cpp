// Addresses a name no longer has.
#include <fmt/format.h>

#include <algorithm>

#include "viewer/diagnose/bounded.h"
#include "viewer/diagnose/lookup.h"
#include "viewer/diagnose/phrase.h"

namespace sockwatch::diagnose {
namespace {

bool lists(std::string_view addresses, std::string_view address) {
  while (!addresses.empty()) {
    const std::size_t end = std::min(addresses.find(' '), addresses.size());
    if (addresses.substr(0, end) == address) return true;
    addresses.remove_prefix(std::min(end + 1, addresses.size()));
  }
  return false;
}

class DnsStale : public Rule {
 public:
  static constexpr store::Ns kLongAgo = 300'000'000'000;

  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "DNS-STALE",
        .family = Family::lookup,
        .title = "connecting to an address the name no longer has",
        .signature =
            "A failing attempt went to an address that the newest lookup of its name "
            "before it, by any recorded process, did not return, and the process itself "
            "had not looked the name up for more than 5 minutes.",
        .meaning =
            "The program asked for the address of the name once and keeps using the answer. "
            "Meanwhile the name points somewhere else, and the old address does not work "
            "any more. Other programs, which ask again, are fine.",
        .not_this =
            "Not a dead service: it has moved. If attempts to the new address fail as "
            "well, there is another reason too.",
        .next = {"restart the program: it will ask again",
                 "lower the cache time of the runtime (JVM: networkaddress.cache.ttl)"}};
    return kEntry;
  }

  void see(const store::ResolutionRow& row) override {
    if (!asks_a_nameserver(row) || !found(row) || row.addresses.empty()) return;
    Name* name = names_.slot(*row.name);
    if (name == nullptr) return;
    if (name->answers.empty() || name->answers.back().addresses != row.addresses) {
      if (name->answers.size() == kKept) name->answers.erase(name->answers.begin());
      name->answers.push_back({row.started_ns, row.addresses});
    }
    auto& asked = name->asked[row.process_id % kProcesses];
    if (asked.size() == kKept) asked.erase(asked.begin());
    asked.push_back({row.process_id, row.started_ns});
  }

  void see(const Attempt& attempt) override {
    const auto& row = attempt.row;
    if (!attempt.failed || !row.peer_name || !row.peer_address) return;
    Name* name = names_.find(*row.peer_name);
    if (name == nullptr) return;
    ++name->failed;
    const Answer* newest = nullptr;
    for (const Answer& answer : name->answers) {
      if (answer.since <= row.started_ns) newest = &answer;
    }
    if (newest == nullptr || lists(newest->addresses, *row.peer_address)) return;
    // Round robin shows other addresses each time: this one must have been gone for as long.
    for (const Answer& answer : name->answers) {
      const bool recent =
          answer.since + kLongAgo > row.started_ns && answer.since <= row.started_ns;
      if (recent && lists(answer.addresses, *row.peer_address)) return;
    }
    for (const Asked& asked : name->asked[row.process_id % kProcesses]) {
      if (asked.process_id == row.process_id && asked.at <= row.started_ns &&
          row.started_ns - asked.at <= kLongAgo) {
        return;
      }
    }
    name->sightings.add(row);
    name->old_address = *row.peer_address;
    name->new_addresses = newest->addresses;
    name->program = attempt.program;
    name->service = attempt.service;
  }

  void conclude(std::vector<Finding>& findings) override {
    for (const auto& [label, name] : names_) {
      if (name.sightings.count() == 0) continue;
      auto result =
          finding(Severity::error, Confidence::medium, context().places.service(name.service));
      name.sightings.fill(result, name.failed);
      result.summary = fmt::format("{} still uses {}; {} now resolves to {}.",
                                   context().programs.name(name.program), name.old_address, label,
                                   name.new_addresses);
      result.evidence.push_back(fmt::format(
          "{} failed attempts went to an address the name no longer had; the process had not asked "
          "again for more than 5 minutes",
          share(result.count, result.of)));
      result.next_steps = {getent_command(label),
                           "restart the program, or lower the cache time of its runtime (JVM: "
                           "networkaddress.cache.ttl)"};
      findings.push_back(std::move(result));
    }
  }

 private:
  static constexpr std::size_t kKept = 32;
  static constexpr std::size_t kProcesses = 8;

  struct Answer {
    store::Ns since = 0;
    std::string addresses;
  };
  struct Asked {
    std::int64_t process_id = 0;
    store::Ns at = 0;
  };
  struct Name {
    std::vector<Answer> answers;  // each different from the one before
    std::vector<Asked> asked[kProcesses];
    std::int64_t failed = 0;
    Sightings sightings;
    std::string old_address;
    std::string new_addresses;
    ProgramId program = 0;
    ServiceId service = 0;
  };
  Bounded<std::string, Name, 5'000> names_;
};

}  // namespace

void add_stale_lookup_rules(Rules& rules) { rules.push_back(std::make_unique<DnsStale>()); }

}  // namespace sockwatch::diagnose
