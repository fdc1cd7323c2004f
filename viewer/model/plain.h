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
  std::vector<std::uint32_t> places_;
  std::vector<std::uint32_t> first_rows_;
  std::vector<std::uint32_t> table_;       // by hash: place + 1
  std::vector<std::uint32_t> by_address_;  // place + 1 of the newest row that went there
};

// A block with what is found in it once, for all who look at it.
struct PlainBlock {
  explicit PlainBlock(store::Block& of) : block(of) {
    plain.find(of);
    places.find(of);
  }

  store::Block& block;
  PlainRows plain;
  BlockPlaces places;
};

}  // namespace sockwatch::model
