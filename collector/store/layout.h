// What a file really holds, found out before anything in it is believed. Private to this folder.
#pragma once

#include <fmt/format.h>

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "collector/store/cells.h"
#include "collector/store/database.h"
#include "collector/store/schema.h"
#include "collector/support/result.h"

namespace sockwatch::store {

struct Layout {
  int version = 0;                                            // schema version of the file
  std::map<std::string, std::set<std::string>> columns = {};  // by table; none the version lacks
};

// For reading: a trace of this schema version or an older one, whose tables are tables (not views,
// not virtual) with every column their version must have.
Result<Layout> inspect(const Database& database);

// For going on with a recording: exactly the objects this version of sockwatch creates. An empty
// database (killed before its first commit) is `false`, a good trace `true`.
Result<bool> check_own(const Database& database);

// The columns of a table in file order, NULL in place of those the file is too old to have.
struct Selection {
  std::string list;
  std::vector<bool> present;
};
Selection select_columns(const TableShape& table, const Layout& layout);

// Calls each(row) for the rows of SELECT … FROM table `tail`; false from it stops early.
// `bind` gets the statement to bind what `tail` refers to and returns an SQLite result code.
template <typename Row, typename Bind, typename Each>
Status for_each_row(const Database& database, const Layout& layout, std::string_view tail,
                    Bind&& bind, Each&& each) {
  if (!layout.columns.contains(Table<Row>::kName)) return {};  // older than the table
  const Selection selection = select_columns(shape_of<Row>(), layout);
  Result<Statement> prepared = database.prepare(
      fmt::format("SELECT {} FROM {} {}", selection.list, Table<Row>::kName, tail));
  if (!prepared) return prepared.error();
  sqlite3_stmt* statement = prepared->get();
  if (bind(statement) != SQLITE_OK) return database.error();
  int code = SQLITE_ROW;
  Row row;  // its strings keep their memory from one to the next
  while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
    if (const char* column = read_row(statement, selection.present, row); column != nullptr) {
      return damaged(database.shown(),
                     fmt::format("column {} of table {} holds what sockwatch never writes there",
                                 column, Table<Row>::kName));
    }
    if (!each(row)) return {};
  }
  if (code != SQLITE_DONE) return database.error();
  return {};
}

template <typename Row>
Result<std::vector<Row>> all_rows(const Database& database, const Layout& layout,
                                  std::string_view tail) {
  std::vector<Row> rows;
  const Status status = for_each_row<Row>(
      database, layout, tail, [](sqlite3_stmt*) { return SQLITE_OK; },
      [&](Row& row) {
        rows.push_back(std::move(row));
        return true;
      });
  if (!status) return status.error();
  return rows;
}

}  // namespace sockwatch::store
