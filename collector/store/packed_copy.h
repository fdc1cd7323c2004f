// A second copy of table `connection`, in blocks of columns (block.h): made, vouched for, found,
// read. Private to this folder.
//
// The copy is made when a recording ends, of long ones only, block by block, into a table of its
// own. It counts only in the very file it was made in: the file's change counter stands in table
// `trace`, and whoever changes the file afterwards, in whatever way, makes the copy void without
// knowing of it. Nothing is lost by that: all of it is in `connection`.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collector/store/block.h"
#include "collector/store/block_threads.h"
#include "collector/store/database.h"
#include "collector/store/filter.h"
#include "collector/store/layout.h"
#include "collector/support/result.h"

namespace sockwatch::store {

inline constexpr char kPackedTable[] = "connection_packed";
// Key of table `trace`: "CHANGE_COUNTER ROWS".
inline constexpr char kPackedKey[] = "connection_packed";
inline constexpr std::int64_t kPackedBlock = 4096;  // rows
const std::string& create_packed_sql();

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

// The `rows` rows of it, as they started. `each` returns false to stop early; the block is
// valid for the call.
Status read_packed_copy(const Database& database, const Layout& layout, std::int64_t rows,
                        const std::function<bool(Block&)>& each);
// The same to each of `see`, each in a thread of its own (block_threads.h); rows that are not
// `wanted` are not chosen.
Status show_packed_copy(const Database& database, const Layout& layout, std::int64_t rows,
                        std::optional<BlockTest> wanted, const BlockThreads::Prepare& prepare,
                        const std::vector<BlockThreads::See>& see);

}  // namespace sockwatch::store
