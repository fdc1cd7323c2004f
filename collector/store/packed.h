// A second copy of table `connection`, by columns, in the order the attempts started: what reads
// all of a long trace reads this instead: it costs a fraction. Private to this folder.
//
// The copy is made when a recording ends, of long ones only, block by block, into a table of its
// own. It counts only in the very file it was made in: the file's change counter stands in table
// `trace`, and whoever changes the file afterwards, in whatever way, makes the copy void without
// knowing of it. Nothing is lost by that: all of it is in `connection`.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "collector/store/packed_numbers.h"
#include "collector/store/schema.h"

namespace sockwatch::store {

inline constexpr char kPackedTable[] = "connection_packed";
// Key of table `trace`: "CHANGE_COUNTER ROWS".
inline constexpr char kPackedKey[] = "connection_packed";
inline constexpr std::int64_t kPackedBlock = 4096;  // rows
const std::string& create_packed_sql();

inline constexpr std::size_t kConnectionColumns =
    std::tuple_size_v<decltype(Table<ConnectionRow>::kColumns)>;

// Rows to one block.
class Packer {
 public:
  void add(const ConnectionRow& row);
  std::size_t rows() const { return rows_; }
  std::string take();  // the block; the packer is empty afterwards

 private:
  struct Column {
    Numbers numbers;  // of text: places in `words`
    std::vector<std::string> words;
    std::unordered_map<std::string, std::int64_t> places;
  };
  void add_text(Column& column, const std::string& text);

  std::array<Column, kConnectionColumns> columns_;
  std::size_t rows_ = 0;
};

// One block to rows. `version`: of the file, as a column it lacks is not in the block either.
class Unpacker {
 public:
  explicit Unpacker(int version) : version_(version) {}

  // false: not a block Packer makes, or one that does not continue the one before.
  bool open(std::string_view block, std::int64_t rows);
  // The rows of it. false from `each` stops early, and is what comes back.
  bool each(const std::function<bool(const ConnectionRow&)>& each);

 private:
  struct Column {
    Numbers numbers;
    std::vector<std::string> words;
    bool uniform = true;
  };
  // Some rows at once, column by column: a call for each cell would cost more than the cell.
  static constexpr std::size_t kTogether = 32;
  using Fill = void (*)(std::span<ConnectionRow> rows, const Column& column, std::size_t from);
  // The rows from number `from` on.
  template <std::size_t kPlace>
  static void fill(std::span<ConnectionRow> rows, const Column& column, std::size_t from);
  template <std::size_t kPlace>
  static void set(ConnectionRow& row, const Column& column, std::size_t at);
  template <std::size_t kPlace>
  bool read(std::string_view& block);
  bool in_order();

  int version_;
  std::size_t rows_ = 0;
  std::array<Column, kConnectionColumns> columns_;
  std::vector<std::pair<Fill, const Column*>> varying_;
  std::vector<ConnectionRow> filled_;
  std::int64_t last_started_ns_ = INT64_MIN;
  std::int64_t last_id_ = INT64_MIN;
};

}  // namespace sockwatch::store
