// A filter as SQL. Private to this folder.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

#include "collector/store/block.h"
#include "collector/store/reader.h"
#include "collector/support/result.h"

namespace sockwatch::store {

// Every value is bound (?1 is values[0]): nothing a person typed becomes part of the text.
struct Condition {
  std::string where;  // "" or "WHERE …", on table connection
  std::vector<std::variant<std::int64_t, std::string>> values;
};

// A word that is no outcome or ending is an Error and not an empty answer: "--outcome timeout"
// showing nothing would read as "nothing timed out". `occurs` says whether the trace has it.
Result<Condition> condition_of(const Filter& filter,
                               const std::function<Result<bool>(const std::string&)>& occurs);

// The same of the rows of a block.
class BlockTest {
 public:
  // `processes`: all of the trace.
  static Result<BlockTest> of(const Filter& filter,
                              const std::function<Result<bool>(const std::string&)>& occurs,
                              const std::vector<ProcessRow>& processes);
  bool is_any() const;  // every row is wanted
  void begin(Block& block);
  // Of the block begun last.
  bool operator()(std::size_t at) const;
  std::vector<std::uint8_t> of_all(Block& block);  // by row: 1 or 0

 private:
  // Which words of a column do; nothing asked: all.
  struct Words {
    std::vector<bool> wanted;
    const BlockColumn* column = nullptr;
    std::span<const std::int64_t> values;
    bool holds(std::size_t at) const {
      return column->knows(at) && wanted[static_cast<std::size_t>(values[at])];
    }
  };
  struct Numbers {
    const BlockColumn* column = nullptr;
    std::span<const std::int64_t> values;
    OptInt at(std::size_t at) const {
      return column->knows(at) ? OptInt(values[at]) : std::nullopt;
    }
  };
  using Wanted = std::function<bool(const std::string&)>;
  static Words words(BlockColumn& column, const Wanted& wanted);
  static Numbers numbers(BlockColumn& column) { return {&column, column.values()}; }
  bool took_at_least(std::size_t at) const;

  OptInt since_;
  OptInt least_;
  bool may_have_failed_ = false;
  bool by_program_ = false;
  std::unordered_set<std::int64_t> programs_;
  Wanted is_outcome_;            // each empty: nothing asked
  Wanted is_name_, is_address_;  // together
  OptInt port_;
  std::unordered_map<std::int64_t, OptInt> ends_;

  Numbers started_, decided_, closed_, process_, ports_;
  Words outcome_, ending_, unconnected_, ended_badly_, name_, address_;
};

}  // namespace sockwatch::store
