// Writes a trace: one SQLite file, WAL while recording, a single file after `finish`.
//
// One writer, one thread. Everything between two commits is one transaction: rows and ring
// positions become durable together, so a collector that is killed and started again neither loses
// nor doubles a row.
//
// Errors: a put that fails undoes the whole transaction, and every put until the next commit()
// gives the same error, so that no commit can store half a batch. commit() then reports the error
// once more and begins afresh; a commit that fails by itself has undone the transaction too. After
// either, the trace is as the last good commit left it, and the caller puts everything since then
// again (disk full, trace locked: when it likes). So: keep a batch until its commit succeeded; it
// is enough to look at the result of commit().
//
// The process must ignore SIGXFSZ if a file size limit may be in force (the kernel's answer to
// crossing it is that signal first, the error second).
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collector/store/rows.h"
#include "collector/support/result.h"

namespace sockwatch::store {

inline constexpr int kSchemaVersion = 5;

enum class OpenMode {
  create,   // fails if the file exists
  replace,  // --force: an existing trace is replaced
  resume,   // the file is a trace that was being recorded: go on (a restarted collector)
};

class Writer {
 public:
  static Result<Writer> open(const std::string& path, OpenMode mode);
  ~Writer();  // without finish(): leaves a file that `resume` and the reader accept
  Writer(Writer&&) noexcept;
  Writer& operator=(Writer&&) noexcept;

  // All of these are part of the transaction under way. Rows with an id replace the row of that id.
  Status set(std::string_view key, std::string_view value);  // table trace; not "finished"
  Status put(const ProcessRow& row);
  Status put(const ConnectionRow& row);
  Status put(const ResolutionRow& row);
  Status put(const WaitRow& row);
  Status put(const CallRow& row);
  Status put(const ListenerRow& row);
  Status put(const FailedCallRow& row);
  Status put(const LossRow& row);      // replaces the count of that process and cause
  Status put(const PositionRow& row);  // replaces the position of that ring

  Status commit();  // and begin the next transaction

  // After a commit that failed for want of room: gives back what was kept for the last words of
  // this trace (Reserve, 256 KiB where the file system allows it) and shortens the log. Helps once.
  void make_last_room();

  // Commits, builds indexes, leaves WAL mode: one file, nothing beside it. After success nothing
  // can be written. After an error it may be called again; what was committed is safe, and if the
  // process ends instead, the file is as without finish(), or complete but for a -wal file that
  // another program holds open (the error says which).
  // A trace of at least `pack_from` connections gets a second copy of them that is read quickly.
  static constexpr std::int64_t kPackFrom = 100'000;
  Status finish(std::int64_t pack_from = kPackFrom);
  // After an error of finish(): all of it is in another file, which the error names.
  bool is_complete_elsewhere() const;

  // For a restarted collector.
  Result<std::vector<PositionRow>> positions() const;
  Result<std::vector<ProcessRow>> processes() const;
  Result<std::vector<ConnectionRow>> unfinished_connections()
      const;  // outcome pending, or connected and not closed
  Result<std::int64_t> largest_id(std::string_view table) const;  // 0 if empty

  // How far the tables have grown to which rows are added: table → number of its last row. All of
  // them but `trace`, `loss` and `position`, whose rows are replaced.
  using Marks = std::map<std::string, std::int64_t>;
  Result<Marks> marks() const;
  // Commits the removal of every row added since `marks`, and of what was counted as lost for the
  // processes among them and for `processes`: whoever calls this makes all of it again. Rows that
  // were there and changed since stay as they are.
  Status roll_back(const Marks& marks, const std::vector<std::int64_t>& processes);

 private:
  struct State;
  explicit Writer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sockwatch::store
