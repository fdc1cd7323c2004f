#include "collector/store/reader.h"

#include <utility>
#include <variant>

#include "collector/store/database.h"
#include "collector/store/filter.h"
#include "collector/store/layout.h"
#include "collector/store/packed_copy.h"
#include "collector/store/pseudonyms.h"
#include "collector/store/trace_file.h"

namespace sockwatch::store {
namespace {

int bind_condition(sqlite3_stmt* statement, const Condition& condition) {
  int place = 0;
  int code = SQLITE_OK;
  for (const auto& value : condition.values) {
    ++place;
    code = std::visit([&](const auto& held) { return bind_cell(statement, place, held); }, value);
    if (code != SQLITE_OK) return code;
  }
  return code;
}

// SQLite takes the missing end of a last page for zeros, which would be rows that never were.
Status check_size(const Database& database, const ReadPlace& place) {
  const Result<std::int64_t> pages = database.number("PRAGMA page_count");
  if (!pages) return pages.error();
  const Result<std::int64_t> page_size = database.number("PRAGMA page_size");
  if (!page_size) return page_size.error();
  if (place.size < *pages * *page_size) return damaged(database.shown());
  return {};
}

int bind_id(sqlite3_stmt* statement, std::int64_t id) { return bind_cell(statement, 1, id); }

}  // namespace

struct Reader::State {
  FileIdentity file;
  Database database;
  Layout layout;
  std::optional<Pseudonyms> pseudonyms;

