// Some thousand rows of table `connection`, by columns, in the order the attempts started: what
// reads all of a long trace reads these instead of the table (packed_copy.h), at a fraction of the
// cost: a column nobody asks for is not even looked at.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "collector/store/packed_numbers.h"
#include "collector/store/schema.h"

namespace sockwatch::store {

inline constexpr std::size_t kConnectionColumns =
    std::tuple_size_v<decltype(Table<ConnectionRow>::kColumns)>;

// The number of the column that holds a member: column_of(&ConnectionRow::outcome).
template <typename Value>
constexpr std::size_t column_of(Value ConnectionRow::*member) {
  std::size_t place = 0;
  std::size_t found = kConnectionColumns;
  for_each_column<ConnectionRow>([&]<typename Other>(const Column<ConnectionRow, Other>& column) {
    if constexpr (std::is_same_v<Other, Value>) {
      if (column.member == member) found = place;
    }
    ++place;
  });
  return found;
}

// Rows to the bytes of one block.
class Packer {
 public:
  void add(const ConnectionRow& row);
  std::size_t rows() const { return rows_; }
  std::string take();  // the packer is empty afterwards

 private:
  struct Gathered {
    std::int64_t place_of(const std::string& word);
    void clear();

    Numbers numbers;  // of text: places in `words`
    std::vector<std::string> words;
    std::unordered_map<std::string, std::int64_t> places;
    std::int64_t newest = 0;  // of `words`
  };

  std::array<Gathered, kConnectionColumns> columns_;
  std::size_t rows_ = 0;
};

// One column of a block. Text is a number, too: the place in words().
class BlockColumn {
 public:
  bool knows(std::size_t at) const { return numbers_.knows(at); }
  bool knows_all() const { return numbers_.knows_all(); }
  bool knows_none() const { return numbers_.knows_none(); }
  // All that are known are the same, only().
  bool has_one_value() const { return numbers_.has_one_value(); }
  std::int64_t only() const { return numbers_.only(); }

  // By row; any number where not known. Stays valid until the next block is opened. Once they are
  // read several threads may ask for them.
  std::span<const std::int64_t> values();
  bool is_read() const { return is_read_; }
  // Of one row, without reading the others; any number where not known.
  std::int64_t at(std::size_t at) const {
    return is_read_ ? values_[at] : numbers_.at(at, reference_);
  }
  const std::vector<std::string>& words() const { return words_; }

  // Sets kept[row] to 0 where `holds(number)` is false; where none is known, if `if_unknown` is.
  template <typename Holds>
  void keep_where(std::span<std::uint8_t> kept, bool if_unknown, Holds holds);

 private:
  friend class Block;
  bool is_in_range();

  PackedNumbers numbers_;
  std::vector<std::string> words_;
  std::span<const std::int64_t> reference_;
  std::size_t rows_ = 0;
  std::size_t end_ = 0;  // of what values may be, if not 0: text and bool
  std::vector<std::int64_t> values_;
  bool is_read_ = false;
};

template <typename Holds>
void BlockColumn::keep_where(std::span<std::uint8_t> kept, bool if_unknown, Holds holds) {
  const auto other = static_cast<std::uint8_t>(if_unknown ? 1 : 0);
  if (knows_none() || has_one_value()) {
    const auto good = static_cast<std::uint8_t>(!knows_none() && holds(only()) ? 1 : 0);
    if (good != 0 && (other != 0 || knows_all())) return;
    if (other != 0 && knows_none()) return;
    for (std::size_t i = 0; i < kept.size(); ++i) kept[i] &= knows(i) ? good : other;
    return;
  }
  const std::int64_t* numbers = values().data();
  if (knows_all()) {
    for (std::size_t i = 0; i < kept.size(); ++i) {
      kept[i] &= static_cast<std::uint8_t>(holds(numbers[i]) ? 1 : 0);
    }
    return;
  }
  const char* known = numbers_.flags();
  for (std::size_t i = 0; i < kept.size(); ++i) {
    kept[i] &= static_cast<std::uint8_t>(known[i] != 0 ? (holds(numbers[i]) ? 1 : 0) : other);
  }
}

// One block after the other; of one thread, unless it is said otherwise.
class Block {
 public:
  // `version`: of the schema of the file; a column it lacks is not in the block either.
  explicit Block(int version) : version_(version) {}

  // false: no block Packer makes, or one that does not continue the one before, which is the one
  // opened last, or the one this follows. `bytes` must live as long as this block is in use.
  bool open(std::string_view bytes, std::int64_t rows);
  void follow(const Block& before);

  std::size_t rows() const { return rows_; }
  template <auto kMember>
  BlockColumn& column() {
    return columns_[column_of(kMember)];
  }
  // Rows a filter leaves out are here all the same: whoever goes through the rows asks.
  bool is_chosen(std::size_t at) const { return chosen_.empty() || chosen_[at] != 0; }
  // Reads them, for others that look at the block in threads of their own.
  template <auto... kMembers>
  void read() {
    ((void)column<kMembers>().values(), ...);
  }
  void choose(std::vector<std::uint8_t> chosen) { chosen_ = std::move(chosen); }

 private:
  friend class BlockRows;
  using Set = void (*)(ConnectionRow& row, const BlockColumn& column, std::size_t at);
  template <std::size_t kPlace>
  static void set(ConnectionRow& row, const BlockColumn& column, std::size_t at);
  template <std::size_t kPlace>
  bool read(std::string_view& bytes);
  bool in_order();

  int version_;
  KnownFlags known_;  // of the columns read so far
  std::size_t rows_ = 0;
  std::array<BlockColumn, kConnectionColumns> columns_;
  std::vector<std::pair<Set, const BlockColumn*>> varying_;
  std::vector<std::uint8_t> chosen_;  // by row; empty: all are
  ConnectionRow common_;              // what does not vary
  std::int64_t last_started_ns_ = INT64_MIN;
  std::int64_t last_id_ = INT64_MIN;
};

// Rows of a block put together; of one thread, while others may look at the same block.
class BlockRows {
 public:
  explicit BlockRows(const Block& block) : block_(block), row_(block.common_) {}
  // All columns of a row; valid until the next call.
  const ConnectionRow& operator[](std::size_t at) {
    for (const auto& [set, column] : block_.varying_) set(row_, *column, at);
    return row_;
  }

 private:
  const Block& block_;
  ConnectionRow row_;
};

}  // namespace sockwatch::store
