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
#include "viewer/diagnose/plain_run.h"
#include "viewer/diagnose/rule.h"
#include "viewer/model/plain.h"

namespace sockwatch::diagnose {

class LongTrace {
 public:
  static constexpr std::size_t kShares = 2;

  // All of them outlive this. `trace`: troubles known from the start.
  LongTrace(Context& context, Places& places, const Programs& programs, const Rules& rules,
            Troubles trace);

  void survey(const model::PlainBlock& shown);
  void end_survey();
  void show(const model::PlainBlock& shown, std::size_t share);
  // Reads the columns that show() asks a block for.
  static void prepare(store::Block& block);

 private:
  using PlainRules = std::vector<Rule*>;
  using BlockPlaceIds = std::vector<std::optional<PlaceId>>;
  using RowNumbers = std::vector<std::uint32_t>;

  // Of a place of a block.
  struct InBlock {
    std::int64_t family = -1;   // of its shape
    std::uint32_t sibling = 0;  // the next place of the same service, in a ring
    std::uint32_t eldest = 0;   // one place of the ring for all of it
    bool by_place = false;      // there are rules
    bool by_service = false;
  };

  struct Share {
    std::vector<Rule*> rules;
    std::vector<Rule*> for_healthy;
    std::vector<Need> needs;  // of each of these
    PlainRules one_by_one;
    std::vector<PlainRules> by_place;
    std::vector<PlainRules> by_service;
    // By place, what plain attempts to it look like: all but the numbers, which are those of the
    // one shown last. None before the first.
    std::vector<std::unique_ptr<store::ConnectionRow>> shapes;
    std::size_t block = 0;  // number of the next one
    ProgramCache programs;

    std::vector<InBlock> in_block;        // by place of the block
    std::vector<RowNumbers> waiting;      // likewise: plain rows that by_place must still see
    std::vector<RowNumbers> all_waiting;  // of the eldest: those that by_service must still see
  };

  static void begin_block(PlainBlockView& view, Share& share);
  static void show_waiting(PlainBlockView& view, std::uint32_t in_block, Share& share);
  void show_whole(const store::ConnectionRow& row, PlaceId place, const Share& share) const;

  Context& context_;
  Places& places_;
  const Programs& programs_;
  Troubles trace_;
  std::vector<Troubles> at_place_;
  // By block and place of the block; none: beyond Places::kLimit.
  std::vector<BlockPlaceIds> places_of_blocks_;
  std::vector<std::int64_t> plain_counts_;  // by place of the block
  std::array<Share, kShares> shares_;
};

}  // namespace sockwatch::diagnose
