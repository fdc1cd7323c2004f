#include "tests/fuzz/trace_inputs.h"

#include <sqlite3.h>

#include <fstream>
#include <iterator>
#include <limits>
#include <memory>
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

// Mostly what the column holds, so that the row is not refused at once.
void bind(Input& input, sqlite3_stmt* statement, int place, const std::string& type) {
  const std::size_t kind = input.below(64);
  if (kind == 0) return bind_any(input, statement, place);
  const bool may_be_null = type.find("NOT NULL") == std::string::npos;
  if (kind < 12 && may_be_null) return (void)sqlite3_bind_null(statement, place);
  if (type.find("TEXT") != std::string::npos) {
    const std::string any = text(input);
    sqlite3_bind_text(statement, place, any.data(), static_cast<int>(any.size()), SQLITE_TRANSIENT);
  } else {
    const std::int64_t number = kind < 16 ? input.take<std::int64_t>() : input.pick(kNumbers);
    sqlite3_bind_int64(statement, place, number);
  }
}

struct TableText {
  std::string insert;
  std::vector<std::string> types;
};

const std::vector<TableText>& tables(sqlite3* handle) {
  static const std::vector<TableText> made = [handle] {
    std::vector<TableText> all;
    for (const char* name : {"trace", "process", "connection", "resolution", "wait", "listener",
                             "failed_call", "loss"}) {
      TableText table{"INSERT OR REPLACE INTO " + std::string(name) + " VALUES (", {}};
      sqlite3_stmt* columns = nullptr;
      const std::string sql =
          "SELECT type, \"notnull\" FROM pragma_table_info('" + std::string(name) + "')";
      sqlite3_prepare_v2(handle, sql.c_str(), -1, &columns, nullptr);
      while (sqlite3_step(columns) == SQLITE_ROW) {
        table.insert += table.types.empty() ? "?" : ",?";
        table.types.push_back(reinterpret_cast<const char*>(sqlite3_column_text(columns, 0)) +
                              std::string(sqlite3_column_int(columns, 1) != 0 ? " NOT NULL" : ""));
      }
      sqlite3_finalize(columns);
      require(!table.types.empty(), "the table is there");
      table.insert += ")";
      all.push_back(std::move(table));
    }
    return all;
  }();
  return made;
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

std::string rows_of_any_values(Input& input, const std::string& empty) {
  const Handle handle = deserialised(empty);
  sqlite3_exec(handle.get(), "BEGIN", nullptr, nullptr, nullptr);
  for (int row = 0; row < 40 && !input.empty(); ++row) {
    const std::size_t choice = input.below(16);  // mostly connections
    const auto& all = tables(handle.get());
    const TableText& table = all[choice < all.size() ? choice : 2];
    sqlite3_stmt* statement = nullptr;
    require(sqlite3_prepare_v2(handle.get(), table.insert.c_str(), -1, &statement, nullptr) ==
                SQLITE_OK,
            "rows can be put in");
    for (std::size_t column = 0; column < table.types.size(); ++column) {
      bind(input, statement, static_cast<int>(column + 1), table.types[column]);
    }
    sqlite3_step(statement);
    sqlite3_finalize(statement);
  }
  sqlite3_exec(handle.get(), "COMMIT", nullptr, nullptr, nullptr);
  return serialised(handle.get());
}

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
  static const std::string empty = good_file(false);
  static const std::string rows = good_file(true);
  switch (how % 8) {
    case 0:
      return written_over(input, rows);
    case 1:
      return changed_by_statements(input, rows);
    case 2:
      return input.rest();
    default:
      return rows_of_any_values(input, empty);
  }
}

}  // namespace sockwatch::fuzz
