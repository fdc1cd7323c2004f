// The packed copy of table `connection` in a trace: made, vouched for, found, read. Private to this
// folder; packed.h says what it is.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "collector/store/database.h"
#include "collector/store/layout.h"
#include "collector/store/packed.h"
#include "collector/support/result.h"

namespace sockwatch::store {

// Writer, once the trace is complete. Makes the copy of `connection` if it has at least `from` rows
// and there is room for it, in transactions of its own, and gives the number of its rows. Empty:
// there is none, for whatever reason; a trace without it is as good.
std::optional<std::int64_t> make_packed_copy(const Database& database, const Layout& layout,
                                             std::int64_t from);

// Writer, out of WAL mode, as the last thing that is written.
Status vouch_for_packed_copy(const Database& database, std::int64_t rows);

// Reader of a file that nobody writes to: how many rows the copy has, if there is one and it is as
// good as the table.
std::optional<std::int64_t> find_packed_copy(const Database& database);

// All of `rows` rows, as they started. `each` returns false to stop early.
Status read_packed_copy(const Database& database, const Layout& layout, std::int64_t rows,
                        const std::function<bool(const ConnectionRow&)>& each);

}  // namespace sockwatch::store
