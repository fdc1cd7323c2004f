#include "collector/store/block_maker.h"

#include <fmt/format.h>

#include <cstddef>

#include "collector/store/cells.h"
#include "collector/support/beside.h"

namespace sockwatch::store {
// One of these to a thread and a handle.
class BlockMaker::Worker {
 public:
  Worker(const Database& database, const BlockMaker& maker) : database_(database), maker_(maker) {}

  Result<Made> make(const Place& start) {
    const auto bind = [&](sqlite3_stmt* statement) {
      const int code = bind_cell(statement, 1, start.first);
      return code == SQLITE_OK ? bind_cell(statement, 2, start.second) : code;
    };
    Status read = for_each_row<ConnectionRow>(
        database_, maker_.layout_,
        fmt::format("WHERE (started_ns, id) >= (?1, ?2) ORDER BY started_ns, id LIMIT {}",
                    maker_.rows_),
        bind, [&](const ConnectionRow& row) {
          packer_.add(row);
          return true;
        });
    if (!read) return read.error();
    const auto rows = static_cast<std::int64_t>(packer_.rows());
    return Made{packer_.take(), rows};
  }

 private:
  const Database& database_;
  const BlockMaker& maker_;
  Packer packer_;
};

Result<std::vector<BlockMaker::Place>> BlockMaker::find_starts() const {
  // Of the index alone.
  Result<Statement> prepared =
      database_.prepare("SELECT started_ns, id FROM connection ORDER BY started_ns, id");
  if (!prepared) return prepared.error();
  sqlite3_stmt* statement = prepared->get();
  std::vector<Place> starts;
  int code = SQLITE_ROW;
  for (std::int64_t row = 0; (code = sqlite3_step(statement)) == SQLITE_ROW; ++row) {
    if (row % rows_ != 0) continue;
    Place& start = starts.emplace_back();
    if (!read_cell(statement, 0, start.first) || !read_cell(statement, 1, start.second)) {
      return damaged(database_.shown());
    }
  }
  if (code != SQLITE_DONE) return database_.error();
  return starts;
}

Status BlockMaker::make_all(const std::function<Status(const Made&)>& keep) const {
  const Result<std::vector<Place>> starts = find_starts();
  if (!starts) return starts.error();
  const Result<Database> second =
      Database::open(sqlite3_db_filename(database_.get(), "main"), database_.shown(), Access::read);
  Worker here(database_, *this);
  Worker beside(second ? *second : database_, *this);
  // The odd ones are made beside the even ones.
  const auto begin_odd = [&](std::size_t block) {
    return begin_beside(second && block < starts->size(), [&, block]() -> Result<Made> {
      if (block >= starts->size()) return Made{};
      return beside.make((*starts)[block]);
    });
  };
  auto odd = begin_odd(1);
  for (std::size_t block = 0; block < starts->size(); block += 2) {
    const Result<Made> even = here.make((*starts)[block]);
    if (!even) return even.error();
    if (Status kept = keep(*even); !kept) return kept;
    const Result<Made> made = odd.get();
    if (!made) return made.error();
    odd = begin_odd(block + 3);
    if (made->rows == 0) continue;
    if (Status kept = keep(*made); !kept) return kept;
  }
  return {};
}

}  // namespace sockwatch::store
