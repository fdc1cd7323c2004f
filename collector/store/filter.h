// A filter as SQL. Private to this folder.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

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

// The same as a question to rows at hand. `processes`: all of the trace.
using RowTest = std::function<bool(const ConnectionRow&)>;
Result<RowTest> row_test_of(const Filter& filter,
                            const std::function<Result<bool>(const std::string&)>& occurs,
                            const std::vector<ProcessRow>& processes);

}  // namespace sockwatch::store
