#include "collector/store/schema.h"

#include <fmt/format.h>

#include <algorithm>

namespace sockwatch::store {

const std::vector<TableShape>& all_tables() {
  static const std::vector<TableShape> tables = {
      shape_of<TraceRow>(),      shape_of<ProcessRow>(),  shape_of<ConnectionRow>(),
      shape_of<ResolutionRow>(), shape_of<WaitRow>(),     shape_of<CallRow>(),
      shape_of<LossRow>(),       shape_of<PositionRow>(), shape_of<ListenerRow>(),
      shape_of<FailedCallRow>()};
  return tables;
}

int TableShape::since() const {
  const auto oldest =
      std::min_element(columns.begin(), columns.end(),
                       [](const auto& a, const auto& b) { return a.since < b.since; });
  return oldest == columns.end() ? 1 : oldest->since;
}

// One column a line, because people read this with `.schema`.
std::string create_table_sql(const TableShape& table) {
  std::string sql = fmt::format("CREATE TABLE {} (", table.name);
  const char* separator = "\n  ";
  for (const ColumnShape& column : table.columns) {
    sql += fmt::format("{}{} {}", separator, column.name, column.type);
    separator = ",\n  ";
  }
  if (table.key[0] != '\0') {
    sql += fmt::format("{}PRIMARY KEY ({})", separator, table.key);
  }
  return sql + "\n)";
}

std::string insert_sql(const TableShape& table) {
  std::string names;
  std::string places;
  for (const ColumnShape& column : table.columns) {
    names += fmt::format("{}{}", names.empty() ? "" : ", ", column.name);
    places += places.empty() ? "?" : ", ?";
  }
  return fmt::format("INSERT {}INTO {} ({}) VALUES ({})", table.key[0] != '\0' ? "OR REPLACE " : "",
                     table.name, names, places);
}

const std::vector<std::string>& index_sql() {
  static const std::vector<std::string> statements = {
      "CREATE INDEX connection_started ON connection (started_ns)",
      "CREATE INDEX connection_process ON connection (process_id)",
      "CREATE INDEX resolution_started ON resolution (started_ns)",
      "CREATE INDEX wait_connection ON wait (connection_id)",
      "CREATE INDEX call_connection ON call (connection_id)",
  };
  return statements;
}

}  // namespace sockwatch::store
