#include "viewer/model/names.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace sockwatch::model {
namespace {

constexpr std::uint64_t kEnough = 5;  // attempts to judge a time by
constexpr double kShareApart = 0.10;
constexpr std::int64_t kTimeApartNs = 1'000'000;

double failed_share(const Tally& tally) {
  if (tally.attempts == 0) return 0.0;
  return static_cast<double>(tally.failures()) / static_cast<double>(tally.attempts);
}

bool any_differ(const Summary& summary, const std::vector<std::size_t>& members) {
  // The members are sorted worst first, but times are not sorted at all: compare all with all, up
  // to a number of addresses no person reads.
  const std::size_t compared = std::min<std::size_t>(members.size(), 64);
  for (std::size_t i = 0; i < compared; ++i) {
    for (std::size_t j = i + 1; j < compared; ++j) {
      if (fare_differently(summary.destinations[members[i]].tally,
                           summary.destinations[members[j]].tally)) {
        return true;
      }
    }
  }
  return false;
}

}  // namespace

bool fare_differently(const Tally& a, const Tally& b) {
  if ((a.failures() == 0) != (b.failures() == 0)) return true;
  const double apart = failed_share(a) - failed_share(b);
  if (apart >= kShareApart || apart <= -kShareApart) return true;
  if (a.connect.count() < kEnough || b.connect.count() < kEnough) return false;
  const std::int64_t a_median = *a.connect.quantile(0.5);
  const std::int64_t b_median = *b.connect.quantile(0.5);
  const std::int64_t fast = std::min(a_median, b_median);
  const std::int64_t slow = std::max(a_median, b_median);
  return slow / 2 > fast && slow - fast > kTimeApartNs;
}

std::vector<NameGroup> group_by_name(const Summary& summary) {
  std::vector<NameGroup> groups;
  std::map<std::tuple<std::string, store::OptInt, std::string>, std::size_t> by_name;
  for (std::size_t i = 0; i < summary.destinations.size(); ++i) {
    const Destination& destination = summary.destinations[i];
    std::size_t at = groups.size();
    if (destination.name) {
      at = by_name.try_emplace({*destination.name, destination.port, destination.protocol}, at)
               .first->second;
    }
    if (at == groups.size()) groups.emplace_back();
    groups[at].members.push_back(i);
    groups[at].tally.merge(destination.tally);
    groups[at].others = destination.others;
  }
  for (NameGroup& group : groups) {
    group.addresses_differ = any_differ(summary, group.members);
  }
  std::stable_sort(groups.begin(), groups.end(), [](const NameGroup& a, const NameGroup& b) {
    if (a.others != b.others) return b.others;
    const std::uint64_t a_failed = a.tally.failures();
    const std::uint64_t b_failed = b.tally.failures();
    if (a_failed != b_failed) return a_failed > b_failed;
    return worse_share(a.tally, b.tally);
  });
  return groups;
}

}  // namespace sockwatch::model
