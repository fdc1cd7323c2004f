// Plain attempts: most attempts of most traces went well in every respect. Of a long trace they are
// recognised in its columns, a block at a time, and never put together to rows.
//
// Plain is an attempt over TCP that connected at its first SYN in less than 200 ms (a blocking one
// in less than 100 ms), had a reply, and was closed by either side without an error, with nothing
// left unacknowledged or unsent; no signal, no fast open, no wait that ran out, no pause of a
// second that was survived, no send into a connection that was over, own port and peer's port
// differ. Every moment of that is known.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "collector/store/block.h"

namespace sockwatch::model {

class PlainRows {
 public:
  void find(store::Block& block);
  // Of the block looked at last.
  bool operator[](std::size_t row) const { return plain_[row] != 0; }

 private:
  std::vector<std::uint8_t> plain_;
};

// The chosen rows of a block by where they went: a number for each name, address, port and
// protocol, from 0 on as they appear.
class BlockPlaces {
 public:
  void find(store::Block& block);
  // Of the block looked at last.
  std::size_t size() const { return first_rows_.size(); }
  std::size_t first_row(std::size_t place) const { return first_rows_[place]; }
  std::uint32_t operator[](std::size_t row) const { return places_[row]; }

 private:
  std::vector<std::uint64_t> keys_;  // by row: all that makes a place, but the port
  std::vector<std::int64_t> ports_;  // by row
  std::vector<std::uint32_t> places_;
  std::vector<std::uint32_t> first_rows_;
  std::vector<std::uint32_t> table_;       // by hash: place + 1
  std::vector<std::uint32_t> by_address_;  // place + 1 of the newest row that went there
};

// Where a row of a block went, and nothing else of it: the other columns are left alone.
class PlaceRow {
 public:
  explicit PlaceRow(store::Block& block);
  const store::ConnectionRow& operator[](std::size_t row);  // valid until the next call

 private:
  store::BlockColumn& name_;
  store::BlockColumn& address_;
  store::BlockColumn& port_;
  store::BlockColumn& protocol_;
  store::ConnectionRow row_;
};

// The chosen rows of a block: plain ones by place, and the others. Each in the order they started.
class PlainGroups {
 public:
  using Rows = std::span<const std::uint32_t>;

  void find(const store::Block& block, const PlainRows& plain, const BlockPlaces& places);
  // Of the block looked at last.
  Rows plain_at(std::size_t place) const {
    return Rows(by_place_).subspan(begins_[place], begins_[place + 1] - begins_[place]);
  }
  Rows plain() const { return plain_; }
  Rows others() const { return others_; }

 private:
  std::vector<std::uint32_t> plain_;
  std::vector<std::uint32_t> others_;
  std::vector<std::uint32_t> by_place_;
  std::vector<std::uint32_t> begins_;  // by place, and the end of the last
};

// A block with what is found in it once, for all who look at it.
struct PlainBlock {
  explicit PlainBlock(store::Block& of) : block(of) { find(); }
  // Once more, of what was read into the block since; in the memory it has.
  void find() {
    plain.find(block);
    places.find(block);
    groups.find(block, plain, places);
  }

  store::Block& block;
  PlainRows plain;
  BlockPlaces places;
  PlainGroups groups;
};

}  // namespace sockwatch::model
