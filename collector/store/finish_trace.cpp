#include "collector/store/finish_trace.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include "collector/store/schema.h"
#include "collector/store/trace_file.h"

namespace sockwatch::store {
namespace {

// The trace is complete but for the switch of its journal: readers are given this long to let go.
constexpr int kLeaveLogTries = 20;
constexpr std::chrono::milliseconds kLeaveLogPause{100};

Result<bool> is_sealed(const Database& database) {
  const Result<std::int64_t> marks =
      database.number(fmt::format("SELECT count(*) FROM trace WHERE key = '{}'", kFinishedKey));
  if (!marks) return marks.error();
  return *marks != 0;
}

}  // namespace

Status seal(const Database& database) {
  const Result<bool> sealed = is_sealed(database);
  if (!sealed) return sealed.error();
  if (*sealed) return {};
  std::string sql = "BEGIN IMMEDIATE;";
  for (const std::string& index : index_sql()) sql += index + ";";
  sql += fmt::format("INSERT INTO trace VALUES ('{}', '1'); COMMIT;", kFinishedKey);
  return database.run(sql);
}

Status leave_log(const Database& database) {
  for (int tries = 1;; ++tries) {
    const Result<std::string> mode = database.text("PRAGMA journal_mode = DELETE");
    if (mode && *mode == "delete") return {};
    const int code = sqlite3_errcode(database.get()) & 0xff;
    if (!mode && code != SQLITE_BUSY && code != SQLITE_LOCKED) return mode.error();
    if (tries == kLeaveLogTries) break;
    std::this_thread::sleep_for(kLeaveLogPause);
  }
  return Error{fmt::format("trace '{0}' is complete, but another program has it open, so '{0}-wal' "
                           "has to stay with it",
                           database.shown()),
               fmt::format("close that program, then: sqlite3 '{}' 'PRAGMA journal_mode=DELETE'",
                           database.shown())};
}

bool has_moved(const Database& database) {
  int moved = 0;
  sqlite3_file_control(database.get(), "main", SQLITE_FCNTL_HAS_MOVED, &moved);
  return moved != 0;
}

Result<PutBack> copy_to_its_place(const Database& database) {
  const std::string path = sqlite3_db_filename(database.get(), "main");
  const bool taken = ::access(path.c_str(), F_OK) == 0;
  std::string place = path;
  for (int n = 2; ::access(place.c_str(), F_OK) == 0; ++n) place = fmt::format("{}-{}", path, n);
  const Result<WritePlace> made = place_to_write(place, OpenMode::create);
  if (!made) return made.error();
  const Result<Database> copy = Database::open(made->path, place, Access::write);
  if (!copy) return copy.error();
  sqlite3_backup* backup = sqlite3_backup_init(copy->get(), "main", database.get(), "main");
  if (backup != nullptr) sqlite3_backup_step(backup, -1);
  if (backup == nullptr || sqlite3_backup_finish(backup) != SQLITE_OK) return copy->error();
  if (const auto mode = copy->text("PRAGMA journal_mode = DELETE"); !mode) return mode.error();
  return PutBack{place, taken};
}

Status look_again(const std::string& path, const std::string& shown) {
  const Result<Database> database = Database::open(path, shown, Access::read_immutable);
  if (!database) return database.error();
  const Result<bool> sealed = is_sealed(*database);
  if (!sealed) return sealed.error();
  return *sealed ? Status() : Status(damaged(shown));
}

Status sync_file(const std::string& path, const std::string& shown) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const bool synced = fd >= 0 && ::fdatasync(fd) == 0;
  const int error = errno;
  if (fd >= 0) ::close(fd);
  if (synced) return {};
  return Error{fmt::format("cannot bring trace '{}' to disk: {}", shown, std::strerror(error)),
               "see whether the file system is full or failing"};
}

}  // namespace sockwatch::store
