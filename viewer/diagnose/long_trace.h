// The attempts of a long trace, shown to the rules a block at a time: as Session::add() for each of
// them, at a fraction of the cost (needs.h says why the findings are the same).
//
// All blocks twice: first to survey(), then to show() of each share of the rules. Shares may be
// shown in threads of their own.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "collector/store/block.h"
#include "viewer/diagnose/needs.h"
#include "viewer/diagnose/rule.h"
#include "viewer/model/plain.h"

namespace sockwatch::diagnose {

class LongTrace {
 public:
  static constexpr std::size_t kShares = 2;

  // All of them outlive this. `trace`: troubles known from the start.
  LongTrace(Context& context, Places& places, const Programs& programs, const Rules& rules,
            Troubles trace);

  void survey(store::Block& block);
  void end_survey();
  void show(store::Block& block, std::size_t share);

 private:
  using PlainRules = std::vector<Rule*>;

  struct Share {
    std::vector<Rule*> rules;
    std::vector<Rule*> for_healthy;
    std::vector<Need> needs;                   // of each of these
    std::vector<const PlainRules*> for_plain;  // by place
    std::vector<std::unique_ptr<PlainRules>> plain_rules;
    // By place, what plain attempts to it look like: all but the numbers, which are those of the
    // one shown last. None before the first.
    std::vector<std::unique_ptr<store::ConnectionRow>> shapes;
    std::size_t block = 0;  // number of the next one
    model::PlainRows plain;
    model::BlockPlaces places_of_block;
    std::array<std::pair<std::int64_t, ProgramId>, 64> programs{};  // of some processes
  };
  class PlainAttempts;

  const PlainRules* rules_for(Share& share, Troubles place, Troubles service) const;
  void show_whole(const store::ConnectionRow& row, PlaceId place, const Share& share) const;
  void show_plain(const store::ConnectionRow& row, std::optional<model::Ending> ending,
                  PlaceId place, Share& share) const;

  Context& context_;
  Places& places_;
  const Programs& programs_;
  Troubles trace_;
  std::vector<Troubles> at_place_;
  // By block and place of the block; none: beyond Places::kLimit.
  std::vector<std::vector<std::optional<PlaceId>>> places_of_blocks_;
  model::PlainRows plain_;
  model::BlockPlaces places_of_block_;
  std::array<Share, kShares> shares_;
};

}  // namespace sockwatch::diagnose
