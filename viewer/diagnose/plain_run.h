// The plain attempts of a long trace (viewer/model/plain.h), as rules are shown them: by columns,
// and those to one place or service together.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "collector/store/block.h"
#include "viewer/diagnose/cases.h"
#include "viewer/diagnose/rule.h"
#include "viewer/model/plain.h"

namespace sockwatch::diagnose {

// The columns of plain attempts that rules are shown, see needs.h.
class PlainColumns {
 public:
  using Row = store::ConnectionRow;

  explicit PlainColumns(store::Block& block);
  // Those that many ask for, before others look at the block in threads of their own. Of the rest
  // single numbers are taken. `every_row`: there are rules that ask for them of each.
  static void read(store::Block& block, bool every_row);

  std::optional<model::Ending> ending(std::size_t row) const {
    return endings_[static_cast<std::size_t>(ending_[row])];
  }
  // As a number of this block; of a word that does not occur in it none that a row has.
  std::int64_t family(std::size_t row) const { return family_[row]; }
  std::int64_t family_of(const std::string& word) const;
  // All else in it is of the place.
  void fill(Row& shape, std::size_t row) const;

 private:
  friend class PlainRun;
  struct Numbers {
    explicit Numbers(store::BlockColumn& of)
        : column(&of), values(of.is_read() ? of.values().data() : nullptr) {}
    std::int64_t operator[](std::size_t row) const {
      return values != nullptr ? values[row] : column->at(row);
    }
    store::OptInt at(std::size_t row) const {
      return column->knows(row) ? store::OptInt((*this)[row]) : std::nullopt;
    }
    const store::BlockColumn* column;
    const std::int64_t* values;  // where the column was read
  };

  Numbers id_, process_, tid_, blocking_, local_port_, resolution_, started_, decided_, noticed_,
      first_send_, first_receive_, closed_, rtt_, turns_, family_, ending_;
  std::vector<std::optional<model::Ending>> endings_;  // by word
};

// Programs::of for those who ask for the same few processes again and again.
class ProgramCache {
 public:
  void begin(const Programs& programs);
  ProgramId of(std::int64_t process_id);

 private:
  const Programs* programs_ = nullptr;
  std::array<std::pair<std::int64_t, ProgramId>, 64> known_{};
};

// What a run has to one place.
struct RunPlace {
  PlaceId place = 0;
  std::uint32_t in_block = 0;
  std::int64_t attempts = 0;
  std::int64_t least_rtt_us = INT64_MAX;  // of those known
  Span handshake_ns;                      // model::handshake_ns of them
};

// What runs of one block are made from.
struct PlainBlockView {
  PlainColumns columns;
  const model::BlockPlaces& in_block;
  const std::vector<std::optional<PlaceId>>& ids;  // by place of the block
  // By place, what plain attempts to it have in common; the numbers are written over.
  std::vector<std::unique_ptr<store::ConnectionRow>>& shapes;
  const Places& places;
  ProgramCache& programs;
  std::vector<RunPlace> places_of_run = {};        // of the run asked last
  std::vector<std::uint32_t> entry_of_place = {};  // by place of the block, + 1; 0 between two runs
};

// Plain attempts to one place, or to all places of one service, as they started. No attempt to the
// service that is not plain lies between them. Or, for rules that are shown them anywhere, those to
// all places, and no other attempt between them. Valid for the call.
class PlainRun {
 public:
  // Each of `rows` is plain, its place known, and its shape.
  PlainRun(PlainBlockView& block, std::span<const std::uint32_t> rows)
      : block_(block), columns_(block.columns), rows_(rows) {}

  std::size_t size() const { return rows_.size(); }  // at least 1
  // Of a run to one place or service.
  ServiceId service() const { return block_.places[place(0)].service; }
  // Of a run to one place.
  PlaceId place() const { return place(0); }

  // In the order they appear. Valid until another run is asked.
  const std::vector<RunPlace>& places() const;

  // Of attempt `at`.
  PlaceId place(std::size_t at) const { return *block_.ids[block_.in_block[rows_[at]]]; }
  // Its names, address, port, family; all are over TCP.
  const store::ConnectionRow& shape(std::size_t at) const { return *block_.shapes[place(at)]; }
  const store::ConnectionRow& shape_of(const RunPlace& to) const {
    return *block_.shapes[to.place];
  }
  std::int64_t id(std::size_t at) const { return columns_.id_[rows_[at]]; }
  std::int64_t process_id(std::size_t at) const { return columns_.process_[rows_[at]]; }
  ProgramId program(std::size_t at) const { return block_.programs.of(process_id(at)); }
  std::int64_t local_port(std::size_t at) const { return columns_.local_port_[rows_[at]]; }
  store::Ns started_ns(std::size_t at) const { return columns_.started_[rows_[at]]; }
  store::Ns decided_ns(std::size_t at) const { return columns_.decided_[rows_[at]]; }
  store::Ns closed_ns(std::size_t at) const { return columns_.closed_[rows_[at]]; }
  store::OptInt resolution_id(std::size_t at) const { return columns_.resolution_.at(rows_[at]); }
  store::OptInt noticed_ns(std::size_t at) const { return columns_.noticed_.at(rows_[at]); }
  store::OptInt first_send_ns(std::size_t at) const { return columns_.first_send_.at(rows_[at]); }
  store::Ns first_receive_ns(std::size_t at) const { return columns_.first_receive_[rows_[at]]; }
  std::optional<bool> blocking(std::size_t at) const {
    if (!columns_.blocking_.column->knows(rows_[at])) return std::nullopt;
    return columns_.blocking_[rows_[at]] != 0;
  }
  store::OptInt rtt_us(std::size_t at) const { return columns_.rtt_.at(rows_[at]); }
  std::optional<model::Ending> ending(std::size_t at) const { return columns_.ending(rows_[at]); }
  std::int64_t turns(std::size_t at) const { return columns_.turns_[rows_[at]]; }
  store::Ns first_start_ns() const { return started_ns(0); }
  store::Ns last_start_ns() const { return started_ns(size() - 1); }

  // All of it as a row; valid until the next call.
  Attempt attempt(std::size_t at) const;

 private:
  void find_places() const;

  PlainBlockView& block_;
  PlainColumns& columns_;
  std::span<const std::uint32_t> rows_;
  mutable bool places_found_ = false;
};

}  // namespace sockwatch::diagnose