  template <typename Row>
  void redact(Row& row) {
    if (pseudonyms) pseudonyms->apply(row);
  }
  template <typename Row>
  Result<std::vector<Row>> redacted(Result<std::vector<Row>> rows) {
    if (rows) {
      for (Row& row : *rows) redact(row);
    }
    return rows;
  }
  std::optional<std::int64_t> packed_rows;
};

Result<Reader> Reader::open(const std::string& path) {
  const Result<ReadPlace> place = place_to_read(path);
  if (!place) return place.error();
  Result<Database> database =
      Database::open(place->path, path, place->alone ? Access::read_immutable : Access::read);
  if (!database) return database.error();
  // One transaction for the whole life of the reader: rows of different tables fit together.
  if (Status status = database->run("BEGIN"); !status) return status.error();
  Result<Layout> layout = inspect(*database);
  if (!layout) return layout.error();
  if (place->alone) {
    if (Status status = check_size(*database, *place); !status) return status.error();
  }
  // Next to a log the counter in the file says nothing.
  const auto packed_rows = place->alone ? find_packed_copy(*database) : std::nullopt;
  return Reader(std::make_unique<State>(
      State{place->file, std::move(*database), std::move(*layout), {}, packed_rows}));
}

Reader::Reader(std::unique_ptr<State> state) : state_(std::move(state)) {}
Reader::~Reader() = default;
Reader::Reader(Reader&&) noexcept = default;
Reader& Reader::operator=(Reader&&) noexcept = default;

Status Reader::redact() {
  state_->pseudonyms.emplace();
  const auto show_all = [this]() -> Status {
    if (const auto rows = processes(); !rows) return rows.error();
    if (const auto rows = listeners(); !rows) return rows.error();
    if (const auto rows = failed_calls(); !rows) return rows.error();
    if (const auto facts = trace(); !facts) return facts.error();
    if (Status status = connections({}, [](const ConnectionRow&) { return true; }); !status)
      return status;
    return resolutions([](const ResolutionRow&) { return true; });
  };
  if (Status status = show_all(); !status) return status;
  state_->pseudonyms->begin_to_replace();
  return show_all();
}

std::string Reader::original(const std::string& shown) const {
  return state_->pseudonyms ? state_->pseudonyms->original(shown) : shown;
}
bool Reader::is_packed() const { return state_->packed_rows && !state_->pseudonyms; }

std::optional<Reader> Reader::twin() const {
  if (!is_packed()) return std::nullopt;
  Result<Reader> other = open(state_->database.shown());
  if (!other || other->state_->file != state_->file ||
      other->state_->packed_rows != state_->packed_rows) {
    return std::nullopt;
  }
  return std::move(*other);
}

Result<std::map<std::string, std::string>> Reader::trace() const {
  Result<std::vector<TraceRow>> rows = all_rows<TraceRow>(state_->database, state_->layout, "");
  if (!rows) return rows.error();
  std::map<std::string, std::string> values;
  for (TraceRow& row : *rows) values.insert_or_assign(std::move(row.key), std::move(row.value));
  state_->redact(values);
  values.erase(kPackedKey);  // of the file, not of the recording
  return values;
}

Result<std::vector<ProcessRow>> Reader::processes() const {
  return state_->redacted(all_rows<ProcessRow>(state_->database, state_->layout, "ORDER BY id"));
}

Result<std::vector<LossRow>> Reader::losses() const {
  return all_rows<LossRow>(state_->database, state_->layout, "ORDER BY process_id, cause");
}

Result<bool> Reader::occurs(const std::string& word) const {
  bool found = false;
  const Status status = for_each_row<ConnectionRow>(
      state_->database, state_->layout, "WHERE outcome = ?1 OR ending = ?1 LIMIT 1",
      [&](sqlite3_stmt* statement) { return bind_cell(statement, 1, word); },
      [&](const ConnectionRow&) {
        found = true;
        return false;
      });
  if (!status) return status.error();
  return found;
}

Status Reader::connections(const Filter& filter,
                           const std::function<bool(const ConnectionRow&)>& each) const {
  const auto occurs = [this](const std::string& word) { return this->occurs(word); };
  if (is_packed()) {
    const auto all_processes = processes();
    if (!all_processes) return all_processes.error();
    Result<BlockTest> wanted = BlockTest::of(filter, occurs, *all_processes);
    if (!wanted) return wanted.error();
    return read_packed_copy(state_->database, state_->layout, *state_->packed_rows,
                            [&](Block& block) {
                              wanted->begin(block);
                              BlockRows rows(block);
                              for (std::size_t i = 0; i < block.rows(); ++i) {
                                if ((*wanted)(i) && !each(rows[i])) return false;
                              }
                              return true;
                            });
  }
  const Result<Condition> condition = condition_of(filter, occurs);
  if (!condition) return condition.error();
  return for_each_row<ConnectionRow>(
      state_->database, state_->layout, condition->where + " ORDER BY started_ns, id",
      [&](sqlite3_stmt* statement) { return bind_condition(statement, *condition); },
      [&](ConnectionRow& row) {
        state_->redact(row);
        return each(row);
      });
}

Status Reader::untyped_blocks(const Filter& filter,
                              const std::function<std::shared_ptr<void>(Block&)>& prepare,
                              const std::vector<std::function<void(void*)>>& see) const {
  const auto all_processes = processes();
  if (!all_processes) return all_processes.error();
  Result<BlockTest> wanted = BlockTest::of(
      filter, [this](const std::string& word) { return occurs(word); }, *all_processes);
  if (!wanted) return wanted.error();
  if (!is_packed() || see.empty()) return {};
  return show_packed_copy(state_->database, state_->layout, *state_->packed_rows,
                          wanted->is_any() ? std::nullopt : std::optional(std::move(*wanted)),
                          prepare, see);
}

Result<std::optional<ConnectionRow>> Reader::connection(std::int64_t id) const {
  std::optional<ConnectionRow> found;
  const Status status = for_each_row<ConnectionRow>(
      state_->database, state_->layout, "WHERE id = ?1",
      [&](sqlite3_stmt* statement) { return bind_id(statement, id); },
      [&](ConnectionRow& row) {
        state_->redact(row);
        found = std::move(row);
        return false;
      });
  if (!status) return status.error();
  return found;
}

Status Reader::resolutions(const std::function<bool(const ResolutionRow&)>& each) const {
  return for_each_row<ResolutionRow>(
      state_->database, state_->layout, "ORDER BY started_ns, id",
      [](sqlite3_stmt*) { return SQLITE_OK; },
      [&](ResolutionRow& row) {
        state_->redact(row);
        return each(row);
      });
}

Result<std::vector<ListenerRow>> Reader::listeners() const {
  return state_->redacted(all_rows<ListenerRow>(state_->database, state_->layout, "ORDER BY id"));
}

Result<std::vector<FailedCallRow>> Reader::failed_calls() const {
  return state_->redacted(all_rows<FailedCallRow>(state_->database, state_->layout, "ORDER BY id"));
}

Result<std::vector<WaitRow>> Reader::waits(std::int64_t connection_id) const {
  std::vector<WaitRow> rows;
  const Status status = for_each_row<WaitRow>(
      state_->database, state_->layout, "WHERE connection_id = ?1 ORDER BY started_ns, id",
      [&](sqlite3_stmt* statement) { return bind_id(statement, connection_id); },
      [&](WaitRow& row) {
        rows.push_back(std::move(row));
        return true;
      });
  if (!status) return status.error();
  return rows;
}

}  // namespace sockwatch::store
