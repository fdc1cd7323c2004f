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
  // Reads the columns that show() asks a block for. After end_survey().
  void prepare(store::Block& block) const;

 private:
  using PlainRules = std::vector<Rule*>;
  using BlockPlaceIds = std::vector<std::optional<PlaceId>>;
  using RowNumbers = std::vector<std::uint32_t>;

  // Plain rows that rules must still see, as they started.
  struct Waiting {
    // Takes those before `row`.
    model::PlainGroups::Rows take_before(std::uint32_t row);
    // The next one is shown whole.
    void skip() { rows = rows.subspan(1); }

    model::PlainGroups::Rows rows;
  };

  // Of a place of a block.
  struct InBlock {
    std::uint32_t sibling = 0;  // the next place of the same service, in a ring
    std::uint32_t eldest = 0;   // one place of the ring for all of it
    Waiting at_place;
    Waiting at_service;  // of the eldest
  };

  struct Share {
    std::vector<Rule*> rules;
    std::vector<Rule*> for_healthy;
    std::vector<Need> needs;  // of each of these
    PlainRules anywhere;
    std::vector<PlainRules> by_place;
    std::vector<PlainRules> by_service;
    // By place, what plain attempts to it look like: all but the numbers, which are those of the
    // one shown last. None before the first.
    std::vector<std::unique_ptr<store::ConnectionRow>> shapes;
    std::size_t block = 0;  // number of the next one
    ProgramCache programs;

    std::vector<InBlock> in_block;     // by place of the block
    RowNumbers whole;                  // those to show whole, as they started
    RowNumbers by_eldest;              // plain rows by service, where one has several places
    std::vector<std::uint32_t> begin;  // by eldest
    RowNumbers placed;                 // plain rows of places that have an id
    Waiting all;                       // that `anywhere` must still see
  };

  static void begin_block(const PlainBlockView& view, const model::PlainBlock& shown, Share& share);
  static void find_whole(const PlainBlockView& view, const model::PlainBlock& shown, Share& share);
  static void group_by_service(const model::PlainBlock& shown, Share& share);
  // Plain attempts to the service of a place before `row`.
  static void show_before(std::uint32_t row, std::uint32_t in_block, PlainBlockView& view,
                          Share& share);
  void show_whole(const store::ConnectionRow& row, PlaceId place, const Share& share) const;

  Context& context_;
  Places& places_;
  const Programs& programs_;
  Troubles trace_;
  std::vector<Troubles> at_place_;
  // By block and place of the block; none: beyond Places::kLimit.
  std::vector<BlockPlaceIds> places_of_blocks_;
  std::array<Share, kShares> shares_;
};

}  // namespace sockwatch::diagnose
