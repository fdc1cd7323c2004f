#include "collector/store/writer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <tuple>
#include <utility>

#include "collector/store/database.h"
#include "collector/store/finish_trace.h"
#include "collector/store/layout.h"
#include "collector/store/packed_copy.h"
#include "collector/store/reserve.h"
#include "collector/store/schema.h"
#include "collector/store/trace_file.h"
#include "sockwatch_version.h"

namespace sockwatch::store {
namespace {

template <typename Row>
struct Insert {
  Statement statement;
};

// Before WAL is switched on, so that the schema is in the file itself: a trace whose -wal was left
// behind in a copy is short of rows, but still a trace. The page is large enough to hold all of the
// schema: the rest of it would lie at the end of the file, and be the first that a cut takes away.
Status create_schema(const Database& database) {
  // Nothing to protect yet, and a sync costs milliseconds.
  std::string sql = fmt::format(
      "PRAGMA synchronous = OFF; PRAGMA page_size = 8192; BEGIN; PRAGMA application_id = {}; "
      "PRAGMA user_version = {};",
      kApplicationId, kSchemaVersion);
  for (const TableShape& table : all_tables()) sql += create_table_sql(table) + ";";
  sql += fmt::format(
      "INSERT INTO trace VALUES ('schema_version', '{}'), ('sockwatch_version', '{}'); COMMIT;",
      kSchemaVersion, kVersion);
  return database.run(sql);
}

// synchronous = NORMAL: no fsync per commit; a kill loses nothing, a power cut at most the last
// commits. Checkpoints copy each changed page once however often its rows were replaced, so fewer
// of them are cheaper; 16 MiB of log bound what lies beside the file.
Status start_log(const Database& database, const std::string& shown) {
  if (Status status = database.run("PRAGMA cache_size = -16384;"
                                   "PRAGMA journal_size_limit = 33554432;");
      !status) {
    return status;
  }
  // Switching to the log syncs as often as it may, and so would the first commit: it begins the
  // log.
  if (Status status = database.run("PRAGMA synchronous = OFF"); !status) return status;
  const Result<std::string> mode = database.text("PRAGMA journal_mode = WAL");
  if (!mode) return mode.error();
  if (*mode != "wal") {
    return Error{fmt::format("cannot record into '{}': its file system lacks the shared memory "
                             "SQLite needs for a write-ahead log",
                             shown),
                 "choose a place on a local disk with -o FILE"};
  }
  return database.run("PRAGMA wal_autocheckpoint = 2048");
}

// Rows are added and perhaps replaced under the same number, never removed. A table keyed by "id"
// has it as its rowid.
bool only_grows(const TableShape& shape) {
  return std::string_view(shape.key) == "id" || std::string_view(shape.name) == "call";
}

// A recording that came to its end but not to a finished trace, for want of room say, goes on. If
// there is still no room the words stay, and are true.
void forget_end(const Database& database) {
  (void)database.run("DELETE FROM trace WHERE key IN ('ended', 'store_error')");
}

Error finished_already(const std::string& shown) {
  return {fmt::format("the recording of '{}' is finished, nothing can be added to it", shown),
          "record into a new file with -o FILE"};
}

}  // namespace

struct Writer::State {
  Database database;
  RecordingLock lock;  // released after the database is closed: see ~State
  Layout layout = {};
  std::tuple<Insert<TraceRow>, Insert<ProcessRow>, Insert<ConnectionRow>, Insert<ResolutionRow>,
             Insert<WaitRow>, Insert<CallRow>, Insert<LossRow>, Insert<PositionRow>,
             Insert<ListenerRow>, Insert<FailedCallRow>>
      inserts = {};
  Statement remove_loss = {};
  Reserve reserve = {};
  std::optional<Error> doomed = {};
  std::optional<std::int64_t> packed_rows = {};
  bool closed = false;
  bool complete_elsewhere = false;
  bool log_begun = false;  // by a commit of ours

  State(Database&& opened, RecordingLock&& held)
      : database(std::move(opened)), lock(std::move(held)) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { close(); }

  bool in_transaction() const { return sqlite3_get_autocommit(database.get()) == 0; }

  // SQLite undoes the transaction by itself on some errors (disk full), not on others.
  Error undo(Error error) {
    if (in_transaction()) (void)database.run("ROLLBACK");
    return error;
  }

  Error doom(Error error) {
    doomed = undo(std::move(error));
    return *doomed;
  }

  Status begin() {
    if (closed) return finished_already(database.shown());
    if (doomed) return *doomed;
    if (in_transaction()) return {};
    if (Status status = database.run("BEGIN IMMEDIATE"); !status) return doom(status.error());
    return {};
  }

