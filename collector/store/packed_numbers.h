// A column of whole numbers in as few bytes as its range needs. Private to this folder.
//
// Numbers are stored as they are, as differences to the number before, or as differences to another
// column (`reference`: moments lie close to the start of their connection), whatever is smallest;
// then as offsets from the least of them, in 0, 1, 2, 4 or 8 bytes each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sockwatch::store {

struct Numbers {
  std::vector<std::int64_t> values;  // 0 where not known
  std::vector<std::uint8_t> known;   // by value; empty: all are
};

// Which numbers of a column are known, for all columns of a block: most have the same answer as
// another one, and name that. By column as they were stored; those of a block outlive this.
using KnownFlags = std::vector<std::string_view>;

// Appends the column to `out`. `reference`: as many numbers, or none.
void pack(std::string& out, const Numbers& column, std::span<const std::int64_t> reference,
          KnownFlags& stored);

// A column as it lies in a block, whose bytes must outlive this.
class PackedNumbers {
 public:
  // Takes a column of `rows` numbers from the front of `in`. false: these bytes were never made by
  // pack().
  bool open(std::string_view& in, std::size_t rows, KnownFlags& stored);
  void open_unknown();  // one that is not in the block

  bool knows(std::size_t at) const { return known_ == nullptr ? !unknown_ : known_[at] != 0; }
  bool knows_all() const { return known_ == nullptr && !unknown_; }
  bool knows_none() const { return unknown_; }
  // All numbers that are known are `only()`.
  bool has_one_value() const { return width_ == 0 && against_ == Against::nothing; }
  std::int64_t only() const { return least_; }

  // By number, 0: not known. nullptr: all are, or none.
  const char* flags() const { return known_; }
  // true: each of them, known or not, is at least 0 and below `end`. false: that is not known.
  bool are_all_below(std::size_t rows, std::uint64_t end) const;

  bool needs_reference() const { return against_ == Against::reference; }
  // Number `at` can be had by itself.
  bool is_random() const { return against_ != Against::before; }
  std::int64_t at(std::size_t at, std::span<const std::int64_t> reference) const;
  // All of them; what is not known is any number.
  void read(std::size_t rows, std::span<const std::int64_t> reference,
            std::vector<std::int64_t>& values) const;

 private:
  enum class Against : unsigned { nothing, before, reference };
  friend void pack(std::string& out, const Numbers& column, std::span<const std::int64_t> reference,
                   KnownFlags& stored);

  Against against_ = Against::nothing;
  std::size_t width_ = 0;  // bytes of an offset
  std::int64_t least_ = 0;
  const char* offsets_ = nullptr;
  const char* known_ = nullptr;
  bool unknown_ = true;
};

}  // namespace sockwatch::store
