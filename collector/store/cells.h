// Members of a row ↔ cells of a statement. Private to this folder.
//
// A cell of another type than its column is refused, not converted: SQLite would read the text
// "abc" as the number 0, and a made-up zero is a wrong answer. `false` from read_cell means that.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "collector/store/schema.h"

namespace sockwatch::store {

// Text is bound without a copy: the row must live until the statement was stepped.
inline int bind_cell(sqlite3_stmt* statement, int place, std::int64_t value) {
  return sqlite3_bind_int64(statement, place, value);
}
inline int bind_cell(sqlite3_stmt* statement, int place, const std::string& value) {
  return sqlite3_bind_text64(statement, place, value.data(), value.size(), SQLITE_STATIC,
                             SQLITE_UTF8);
}
template <typename Value>
int bind_cell(sqlite3_stmt* statement, int place, const std::optional<Value>& value) {
  if (!value) return sqlite3_bind_null(statement, place);
  if constexpr (std::is_same_v<Value, bool>) {
    return sqlite3_bind_int(statement, place, *value ? 1 : 0);
  } else {
    return bind_cell(statement, place, *value);
  }
}

// The value of a cell may be asked directly, because every handle is opened without mutexes and
// used by one thread: half the price of the functions of columns.
inline bool read_value(sqlite3_value* cell, std::int64_t& value) {
  if (sqlite3_value_type(cell) != SQLITE_INTEGER) return false;
  value = sqlite3_value_int64(cell);
  return true;
}
inline bool read_value(sqlite3_value* cell, std::string& value) {
  if (sqlite3_value_type(cell) != SQLITE_TEXT) return false;
  const unsigned char* text = sqlite3_value_text(cell);
  if (text == nullptr) return false;  // no memory to convert from UTF-16
  value.assign(reinterpret_cast<const char*>(text),
               static_cast<std::size_t>(sqlite3_value_bytes(cell)));
  return true;
}
inline bool read_value(sqlite3_value* cell, bool& value) {
  std::int64_t number = 0;
  if (!read_value(cell, number) || (number != 0 && number != 1)) return false;
  value = number == 1;
  return true;
}
template <typename Value>
bool read_value(sqlite3_value* cell, std::optional<Value>& value) {
  if (sqlite3_value_type(cell) == SQLITE_NULL) {
    value.reset();
    return true;
  }
  if (!value) value.emplace();
  return read_value(cell, *value);
}

template <typename Value>
bool read_cell(sqlite3_stmt* statement, int place, Value& value) {
  return read_value(sqlite3_column_value(statement, place), value);
}

// Binds every column, in file order. An SQLite result code.
template <typename Row>
int bind_row(sqlite3_stmt* statement, const Row& row) {
  int place = 0;
  int code = SQLITE_OK;
  for_each_column<Row>([&](const auto& column) {
    if (code == SQLITE_OK) code = bind_cell(statement, ++place, row.*(column.member));
  });
  return code;
}

// Reads a row from a statement whose first columns are those of the table, in file order. Members
// whose column the file is too old to have (`present` false) keep their default. Returns the name
// of the first column that holds something it cannot hold, else nullptr.
template <typename Row>
const char* read_row(sqlite3_stmt* statement, const std::vector<bool>& present, Row& row) {
  std::size_t place = 0;
  const char* wrong = nullptr;
  for_each_column<Row>([&](const auto& column) {
    if (wrong == nullptr && present[place] &&
        !read_cell(statement, static_cast<int>(place), row.*(column.member))) {
      wrong = column.name;
    }
    ++place;
  });
  return wrong;
}

}  // namespace sockwatch::store