  // Steps a statement whose values are bound (`code`: how that went).
  Status step(const Statement& statement, int code) {
    if (code == SQLITE_OK) code = sqlite3_step(statement.get());
    if (code == SQLITE_DONE) {
      sqlite3_reset(statement.get());
      return {};
    }
    const Error error = database.error();
    sqlite3_reset(statement.get());
    return doom(error);
  }

  template <typename Row>
  Status put(const Row& row) {
    if (Status status = begin(); !status) return status;
    Statement& statement = std::get<Insert<Row>>(inserts).statement;
    if (!statement) {
      Result<Statement> prepared = database.prepare(insert_sql(shape_of<Row>()));
      if (!prepared) return doom(prepared.error());
      statement = std::move(*prepared);
    }
    return step(statement, bind_row(statement.get(), row));
  }

  Status put_loss(const LossRow& row) {
    if (Status status = begin(); !status) return status;
    if (!remove_loss) {
      Result<Statement> prepared =
          database.prepare("DELETE FROM loss WHERE process_id IS ?1 AND cause = ?2");
      if (!prepared) return doom(prepared.error());
      remove_loss = std::move(*prepared);
    }
    int code = bind_cell(remove_loss.get(), 1, row.process_id);
    if (code == SQLITE_OK) code = bind_cell(remove_loss.get(), 2, row.cause);
    if (Status status = step(remove_loss, code); !status) return status;
    return put(row);
  }

  Status commit() {
    if (closed) return finished_already(database.shown());
    if (doomed) return *std::exchange(doomed, std::nullopt);
    if (!in_transaction()) return {};
    if (Status status = database.run("COMMIT"); !status) return undo(status.error());
    if (!std::exchange(log_begun, true)) (void)database.run("PRAGMA synchronous = NORMAL");
    return {};
  }

  // For us all of it is still there: it is copied to where it belongs.
  Status put_back() {
    const Result<PutBack> copy = copy_to_its_place(database);
    if (!copy) return copy.error();
    close();
    complete_elsewhere = copy->taken;
    if (!copy->taken) return sync_file(copy->place, database.shown());
    return Error{fmt::format("trace '{}' was replaced by another file while it was being recorded",
                             database.shown()),
                 fmt::format("the recording is in '{}'", copy->place)};
  }

  template <typename Row>
  Result<std::vector<Row>> rows(std::string_view tail) const {
    if (closed) return finished_already(database.shown());
    return all_rows<Row>(database, layout, tail);
  }

