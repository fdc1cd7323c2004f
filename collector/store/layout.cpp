#include "collector/store/layout.h"

#include <fmt/format.h>

#include <algorithm>

#include "collector/store/packed_copy.h"
#include "collector/store/writer.h"
#include "sockwatch_version.h"

// table_list is what SQLite made of the schema; the type written in sqlite_schema may lie.
static_assert(SQLITE_VERSION_NUMBER >= 3037000, "PRAGMA table_list needs SQLite 3.37");

namespace sockwatch::store {
namespace {

Error foreign_table(const Database& database, const char* table, std::string_view what) {
  return {
      fmt::format("'{}' is not a trace that sockwatch wrote: {} {}", database.shown(), table, what),
      "do not trust it; ask where it came from"};
}

Result<int> version_of(const Database& database) {
  const Result<std::int64_t> id = database.number("PRAGMA application_id");
  if (!id) return id.error();
  if (*id != kApplicationId) return not_a_trace(database.shown());
  const Result<std::int64_t> version = database.number("PRAGMA user_version");
  if (!version) return version.error();
  if (*version < 1) return damaged(database.shown(), "it has no schema version");
  // It stands in two places, for SQLite's tools and for people; the newer one counts.
  const Result<std::int64_t> told = database.number(
      "SELECT coalesce((SELECT CASE WHEN CAST(value AS INTEGER) > 0 AND CAST(value AS TEXT) = "
      "CAST(CAST(value AS INTEGER) AS TEXT) THEN CAST(value AS INTEGER) ELSE -1 END "
      "FROM main.trace WHERE key = 'schema_version'), 0)");
  if (told && *told < 0) return damaged(database.shown(), "its schema version is no number");
  const std::int64_t newest = told ? std::max(*version, *told) : *version;
  if (newest > kSchemaVersion) {
    return Error{fmt::format("trace '{}' has schema version {}, this sockwatch ({}) knows versions "
                             "up to {}: it was recorded by a newer sockwatch",
                             database.shown(), newest, kVersion, kSchemaVersion),
                 "install a sockwatch at least as new as the one that recorded it"};
  }
  return static_cast<int>(*version);
}

// Asks what is what, one table after the other: preparing a question takes longer than the answer.
class Inspection {
 public:
  static Result<Inspection> begin(const Database& database) {
    Result<Statement> kind = database.prepare(
        "SELECT type FROM pragma_table_list(?1) WHERE schema = 'main' AND name = ?1 COLLATE "
        "NOCASE");
    if (!kind) return kind.error();
    Result<Statement> columns =
        database.prepare("SELECT lower(name), hidden FROM pragma_table_xinfo(?1)");
    if (!columns) return columns.error();
    return Inspection(database, std::move(*kind), std::move(*columns));
  }

  Status check_is_table(const char* table) {
    const int code = ask(kind_, table);
    if (code == SQLITE_DONE)
      return damaged(database_->shown(), fmt::format("it has no table {}", table));
    if (code != SQLITE_ROW) return database_->error();
    std::string type;
    if (!read_cell(kind_.get(), 0, type) || type != "table") {
      return foreign_table(*database_, table, fmt::format("is a {} in it, not a table", type));
    }
    return {};
  }

  Result<std::set<std::string>> columns_in_file(const char* table) {
    std::set<std::string> names;
    int code = ask(columns_, table);
    for (; code == SQLITE_ROW; code = sqlite3_step(columns_.get())) {
      if (sqlite3_column_int(columns_.get(), 1) != 0) {
        return foreign_table(*database_, table, "has computed columns in it");
      }
      std::string name;
      if (read_cell(columns_.get(), 0, name)) names.insert(std::move(name));
    }
    if (code != SQLITE_DONE) return database_->error();
    return names;
  }

 private:
  Inspection(const Database& database, Statement kind, Statement columns)
      : database_(&database), kind_(std::move(kind)), columns_(std::move(columns)) {}

  static int ask(const Statement& statement, const char* table) {
    sqlite3_reset(statement.get());
    sqlite3_bind_text(statement.get(), 1, table, -1, SQLITE_STATIC);
    return sqlite3_step(statement.get());
  }

  const Database* database_;
  Statement kind_;
  Statement columns_;
};

}  // namespace

Result<Layout> inspect(const Database& database) {
  const Result<int> version = version_of(database);
  if (!version) return version.error();
  Layout layout{*version};
  Result<Inspection> inspection = Inspection::begin(database);
  if (!inspection) return inspection.error();
  for (const TableShape& table : all_tables()) {
    if (table.since() > layout.version) continue;
    if (Status status = inspection->check_is_table(table.name); !status) return status.error();
    Result<std::set<std::string>> names = inspection->columns_in_file(table.name);
    if (!names) return names.error();
    for (const ColumnShape& column : table.columns) {
      if (column.since <= layout.version && !names->contains(column.name)) {
        return damaged(database.shown(),
                       fmt::format("table {} has no column {}", table.name, column.name));
      }
    }
    layout.columns[table.name] = std::move(*names);
  }
  return layout;
}

Result<bool> check_own(const Database& database) {
  const Result<std::int64_t> id = database.number("PRAGMA application_id");
  if (!id) return id.error();
  if (*id == 0) {
    const Result<std::int64_t> objects = database.number("SELECT count(*) FROM sqlite_schema");
    if (!objects) return objects.error();
    if (*objects == 0) return false;
  }
  const Result<int> version = version_of(database);
  if (!version) return version.error();
  if (*version < kSchemaVersion) {
    return Error{fmt::format("trace '{}' was begun by an older sockwatch (schema version {}, this "
                             "one writes {})",
                             database.shown(), *version, kSchemaVersion),
                 "it can be read as it is; record into a new file with -o FILE"};
  }
  std::set<std::string> expected;
  for (const TableShape& table : all_tables()) expected.insert(create_table_sql(table));
  Result<Statement> statement = database.prepare(
      "SELECT sql, name FROM sqlite_schema WHERE sql IS NOT NULL AND name <> 'sqlite_stat1'");
  if (!statement) return statement.error();
  int code = SQLITE_ROW;
  while ((code = sqlite3_step(statement->get())) == SQLITE_ROW) {
    std::string sql;
    std::string name;
    const bool readable =
        read_cell(statement->get(), 0, sql) && read_cell(statement->get(), 1, name);
    const auto& indexes = index_sql();
    if (!readable || (expected.erase(sql) == 0 && sql != create_packed_sql() &&
                      std::find(indexes.begin(), indexes.end(), sql) == indexes.end())) {
      return foreign_table(database, name.c_str(), "was added to it or changed in it");
    }
  }
  if (code != SQLITE_DONE) return database.error();
  if (!expected.empty()) return damaged(database.shown(), "tables are missing in it");
  return true;
}

Selection select_columns(const TableShape& table, const Layout& layout) {
  Selection selection;
  const auto found = layout.columns.find(table.name);
  for (const ColumnShape& column : table.columns) {
    const bool present = found != layout.columns.end() && found->second.contains(column.name);
    selection.list +=
        fmt::format("{}{}{}", selection.list.empty() ? "" : ", ",
                    present ? fmt::format("{}.", table.name) : "", present ? column.name : "NULL");
    selection.present.push_back(present);
  }
  return selection;
}

}  // namespace sockwatch::store
