#include "collector/store/packed_copy.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <array>
#include <charconv>
#include <utility>

#include "collector/store/block_maker.h"
#include "collector/store/cells.h"

namespace sockwatch::store {
namespace {

constexpr int kBlocksPerCommit = 16;

// Bytes 24 to 27 of the file, most significant first. Every transaction outside of WAL mode raises
// it.
std::optional<std::int64_t> change_counter(const Database& database) {
  sqlite3_file* file = nullptr;
  std::array<unsigned char, 4> bytes{};
  if (sqlite3_file_control(database.get(), "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK ||
      file == nullptr || file->pMethods == nullptr ||
      file->pMethods->xRead(file, bytes.data(), static_cast<int>(bytes.size()), 24) != SQLITE_OK) {
    return std::nullopt;
  }
  std::uint32_t counter = 0;
  for (const unsigned char byte : bytes) counter = counter << 8 | byte;
  return counter;
}

std::string vouched(std::int64_t counter, std::int64_t rows) {
  return fmt::format("{} {}", counter, rows);
}

// A copy needs less than half of what the trace itself does; on its way it stands in the log too.
bool has_room_for_copy(const Database& database) {
  const char* path = sqlite3_db_filename(database.get(), "main");
  struct stat file {};
  struct statvfs system {};
  if (path == nullptr || ::stat(path, &file) != 0 || ::statvfs(path, &system) != 0) return false;
  const auto free = static_cast<std::uint64_t>(system.f_bavail) * system.f_frsize;
  return free / 2 > static_cast<std::uint64_t>(file.st_size);
}

// Some blocks are one transaction.
Status store_block(const Database& database, const Statement& insert, std::int64_t first,
                   const BlockMaker::Made& made) {
  if (sqlite3_get_autocommit(database.get()) != 0) {
    if (Status begun = database.run("BEGIN IMMEDIATE"); !begun) return begun;
  }
  bind_cell(insert.get(), 1, first);
  bind_cell(insert.get(), 2, made.rows);
  sqlite3_bind_blob64(insert.get(), 3, made.bytes.data(), made.bytes.size(), SQLITE_STATIC);
  const int code = sqlite3_step(insert.get());
  if (code != SQLITE_DONE) return database.error();
  sqlite3_reset(insert.get());
  const bool full = (first / kPackedBlock) % kBlocksPerCommit == kBlocksPerCommit - 1;
  return full ? database.run("COMMIT") : Status();
}

Result<std::int64_t> pack_all(const Database& database, const Layout& layout) {
  const std::string create =
      fmt::format("DROP TABLE IF EXISTS {}; {}", kPackedTable, create_packed_sql());
  if (Status made = database.run(create); !made) return made.error();
  Result<Statement> insert =
      database.prepare(fmt::format("INSERT INTO {} VALUES (?1, ?2, ?3)", kPackedTable));
  if (!insert) return insert.error();
  std::int64_t packed = 0;
  const BlockMaker maker(database, layout, kPackedBlock);
  Status made = maker.make_all([&](const BlockMaker::Made& block) {
    Status stored = store_block(database, *insert, packed, block);
    packed += block.rows;
    return stored;
  });
  if (!made) return made.error();
  if (sqlite3_get_autocommit(database.get()) == 0) {
    if (Status stored = database.run("COMMIT"); !stored) return stored.error();
  }
  return packed;
}

Error wrong(const Database& database) {
  return damaged(database.shown(),
                 fmt::format("table {} holds what sockwatch never writes there", kPackedTable));
}

enum class Next { go_on, stop, wrong };

// The bytes of blocks, read straight to where they are wanted: they are long, and a statement would
// copy them once more.
class BlockBytes {
 public:
  explicit BlockBytes(const Database& database) : database_(database) {}
  ~BlockBytes() { sqlite3_blob_close(blob_); }
  BlockBytes(const BlockBytes&) = delete;
  BlockBytes& operator=(const BlockBytes&) = delete;

  bool read(std::int64_t rowid, std::string& bytes) {
    const int code = blob_ == nullptr ? sqlite3_blob_open(database_.get(), "main", kPackedTable,
                                                          "block", rowid, 0, &blob_)
                                      : sqlite3_blob_reopen(blob_, rowid);
    if (code != SQLITE_OK) return false;
    const int size = sqlite3_blob_bytes(blob_);
    bytes.resize(static_cast<std::size_t>(size));
    return sqlite3_blob_read(blob_, bytes.data(), size, 0) == SQLITE_OK;
  }

 private:
  const Database& database_;
  sqlite3_blob* blob_ = nullptr;
};

// `each(rowid, rows)`.
template <typename Each>
Status for_each_block(const Database& database, std::int64_t rows, Each&& each) {
  Result<Statement> prepared =
      database.prepare(fmt::format("SELECT first, rows FROM {} ORDER BY first", kPackedTable));
  if (!prepared) return prepared.error();
  sqlite3_stmt* statement = prepared->get();
  int code = SQLITE_ROW;
  while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
    std::int64_t first = 0;
    std::int64_t in_block = 0;
    if (!read_cell(statement, 0, first) || !read_cell(statement, 1, in_block)) {
      return wrong(database);
    }
    if (in_block < 1 || in_block > rows) return wrong(database);
    rows -= in_block;
    const Next next = each(first, in_block);
    if (next == Next::wrong) return wrong(database);
    if (next == Next::stop) return {};
  }
  if (code != SQLITE_DONE) return database.error();
  if (rows != 0) return wrong(database);
  return {};
}

}  // namespace

const std::string& create_packed_sql() {
  static const std::string sql = fmt::format(
      "CREATE TABLE {} (\n  first INTEGER PRIMARY KEY,\n  rows INTEGER NOT NULL,\n  block BLOB NOT "
      "NULL\n)",
      kPackedTable);
  return sql;
}

std::optional<std::int64_t> make_packed_copy(const Database& database, const Layout& layout,
                                             std::int64_t from) {
  // The range of ids, and not a count: it is known at once, and no less.
  const Result<std::int64_t> range =
      database.number("SELECT coalesce(max(id) - min(id) + 1, 0) FROM connection");
  if (!range || *range < from || *range == 0 || !has_room_for_copy(database)) return std::nullopt;
  const Result<std::int64_t> rows = pack_all(database, layout);
  if (rows) return *rows;
  if (sqlite3_get_autocommit(database.get()) == 0) (void)database.run("ROLLBACK");
  (void)database.run(fmt::format("DROP TABLE IF EXISTS {}", kPackedTable));
  return std::nullopt;
}

Status vouch_for_packed_copy(const Database& database, std::int64_t rows) {
  const auto counter = change_counter(database);
  if (!counter) return {};
  // This very change is the one after.
  return database.run(fmt::format("INSERT OR REPLACE INTO trace VALUES ('{}', '{}')", kPackedKey,
                                  vouched((*counter + 1) & 0xffffffff, rows)));
}

std::optional<std::int64_t> find_packed_copy(const Database& database) {
  const Result<std::string> said =
      database.text(fmt::format("SELECT value FROM trace WHERE key = '{}'", kPackedKey));
  if (!said || said->empty()) return std::nullopt;
  const auto counter = change_counter(database);
  const std::size_t space = said->find(' ');
  std::int64_t rows = 0;
  if (!counter || space == std::string::npos) return std::nullopt;
  std::from_chars(said->data() + space + 1, said->data() + said->size(), rows);
  if (rows <= 0 || *said != vouched(*counter, rows)) return std::nullopt;
  // As sockwatch made it: no view, no computed column.
  const Result<std::int64_t> tables = database.number(
      fmt::format("SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND type = 'table' "
                  "AND name = '{}'",
                  kPackedTable));
  const Result<std::int64_t> computed = database.number(
      fmt::format("SELECT count(*) FROM pragma_table_xinfo('{}') WHERE hidden <> 0", kPackedTable));
  if (!tables || *tables != 1 || !computed || *computed != 0) return std::nullopt;
  return rows;
}

Status read_packed_copy(const Database& database, const Layout& layout, std::int64_t rows,
                        const std::function<bool(Block&)>& each) {
  Block block(layout.version);
  BlockBytes source(database);
  std::string bytes;
  return for_each_block(database, rows, [&](std::int64_t rowid, std::int64_t in_block) {
    if (!source.read(rowid, bytes) || !block.open(bytes, in_block)) return Next::wrong;
    return each(block) ? Next::go_on : Next::stop;
  });
}

Status show_packed_copy(const Database& database, const Layout& layout, std::int64_t rows,
                        std::optional<BlockTest> wanted, const BlockThreads::Prepare& prepare,
                        const std::vector<BlockThreads::See>& see) {
  BlockThreads threads(layout.version, std::move(wanted), prepare, see);
  BlockBytes source(database);
  Status read = for_each_block(database, rows, [&](std::int64_t rowid, std::int64_t in_block) {
    const auto fill = [&](std::string& bytes) { return source.read(rowid, bytes); };
    return threads.add(fill, in_block) ? Next::go_on : Next::wrong;
  });
  if (!threads.finish() && read) return wrong(database);
  return read;
}

}  // namespace sockwatch::store
