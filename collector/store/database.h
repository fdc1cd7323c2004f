// SQLite with owners and with errors a person can act on. Private to this folder.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "collector/support/result.h"

namespace sockwatch::store {

// Largest text in a trace; the kernel's limit for a whole command line is 6 MiB.
inline constexpr int kMaxValueBytes = 16 << 20;

class Statement {
 public:
  Statement() = default;
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
  sqlite3_stmt* get() const { return statement_.get(); }
  explicit operator bool() const { return statement_ != nullptr; }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

enum class Access {
  read,            // never writes, not even to the journal files where it can be avoided
  read_immutable,  // the same, and nobody else writes: no locks, no files beside it
  write,           // an existing file, not through a symbolic link
};

// A handle that distrusts its file: no views, triggers, extensions, nor functions named by the
// schema; no memory mapping (a file cut short under a mapping is a SIGBUS); bounded sizes.
class Database {
 public:
  // `path` must be absolute, without symbolic links in its directory part; `shown` is the name
  // people know it by. The first query finds out whether it is an SQLite file at all.
  static Result<Database> open(const std::string& path, const std::string& shown, Access access);

  sqlite3* get() const { return handle_.get(); }
  const std::string& shown() const { return shown_; }

  Result<Statement> prepare(std::string_view sql) const;
  Status run(const std::string& sql) const;                 // one or more statements
  Result<std::int64_t> number(std::string_view sql) const;  // first cell; 0 without a row
  Result<std::string> text(std::string_view sql) const;     // first cell; "" without a row
  Error error() const;                                      // what the last call failed with
  void close() { handle_.reset(); }

 private:
  struct Close {
    void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
  };
  std::unique_ptr<sqlite3, Close> handle_;
  std::string shown_;
  bool writes_ = false;
};

Error not_a_trace(const std::string& path);
Error damaged(const std::string& path, std::string_view detail = {});

}  // namespace sockwatch::store
