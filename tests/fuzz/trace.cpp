// A trace that anybody may have made: opened, summed up, diagnosed and drawn as the viewer does.
//
// The first byte says how it is made: rows with any values (wrong types, times at the ends of the
// range, words that are none), a good file with bytes written over, statements of SQL (triggers,
// views, other columns), or just bytes.
#include <sqlite3.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "collector/store/reader.h"
#include "collector/store/schema.h"
#include "collector/store/writer.h"
#include "collector/support/clean_text.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/scratch_directory.h"
#include "viewer/diagnose/diagnose.h"
#include "viewer/model/load.h"
#include "viewer/render/connection_page.h"
#include "viewer/render/finding_page.h"
#include "viewer/render/json_report.h"
#include "viewer/render/json_rows.h"
#include "viewer/render/text_report.h"
#include "viewer/render/text_rows.h"
#include "viewer/render/waterfall.h"

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

const ScratchDirectory& scratch() {
  static const ScratchDirectory directory;
  return directory;
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// A trace without rows, and one with some.
std::string good_file(bool with_rows) {
  const std::string path = scratch() / (with_rows ? "rows" : "empty");
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

void require_harmless(const std::string& text, const char* what) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) require(clean(line) == line, what);
}

void require_json(const std::string& text) {
  for (const char c : text)
    require(static_cast<unsigned char>(c) < 0x80 && (c >= 0x20 || c == '\n'),
            "JSON is plain ASCII");
  std::istringstream lines(text);
  if (text.starts_with("{\"")) {
    for (std::string line; std::getline(lines, line);)
      require(nlohmann::json::accept(line), "a row is JSON");
  } else {
    require(nlohmann::json::accept(text), "the report is JSON");
  }
}

void draw_connections(const store::Reader& reader, const std::map<std::string, std::string>& trace,
                      const std::vector<store::ProcessRow>& processes,
                      const render::TextStyle& style) {
  const render::TextRows rows(processes, render::WallClock(trace), style);
  std::string text;
  std::string json;
  render::WaterfallFacts facts{trace, processes, {}, 0};
  render::WorstRows worst(10);
  std::vector<store::ConnectionRow> some;
  (void)reader.connections({}, [&](const store::ConnectionRow& row) {
    rows.append(text, row);
    render::append_json_row(json, row);
    worst.add(row);
    if (some.size() < 4) some.push_back(row);
    return text.size() < 100'000;
  });
  require_harmless(text, "connections is harmless");
  if (!json.empty()) require_json(json);
  facts.seen = worst.seen();
  require_harmless(render::waterfall(worst.take(), facts, style), "the waterfall is harmless");
  for (const store::ConnectionRow& row : some) {
    render::ConnectionFacts page{trace, row, {}, {}, {}};
    if (const auto waits = reader.waits(row.id)) page.waits = *waits;
    if (!processes.empty()) page.process = processes.front();
    (void)reader.resolutions([&](const store::ResolutionRow& lookup) {
      page.lookup = lookup;
      return false;
    });
    require_harmless(render::connection_page(page, style), "show is harmless");
  }
}

void draw_findings(const std::vector<diagnose::Finding>& findings,
                   const std::map<std::string, std::string>& trace,
                   const std::vector<store::ProcessRow>& processes,
                   const render::TextStyle& style) {
  for (const diagnose::Finding& finding : findings) {
    const render::FindingFacts facts{trace, processes, {}, {}};
    require_harmless(
        render::finding_page(finding, diagnose::find_entry(finding.rule), facts, style),
        "explain is harmless");
  }
}

void view(const std::string& path, bool redact) {
  auto reader = store::Reader::open(path);
  if (!reader) return require(!reader.error().message.empty(), "a refusal has words");
  if (redact && !reader->redact()) return;
  const auto trace = reader->trace();
  const auto processes = reader->processes();
  if (!trace || !processes) return;
  render::TextStyle style;
  style.file = "\x1b[1mfile";
  std::vector<diagnose::Finding> findings;
  const auto summary =
      model::load_summary(*reader, {}, [&](const model::SeeConnection& also) -> Status {
        auto found = diagnose::diagnose(*reader, {}, also);
        if (!found) return found.error();
        findings = std::move(*found);
        return {};
      });
  if (summary) {
    require_harmless(render::text_report(*summary, findings, style), "the report is harmless");
    require_json(render::json_report(*summary, findings));
    draw_findings(findings, *trace, *processes, style);
  }
  draw_connections(*reader, *trace, *processes, style);
}

void run(Input input) {
  static const std::string empty = good_file(false);
  static const std::string rows = good_file(true);
  static const std::string path = scratch() / "trace";
  std::string file;
  const auto how = input.take<std::uint8_t>();
  switch (how % 8) {
    case 0:
      file = written_over(input, rows);
      break;
    case 1:
      file = changed_by_statements(input, rows);
      break;
    case 2:
      file = input.rest();
      break;
    default:
      file = rows_of_any_values(input, empty);
  }
  std::ofstream(path, std::ios::binary) << file;
  view(path, how >= 192);
}

}  // namespace
}  // namespace sockwatch::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t count) {
  sockwatch::fuzz::run(sockwatch::fuzz::Input(bytes, count));
  return 0;
}
