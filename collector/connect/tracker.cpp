#include "collector/connect/tracker.h"

#include "collector/connect/state.h"
#include "collector/store/schema.h"
#include "collector/support/archive.h"

namespace sockwatch::connect {

Tracker::Tracker(std::int64_t process_id, Ids& ids, Options options)
    : state_(std::make_unique<State>(process_id, ids, options)) {}

Tracker::~Tracker() = default;
Tracker::Tracker(Tracker&&) noexcept = default;
Tracker& Tracker::operator=(Tracker&&) noexcept = default;

void Tracker::apply(const Observation& observation) { state_->apply(observation); }
void Tracker::missed(std::int64_t until_ns) { state_->missed(until_ns); }
void Tracker::process_ended(std::int64_t t_ns, End how) { state_->process_ended(t_ns, how); }
Changes Tracker::take() { return state_->take(); }
void Tracker::keep(Keep& archive) const { archive(*state_); }
void Tracker::restore(Restore& archive, bool touch) {
  archive(*state_);
  if (touch && archive.good()) state_->touch_all();
}
std::uint64_t Tracker::orphan_events() const { return state_->orphans; }

}  // namespace sockwatch::connect
