#include "tests/fuzz/trace_inputs.h"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "collector/store/writer.h"
#include "tests/fuzz/scratch_directory.h"

namespace sockwatch::fuzz {
namespace {

constexpr const char* kWords[] = {"connected",
                                  "refused",
                                  "rejected",
                                  "unreachable",
                                  "timed_out_kernel",
                                  "timed_out_caller",
                                  "superseded",
                                  "cancelled",
                                  "reset",
                                  "local_error",
                                  "abandoned",
                                  "pending",
                                  "failed",
                                  "closed",
                                  "peer_closed",
                                  "response_timed_out",
                                  "no_response",
                                  "open",
                                  "ipv4",
                                  "ipv6",
                                  "unix",
                                  "other",
                                  "tcp",
                                  "udp",
                                  "10.0.0.1",
                                  "10.0.0.2",
                                  "fe80::1",
                                  "::1",
                                  "127.0.0.1",
                                  "0.0.0.0",
                                  "api.internal",
                                  "a.b",
                                  "/run/x.sock",
                                  "@abstract",
                                  "/usr/bin/curl",
                                  "/opt/java",
                                  "preload",
                                  "static",
                                  "go",
                                  "setuid",
                                  "no-env",
                                  "poll",
                                  "epoll",
                                  "kernel",
                                  "SO_SNDTIMEO",
                                  "TCP_USER_TIMEOUT",
                                  "signal",
                                  "bind",
                                  "accept",
                                  "select",
                                  "ring_full",
                                  "late",
                                  "schema_version",
                                  "monotonic_to_unix_ns",
                                  "resolver_nameservers",
                                  "tcp_syn_retries",
                                  "10.0.0.1 10.0.0.2",
                                  "\x1b[2J",
                                  "\xff\xc2\x9b",
                                  ""};
constexpr std::int64_t kNumbers[] = {0,
                                     1,
                                     2,
                                     3,
                                     7,
                                     8,
                                     110,
                                     111,
                                     113,
                                     443,
                                     65535,
                                     -1,
                                     -2,
                                     -100,
                                     1'000'000,
                                     1'000'000'000,
                                     3'000'000'000,
                                     1'000'000'000'000,
                                     std::numeric_limits<std::int64_t>::max(),
                                     std::numeric_limits<std::int64_t>::min(),
                                     1LL << 53,
                                     1LL << 62};

struct CloseDatabase {
  void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
};
using Handle = std::unique_ptr<sqlite3, CloseDatabase>;

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// A trace without rows, and one with some.
std::string good_file(bool with_rows) {
  const ScratchDirectory directory;
  const std::string path = directory / "trace";
  auto writer = store::Writer::open(path, store::OpenMode::create);
  require(static_cast<bool>(writer), "a trace can be made");
  if (with_rows) {
    store::ProcessRow process;
    process.id = 1;
    process.exe = "/usr/bin/curl";
    process.coverage = "preload";
    (void)writer->put(process);
    for (int i = 1; i < 8; ++i) {
      store::ConnectionRow row;
      row.id = i;
      row.process_id = 1;
      row.family = "ipv4";
      row.protocol = "tcp";
      row.peer_address = "10.0.0.1";
      row.peer_port = 80;
      row.started_ns = i * 1'000'000'000LL;
      row.outcome = i % 2 == 0 ? "refused" : "timed_out_caller";
      (void)writer->put(row);
    }
  }
  require(static_cast<bool>(writer->finish()), "a trace can be finished");
  return read_file(path);
}

std::string text(Input& input) {
  std::string made;
  const std::size_t pieces = 1 + input.below(2);
  for (std::size_t i = 0; i < pieces; ++i) {
    made += input.below(8) == 0 ? input.text(input.below(24)) : std::string(input.pick(kWords));
  }
  return made;
}

void bind_any(Input& input, sqlite3_stmt* statement, int place) {
  switch (input.below(32)) {
    case 0:
      sqlite3_bind_double(statement, place, 1e300);
      break;
    case 1:
      sqlite3_bind_blob(statement, place, "\x1b\0x", 3, SQLITE_STATIC);
      break;
    case 2:
      sqlite3_bind_zeroblob(statement, place, 100'000);
      break;
    case 3: {
      const std::string long_text(20'000, static_cast<char>(input.take<std::uint8_t>()));
      sqlite3_bind_text(statement, place, long_text.data(), static_cast<int>(long_text.size()),
                        SQLITE_TRANSIENT);
      break;
    }
    default: {
      const std::string any = text(input);
      sqlite3_bind_text(statement, place, any.data(), static_cast<int>(any.size()),
                        SQLITE_TRANSIENT);
    }
  }
}

// What is put into a column.
struct Column {
  std::string type;
  bool is_bool = false;                     // another number is refused, with the whole trace
  std::span<const char* const> words = {};  // what is understood there; empty: anything
};

Column column_of(const std::string& name, std::string type) {
  constexpr std::array kBools = {"blocking", "tls", "interrupted", "fast_open", "reply_begun"};
  const std::span<const char* const> words(kWords);
  Column column{std::move(type)};
  column.is_bool = std::ranges::any_of(kBools, [&](const char* one) { return name == one; });
  if (name == "outcome") column.words = words.first(13);
  if (name == "ending") column.words = words.subspan(8, 10);
  if (name == "family") column.words = words.subspan(18, 4);
  if (name == "protocol") column.words = words.subspan(20, 4);
  return column;
}

// Mostly what the column holds, so that the row is not refused at once.
void bind(Input& input, sqlite3_stmt* statement, int place, const Column& column) {
  const std::size_t kind = input.below(64);
  if (kind == 0) return bind_any(input, statement, place);
  const bool may_be_null = column.type.find("NOT NULL") == std::string::npos;
  if (kind < 12 && may_be_null) return (void)sqlite3_bind_null(statement, place);
  if (kind < 60 && column.is_bool) {
    sqlite3_bind_int64(statement, place, static_cast<std::int64_t>(input.below(2)));
  } else if (kind < 56 && !column.words.empty()) {
    sqlite3_bind_text(statement, place, input.pick(column.words), -1, SQLITE_STATIC);
  } else if (column.type.find("TEXT") != std::string::npos) {
    const std::string any = text(input);
    sqlite3_bind_text(statement, place, any.data(), static_cast<int>(any.size()), SQLITE_TRANSIENT);
  } else {
    const std::int64_t number = kind < 16 ? input.take<std::int64_t>() : input.pick(kNumbers);
    sqlite3_bind_int64(statement, place, number);
  }
}

// Of a trace in memory.
Handle deserialised(const std::string& file) {
  sqlite3* handle = nullptr;
  sqlite3_open(":memory:", &handle);
  auto* bytes = static_cast<unsigned char*>(sqlite3_malloc64(file.size()));
  std::memcpy(bytes, file.data(), file.size());
  sqlite3_deserialize(handle, "main", bytes, static_cast<sqlite3_int64>(file.size()),
                      static_cast<sqlite3_int64>(file.size()),
                      SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE);
  return Handle(handle);
}

std::string serialised(sqlite3* handle) {
  sqlite3_int64 size = 0;
  const std::unique_ptr<unsigned char, void (*)(void*)> bytes(
      sqlite3_serialize(handle, "main", &size, 0), sqlite3_free);
  return bytes == nullptr
             ? std::string()
             : std::string(reinterpret_cast<char*>(bytes.get()), static_cast<std::size_t>(size));
}

struct FinishStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Prepared = std::unique_ptr<sqlite3_stmt, FinishStatement>;

// A trace in memory that rows are put into and taken out of again. Not deserialised() itself: what
// that one serialises is what was last committed.
class Rows {
 public:
  explicit Rows(const std::string& empty) {
    const Handle from = deserialised(empty);
    sqlite3* handle = nullptr;
    sqlite3_open(":memory:", &handle);
    handle_.reset(handle);
    sqlite3_backup* copy = sqlite3_backup_init(handle, "main", from.get(), "main");
    require(sqlite3_backup_step(copy, -1) == SQLITE_DONE, "a trace can be copied");
    sqlite3_backup_finish(copy);
    for (const char* name : {"trace", "process", "connection", "resolution", "wait", "listener",
                             "failed_call", "loss"}) {
      tables_.push_back(table(name));
    }
  }

  std::string of_any_values(Input& input) {
    run("BEGIN");
    for (int row = 0; row < 40 && !input.empty(); ++row) {
      const std::size_t choice = input.below(16);  // mostly connections
      const Table& table = tables_[choice < tables_.size() ? choice : 2];
      sqlite3_stmt* insert = table.insert.get();
      for (std::size_t column = 0; column < table.columns.size(); ++column) {
        bind(input, insert, static_cast<int>(column + 1), table.columns[column]);
      }
      sqlite3_step(insert);
      sqlite3_reset(insert);
    }
    std::string made = serialised(handle_.get());
    run("ROLLBACK");
    return made;
  }

 private:
  struct Table {
    Prepared insert;
    std::vector<Column> columns;
  };

  Table table(const std::string& name) {
    Table made;
    const Prepared asked =
        prepare("SELECT name, type || iif(\"notnull\", ' NOT NULL', '') FROM pragma_table_info('" +
                name + "')");
    std::string places;
    const auto cell = [&](int at) {
      return std::string(reinterpret_cast<const char*>(sqlite3_column_text(asked.get(), at)));
    };
    while (sqlite3_step(asked.get()) == SQLITE_ROW) {
      places += places.empty() ? "?" : ",?";
      made.columns.push_back(column_of(cell(0), cell(1)));
    }
    require(!made.columns.empty(), "the table is there");
    made.insert = prepare("INSERT OR REPLACE INTO " + name + " VALUES (" + places + ")");
    return made;
  }

  Prepared prepare(const std::string& sql) {
    sqlite3_stmt* statement = nullptr;
    require(sqlite3_prepare_v2(handle_.get(), sql.c_str(), -1, &statement, nullptr) == SQLITE_OK,
            "rows can be put in");
    return Prepared(statement);
  }
  void run(const char* sql) {
    require(sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK,
            "a transaction begins and ends");
  }

  Handle handle_;  // outlives its statements
  std::vector<Table> tables_;
};

std::string written_over(Input& input, std::string file) {
  for (int edit = 0; edit < 16 && !input.empty(); ++edit) {
    const std::size_t page = input.below(1 + std::min<std::size_t>(file.size() / 4096, 255));
    const std::size_t at = page * 4096 + input.take<std::uint16_t>() % 4096;
    const auto bytes = input.bytes(1 + input.below(8));
    for (std::size_t i = 0; i < bytes.size() && at + i < file.size(); ++i)
      file[at + i] = static_cast<char>(bytes[i]);
  }
  if (input.below(4) == 1)
    file.resize(file.size() - std::min<std::size_t>(file.size(), input.take<std::uint16_t>()));
  return file;
}

std::string changed_by_statements(Input& input, const std::string& rows) {
  const Handle handle = deserialised(rows);
  sqlite3_limit(handle.get(), SQLITE_LIMIT_LENGTH, 1 << 20);
  sqlite3_limit(handle.get(), SQLITE_LIMIT_ATTACHED, 0);
  int steps = 0;  // a statement may not run for long
  sqlite3_progress_handler(
      handle.get(), 1000, [](void* count) { return ++*static_cast<int*>(count) > 100 ? 1 : 0; },
      &steps);
  sqlite3_exec(handle.get(), "PRAGMA writable_schema = 1", nullptr, nullptr, nullptr);
  sqlite3_exec(handle.get(), input.rest().c_str(), nullptr, nullptr, nullptr);
  return serialised(handle.get());
}

}  // namespace

std::string any_trace(Input& input, std::uint8_t how) {
  static Rows any_rows(good_file(false));
  static const std::string rows = good_file(true);
  switch (how % 8) {
    case 0:
      return written_over(input, rows);
    case 1:
      return changed_by_statements(input, rows);
    case 2:
      return input.rest();
    default:
      return any_rows.of_any_values(input);
  }
}

}  // namespace sockwatch::fuzz
