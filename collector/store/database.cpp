#include "collector/store/database.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "collector/store/schema.h"
#include "collector/store/writer.h"

namespace sockwatch::store {
namespace {

// How long a lock is waited for. The collector has rings to empty; a viewer has time.
constexpr int kWriterBusyMs = 500;
constexpr int kReaderBusyMs = 2000;

constexpr std::string_view kPlainInUri =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";

constexpr std::array<std::pair<int, int>, 8> kSettings = {{
    {SQLITE_DBCONFIG_DEFENSIVE, 1},
    {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
    {SQLITE_DBCONFIG_ENABLE_VIEW, 0},
    {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
    {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
    {SQLITE_DBCONFIG_WRITABLE_SCHEMA, 0},
    {SQLITE_DBCONFIG_DQS_DDL, 0},
    {SQLITE_DBCONFIG_DQS_DML, 0},
}};

constexpr std::array<std::pair<int, int>, 8> kLimits = {{
    {SQLITE_LIMIT_LENGTH, kMaxValueBytes},
    {SQLITE_LIMIT_SQL_LENGTH, 100'000},
    {SQLITE_LIMIT_COLUMN, 200},
    {SQLITE_LIMIT_EXPR_DEPTH, 100},
    {SQLITE_LIMIT_COMPOUND_SELECT, 10},
    {SQLITE_LIMIT_ATTACHED, 0},
    {SQLITE_LIMIT_TRIGGER_DEPTH, 1},
    {SQLITE_LIMIT_VARIABLE_NUMBER, 200},
}};

// Plain C strings in a URI: everything but the unreserved characters is escaped.
std::string uri_of(const std::string& path, std::string_view query) {
  std::string uri = "file://";
  for (const char character : path) {
    if (kPlainInUri.find(character) != std::string_view::npos) {
      uri += character;
    } else {
      uri += fmt::format("%{:02X}", static_cast<unsigned char>(character));
    }
  }
  return uri.append(query);
}

void distrust(sqlite3* handle, bool writes) {
  for (const auto& [setting, value] : kSettings) {
    sqlite3_db_config(handle, setting, value, nullptr);
  }
  // A reader leaves the files of a crashed recording as it found them.
  if (!writes) sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);

  for (const auto& [limit, value] : kLimits) sqlite3_limit(handle, limit, value);
  sqlite3_busy_timeout(handle, writes ? kWriterBusyMs : kReaderBusyMs);
}

std::string shell_word(const std::string& text) {
  std::string word = "'";
  for (const char character : text) {
    if (character == '\'') {
      word += "'\\''";
    } else {
      word += character;
    }
  }
  return word + "'";
}

// SQLite remembers the system's error of a failed open on its handle, that of a failed write only
// on the file that was written. 0: not known.
int system_error_of(sqlite3* handle) {
  int error = sqlite3_system_errno(handle);
  for (const int which : {SQLITE_FCNTL_JOURNAL_POINTER, SQLITE_FCNTL_FILE_POINTER}) {
    sqlite3_file* file = nullptr;
    if (error == 0 && sqlite3_file_control(handle, "main", which, &file) == SQLITE_OK &&
        file != nullptr && file->pMethods != nullptr) {
      file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &error);
    }
  }
  return error;
}

Error no_room(const std::string& path, const std::string& cause) {
  return {fmt::format("cannot write trace '{}': {}", path, cause),
          "make room there; what was recorded so far can be read"};
}

Error storage_error(const std::string& path, bool writes, int system_error,
                    const char* sqlite_says) {
  const std::string cause = system_error != 0 ? std::strerror(system_error) : sqlite_says;
  if (!writes) {
    const bool forbidden = system_error == EACCES || system_error == EPERM;
    return {fmt::format("cannot read trace '{}': {}", path, cause),
            forbidden ? "read it as the user who recorded it" : ""};
  }
  if (system_error == ENOSPC || system_error == EDQUOT || system_error == EFBIG) {
    return no_room(path, cause);
  }
  return {fmt::format("cannot write trace '{}': {}", path, cause),
          "check the file system and its permissions, or choose another place with -o FILE"};
}

Error error_of(sqlite3* handle, const std::string& path, bool writes) {
  const int code = sqlite3_extended_errcode(handle);
  const char* says = sqlite3_errmsg(handle);
  const int system_error = system_error_of(handle);
  switch (code & 0xff) {
    case SQLITE_NOTADB:
      return not_a_trace(path);
    case SQLITE_CORRUPT:
      return damaged(path);
    case SQLITE_TOOBIG:
      return damaged(path, "a value in it is larger than any sockwatch writes");
    case SQLITE_FULL:
      // A write that was cut short, so the system named no error.
      return system_error == 0
                 ? no_room(path, "No space left on device, or a quota or file size limit reached")
                 : storage_error(path, writes, system_error, says);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {fmt::format("trace '{}' is locked by another program", path),
              fmt::format("wait until it is done; this names it: fuser -v {}", shell_word(path))};
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
      if (!writes && system_error != EACCES) {
        // Write-ahead log or rollback journal of a recording that was cut off, in a place where
        // SQLite may not create what it needs to read them.
        return {fmt::format("cannot read trace '{}': its recording was cut off, and reading it "
                            "needs write permission to its directory ({})",
                            path, says),
                fmt::format("copy it with everything beside it to a directory of yours: cp {}* DIR",
                            shell_word(path))};
      }
      return storage_error(path, writes, system_error, says);
    case SQLITE_NOMEM:
      return {fmt::format("not enough memory to {} trace '{}'", writes ? "write" : "read", path),
              ""};
    default:
      return storage_error(path, writes, system_error, says);
  }
}

}  // namespace

Error not_a_trace(const std::string& path) {
  return {fmt::format("'{}' is not a sockwatch trace", path),
          fmt::format("this tells what it is: file {}", shell_word(path))};
}

// .dump and not .recover: the sqlite3 of Debian 12 is built without what .recover needs. .dump ends
// a damaged file with ROLLBACK, which would throw away what was saved.
Error damaged(const std::string& path, std::string_view detail) {
  return {
      fmt::format("trace '{}' is truncated or damaged{}{}", path, detail.empty() ? "" : ": ",
                  detail),
      fmt::format("save what is left: (sqlite3 {} .dump | sed 's/^ROLLBACK.*/COMMIT;/'; echo "
                  "'PRAGMA application_id = {}; PRAGMA user_version = {};') | sqlite3 saved.swt",
                  shell_word(path), kApplicationId, kSchemaVersion)};
}

Result<Database> Database::open(const std::string& path, const std::string& shown, Access access) {
  Database database;
  database.shown_ = shown;
  database.writes_ = access == Access::write;
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
  flags |= database.writes_ ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW : SQLITE_OPEN_READONLY;
  std::string name = path;
  if (access == Access::read_immutable) {
    flags |= SQLITE_OPEN_URI;
    name = uri_of(path, "?immutable=1");
  }
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(name.c_str(), &handle, flags, nullptr);
  database.handle_.reset(handle);
  if (handle == nullptr) {
    return Error{fmt::format("not enough memory to open trace '{}'", shown), ""};
  }
  if (code != SQLITE_OK) return database.error();
  distrust(handle, database.writes_);
  const char* settings = database.writes_ ? "PRAGMA mmap_size = 0; PRAGMA cell_size_check = 1;"
                                          : "PRAGMA mmap_size = 0; PRAGMA cell_size_check = 1;"
                                            "PRAGMA query_only = 1;";
  if (Status status = database.run(settings); !status) return status.error();
  return database;
}

Result<Statement> Database::prepare(std::string_view sql) const {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(get(), sql.data(), static_cast<int>(sql.size()), &statement, nullptr) !=
      SQLITE_OK) {
    return error();
  }
  return Statement(statement);
}

Status Database::run(const std::string& sql) const {
  if (sqlite3_exec(get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) return error();
  return {};
}

Result<std::int64_t> Database::number(std::string_view sql) const {
  Result<Statement> statement = prepare(sql);
  if (!statement) return statement.error();
  const int code = sqlite3_step(statement->get());
  if (code == SQLITE_ROW) {
    return static_cast<std::int64_t>(sqlite3_column_int64(statement->get(), 0));
  }
  if (code != SQLITE_DONE) return error();
  return std::int64_t{0};
}

Result<std::string> Database::text(std::string_view sql) const {
  Result<Statement> statement = prepare(sql);
  if (!statement) return statement.error();
  const int code = sqlite3_step(statement->get());
  if (code == SQLITE_ROW) {
    const unsigned char* cell = sqlite3_column_text(statement->get(), 0);
    return std::string(cell != nullptr ? reinterpret_cast<const char*>(cell) : "");
  }
  if (code != SQLITE_DONE) return error();
  return std::string();
}

Error Database::error() const { return error_of(get(), shown_, writes_); }

}  // namespace sockwatch::store
