// A column of whole numbers in as few bytes as its range needs. Private to this folder.
//
// Numbers are stored as they are, as differences to the number before, or as differences to another
// column (`reference`: moments lie close to the start of their connection), whatever is smallest;
// then as offsets from the least of them, in 0, 1, 2, 4 or 8 bytes each.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sockwatch::store {

struct Numbers {
  std::vector<std::int64_t> values;  // 0 where not known
  std::vector<std::uint8_t> known;   // by value; empty: all are

  bool knows(std::size_t at) const { return known.empty() || known[at] != 0; }
};

// Appends the column to `out`. `reference`: as many numbers, or none.
void pack(std::string& out, const Numbers& column, std::span<const std::int64_t> reference);

// Takes a column of `rows` numbers from the front of `in`. `uniform` says that every row is the
// same. false: these bytes were never made by pack().
bool unpack(std::string_view& in, std::size_t rows, std::span<const std::int64_t> reference,
            Numbers& column, bool& uniform);

}  // namespace sockwatch::store