  void close() {
    if (closed) return;
    closed = true;
    inserts = {};
    remove_loss = {};
    database.close();
    lock = RecordingLock();
  }
};

Result<Writer> Writer::open(const std::string& path, OpenMode mode) {
  const OpeningTurn turn(path);
  const Result<WritePlace> place = place_to_write(path, mode);
  if (!place) return place.error();
  const auto prepare = [&]() -> Result<Writer> {
    Result<Database> database = Database::open(place->path, path, Access::write);
    if (!database) return database.error();
    const Result<bool> has_schema = check_own(*database);
    if (!has_schema) return has_schema.error();
    if (!*has_schema) {
      if (Status status = create_schema(*database); !status) return status.error();
    }
    const Result<std::int64_t> finished =
        database->number(fmt::format("SELECT count(*) FROM trace WHERE key = '{}'", kFinishedKey));
    if (!finished) return finished.error();
    if (*finished != 0) {
      // Whoever finished it may have died before its last step.
      if (mode == OpenMode::resume) (void)database->run("PRAGMA journal_mode = DELETE");
      return finished_already(path);
    }
    if (Status status = start_log(*database, path); !status) return status.error();
    // Reads the trace, which creates the log the lock is on.
    Result<Layout> layout = inspect(*database);
    if (!layout) return layout.error();
    Result<RecordingLock> lock = RecordingLock::take(place->path, path);
    if (!lock) return lock.error();
    if (mode == OpenMode::resume) forget_end(*database);
    auto state = std::make_unique<State>(std::move(*database), std::move(*lock));
    state->layout = std::move(*layout);
    state->reserve = Reserve::beside(place->path);
    return Writer(std::move(state));
  };
  Result<Writer> writer = prepare();
  if (!writer && place->created) remove_trace(place->path);
  return writer;
}

Writer::Writer(std::unique_ptr<State> state) : state_(std::move(state)) {}
Writer::~Writer() = default;
Writer::Writer(Writer&&) noexcept = default;
Writer& Writer::operator=(Writer&&) noexcept = default;

Status Writer::set(std::string_view key, std::string_view value) {
  if (key == kFinishedKey) {
    return state_->doom({fmt::format("only finish() writes the key '{}' of a trace", key), ""});
  }
  return state_->put(TraceRow{std::string(key), std::string(value)});
}
Status Writer::put(const ProcessRow& row) { return state_->put(row); }
Status Writer::put(const ConnectionRow& row) { return state_->put(row); }
Status Writer::put(const ResolutionRow& row) { return state_->put(row); }
Status Writer::put(const WaitRow& row) { return state_->put(row); }
Status Writer::put(const CallRow& row) { return state_->put(row); }
Status Writer::put(const LossRow& row) { return state_->put_loss(row); }
Status Writer::put(const ListenerRow& row) { return state_->put(row); }
Status Writer::put(const FailedCallRow& row) { return state_->put(row); }
Status Writer::put(const PositionRow& row) { return state_->put(row); }

Status Writer::commit() { return state_->commit(); }

void Writer::make_last_room() {
  state_->reserve.give_back();
  if (!state_->closed) (void)state_->database.run("PRAGMA wal_checkpoint(TRUNCATE)");
}

Status Writer::finish(std::int64_t pack_from) {
  State& state = *state_;
  state.reserve.give_back();
  if (Status status = state.commit(); !status) return status;
  if (Status status = seal(state.database); !status) return state.undo(status.error());
  if (has_moved(state.database)) return state.put_back();
  // Whatever becomes of it, the trace is complete.
  if (!state.packed_rows) {
    state.packed_rows = make_packed_copy(state.database, state.layout, pack_from);
  }
  // Statistics for the viewer's queries; a trace without them is as good, only slower to ask.
  (void)state.database.run("PRAGMA analysis_limit = 1000; PRAGMA optimize;");
  // The statements of the rows are open handles to the log as well.
  state.inserts = {};
  state.remove_loss = {};
  // SQLite would sync each step of this; once at the end is as good.
  if (Status status = state.database.run("PRAGMA synchronous = OFF"); !status) return status;
  if (Status status = leave_log(state.database); !status) return status;
  if (state.packed_rows) {
    (void)vouch_for_packed_copy(state.database, *state.packed_rows);
  }
  const std::string path = sqlite3_db_filename(state.database.get(), "main");
  state.close();
  if (Status status = look_again(path, state.database.shown()); !status) return status;
  return sync_file(path, state.database.shown());
}

bool Writer::is_complete_elsewhere() const { return state_->complete_elsewhere; }

Result<std::vector<PositionRow>> Writer::positions() const {
  return state_->rows<PositionRow>("ORDER BY segment, slot");
}

Result<std::vector<ProcessRow>> Writer::processes() const {
  return state_->rows<ProcessRow>("ORDER BY id");
}

Result<std::vector<ConnectionRow>> Writer::unfinished_connections() const {
  return state_->rows<ConnectionRow>(
      "WHERE outcome = 'pending' OR (outcome = 'connected' AND closed_ns IS NULL) ORDER BY id");
}

Result<std::int64_t> Writer::largest_id(std::string_view table) const {
  if (state_->closed) return finished_already(state_->database.shown());
  for (const TableShape& shape : all_tables()) {
    if (table != shape.name || std::string_view(shape.key) != "id") continue;
    return state_->database.number(fmt::format("SELECT coalesce(max(id), 0) FROM {}", shape.name));
  }
  return Error{fmt::format("table '{}' of a trace has no ids", table), ""};
}

Result<Writer::Marks> Writer::marks() const {
  if (state_->closed) return finished_already(state_->database.shown());
  Marks marks;
  for (const TableShape& shape : all_tables()) {
    if (!only_grows(shape)) continue;
    const Result<std::int64_t> last =
        state_->database.number(fmt::format("SELECT coalesce(max(rowid), 0) FROM {}", shape.name));
    if (!last) return last.error();
    marks[shape.name] = *last;
  }
  return marks;
}

Status Writer::roll_back(const Marks& marks, const std::vector<std::int64_t>& processes) {
  if (Status status = state_->begin(); !status) {
    state_->doomed.reset();
    return status;
  }
  std::string sql;
  std::int64_t last_process = 0;
  for (const TableShape& shape : all_tables()) {
    const auto mark = marks.find(shape.name);
    if (!only_grows(shape) || mark == marks.end()) continue;
    sql += fmt::format("DELETE FROM {} WHERE rowid > {};", shape.name, mark->second);
    if (mark->first == Table<ProcessRow>::kName) last_process = mark->second;
  }
  sql += fmt::format("DELETE FROM loss WHERE process_id > {} OR process_id IN ({})", last_process,
                     fmt::join(processes, ", "));
  if (Status status = state_->database.run(sql); !status) return state_->undo(status.error());
  return commit();
}

}  // namespace sockwatch::store
