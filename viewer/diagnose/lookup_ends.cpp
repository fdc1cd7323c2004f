#include "viewer/diagnose/lookup_ends.h"

#include "viewer/diagnose/units.h"

namespace sockwatch::diagnose {
namespace {

// Ids that no row has.
constexpr std::int64_t kGapsPerRow = 4;
constexpr std::int64_t kFirstGaps = 65'536;

}  // namespace

void LookupEnds::add(const store::ResolutionRow& row) {
  if (added_++ == 0) first_ms_ = row.started_ns / kMs;
  const std::int64_t after = (row.started_ns + row.duration_ns) / kMs - first_ms_;
  if (row.id < 0 || row.id > kFirstGaps + kGapsPerRow * added_ || after < 0 || after >= kUnknown) {
    return;
  }
  const auto at = static_cast<std::size_t>(row.id);
  if (ended_ms_.size() <= at) ended_ms_.resize(at + 1, kUnknown);
  ended_ms_[at] = static_cast<std::uint32_t>(after);
}

store::OptInt LookupEnds::age_at(const store::ConnectionRow& row) const {
  if (!row.resolution_id || *row.resolution_id < 0) return std::nullopt;
  const auto at = static_cast<std::size_t>(*row.resolution_id);
  if (at >= ended_ms_.size() || ended_ms_[at] == kUnknown) return std::nullopt;
  return row.started_ns - (first_ms_ + ended_ms_[at]) * kMs;
}

}  // namespace sockwatch::diagnose
