// The one description of the tables of a trace: which member of which row is which column. The
// writer, the reader, the CREATE TABLE text and the checks of a foreign file are all made from it,
// so none of them can disagree with another.
//
// Adding a column: a member in rows.h, one line here at the end of its table with `since` =
// the new kSchemaVersion, a line in README.md. Columns are never renamed, moved or removed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

#include "collector/store/rows.h"

namespace sockwatch::store {

// "swch", at offset 68 of the file: tells a trace from any other SQLite file.
inline constexpr std::int64_t kApplicationId = 0x73776368;

// Present in table trace once a recording was finished; nothing is added to such a file.
inline constexpr char kFinishedKey[] = "finished";

struct TraceRow {
  std::string key;
  std::string value;
};

template <typename Row, typename Value>
struct Column {
  constexpr Column(const char* column_name, Value Row::*row_member, int since_version = 1)
      : name(column_name), member(row_member), since(since_version) {}

  const char* name;
  Value Row::*member;
  int since;  // first schema version that has it
};

template <typename Row>
struct Table;  // kName; kKey: columns of the primary key, or ""; kColumns in file order

template <>
struct Table<TraceRow> {
  static constexpr const char* kName = "trace";
  static constexpr const char* kKey = "key";
  static constexpr auto kColumns =
      std::tuple(Column("key", &TraceRow::key), Column("value", &TraceRow::value));
};

template <>
struct Table<ProcessRow> {
  using R = ProcessRow;
  static constexpr const char* kName = "process";
  static constexpr const char* kKey = "id";
  static constexpr auto kColumns = std::tuple(
      Column("id", &R::id), Column("pid", &R::pid), Column("ppid", &R::ppid),
      Column("start_ticks", &R::start_ticks), Column("exe", &R::exe),
      Column("command_line", &R::command_line), Column("uid", &R::uid),
      Column("started_ns", &R::started_ns), Column("ended_ns", &R::ended_ns),
      Column("exit_status", &R::exit_status), Column("coverage", &R::coverage),
      Column("descriptor_limit", &R::descriptor_limit, 2), Column("proxies", &R::proxies, 5));
};

template <>
struct Table<ConnectionRow> {
  using R = ConnectionRow;
  static constexpr const char* kName = "connection";
  static constexpr const char* kKey = "id";
  static constexpr auto kColumns = std::tuple(
      Column("id", &R::id), Column("process_id", &R::process_id), Column("tid", &R::tid),
      Column("fd", &R::fd), Column("cookie", &R::cookie), Column("family", &R::family),
      Column("protocol", &R::protocol), Column("blocking", &R::blocking),
      Column("peer_name", &R::peer_name), Column("peer_address", &R::peer_address),
      Column("peer_port", &R::peer_port), Column("local_address", &R::local_address),
      Column("local_port", &R::local_port), Column("resolution_id", &R::resolution_id),
      Column("started_ns", &R::started_ns), Column("decided_ns", &R::decided_ns),
      Column("noticed_ns", &R::noticed_ns), Column("first_send_ns", &R::first_send_ns),
      Column("first_receive_ns", &R::first_receive_ns), Column("closed_ns", &R::closed_ns),
      Column("outcome", &R::outcome), Column("ending", &R::ending), Column("errno", &R::error),
      Column("budget_ns", &R::budget_ns), Column("budget_source", &R::budget_source),
      Column("waits", &R::waits), Column("expired_waits", &R::expired_waits),
      Column("tcp_state", &R::tcp_state), Column("syn_retransmits", &R::syn_retransmits),
      Column("retransmits", &R::retransmits), Column("segs_out", &R::segs_out),
      Column("segs_in", &R::segs_in), Column("rtt_us", &R::rtt_us),
      Column("bytes_sent", &R::bytes_sent), Column("bytes_received", &R::bytes_received),
      Column("turns", &R::turns), Column("turn_total_ns", &R::turn_total_ns),
      Column("turn_max_ns", &R::turn_max_ns), Column("rttvar_us", &R::rttvar_us),
      Column("rto_us", &R::rto_us), Column("close_tcp_state", &R::close_tcp_state),
      Column("close_rtt_us", &R::close_rtt_us), Column("close_rto_us", &R::close_rto_us),
      Column("close_unacked", &R::close_unacked), Column("close_lost", &R::close_lost),
      Column("close_backoff", &R::close_backoff), Column("close_probes", &R::close_probes),
      Column("close_bytes_acked", &R::close_bytes_acked),
      Column("close_data_segs_in", &R::close_data_segs_in),
      Column("close_notsent_bytes", &R::close_notsent_bytes),
      Column("close_delivered", &R::close_delivered), Column("close_snd_mss", &R::close_snd_mss),
      Column("close_pmtu", &R::close_pmtu), Column("close_last_ack_ms", &R::close_last_ack_ms),
      Column("close_last_receive_ms", &R::close_last_receive_ms), Column("tls", &R::tls),
      Column("idle_ns", &R::idle_ns, 2), Column("idle_answered_ns", &R::idle_answered_ns, 2),
      Column("send_tcp_state", &R::send_tcp_state, 2), Column("interrupted", &R::interrupted, 2),
      Column("fast_open", &R::fast_open, 2), Column("reply_begun", &R::reply_begun, 3),
      Column("waited_out_ns", &R::waited_out_ns, 4), Column("asked_ns", &R::asked_ns, 5),
      Column("answered_ns", &R::answered_ns, 5),
      Column("close_out_of_order", &R::close_out_of_order, 5));
};

template <>
struct Table<ResolutionRow> {
  using R = ResolutionRow;
  static constexpr const char* kName = "resolution";
  static constexpr const char* kKey = "id";
  static constexpr auto kColumns =
      std::tuple(Column("id", &R::id), Column("process_id", &R::process_id), Column("tid", &R::tid),
                 Column("name", &R::name), Column("service", &R::service),
                 Column("started_ns", &R::started_ns), Column("duration_ns", &R::duration_ns),
                 Column("result", &R::result), Column("error", &R::error),
                 Column("addresses", &R::addresses), Column("family", &R::family, 4));
};

template <>
struct Table<WaitRow> {
  using R = WaitRow;
  static constexpr const char* kName = "wait";
  static constexpr const char* kKey = "id";
  static constexpr auto kColumns =
      std::tuple(Column("id", &R::id), Column("process_id", &R::process_id), Column("tid", &R::tid),
                 Column("connection_id", &R::connection_id), Column("call", &R::call),
                 Column("started_ns", &R::started_ns), Column("timeout_ns", &R::timeout_ns),
                 Column("result", &R::result));
};

template <>
struct Table<CallRow> {
  using R = CallRow;
  static constexpr const char* kName = "call";
  static constexpr const char* kKey = "";
  static constexpr auto kColumns = std::tuple(
      Column("process_id", &R::process_id), Column("tid", &R::tid),
      Column("connection_id", &R::connection_id), Column("fd", &R::fd), Column("call", &R::call),
      Column("started_ns", &R::started_ns), Column("duration_ns", &R::duration_ns),
      Column("result", &R::result), Column("errno", &R::error));
};

template <>
struct Table<ListenerRow> {
  using R = ListenerRow;
  static constexpr const char* kName = "listener";
  static constexpr const char* kKey = "id";
  static constexpr auto kColumns = std::tuple(
      Column("id", &R::id, 2), Column("process_id", &R::process_id, 2), Column("fd", &R::fd, 2),
      Column("family", &R::family, 2), Column("protocol", &R::protocol, 2),
      Column("local_address", &R::local_address, 2), Column("local_port", &R::local_port, 2),
      Column("backlog", &R::backlog, 2), Column("started_ns", &R::started_ns, 2),
      Column("closed_ns", &R::closed_ns, 2), Column("accepts", &R::accepts, 2),
      Column("failures", &R::failures, 2), Column("accept_gap_max_ns", &R::accept_gap_max_ns, 2),
      Column("pictures", &R::pictures, 2), Column("queue_max", &R::queue_max, 2),
      Column("queue_limit", &R::queue_limit, 2), Column("full", &R::full, 2),
      Column("first_full_ns", &R::first_full_ns, 2), Column("last_full_ns", &R::last_full_ns, 2));
};

template <>
struct Table<FailedCallRow> {
  using R = FailedCallRow;
  static constexpr const char* kName = "failed_call";
  static constexpr const char* kKey = "id";
  static constexpr auto kColumns = std::tuple(
      Column("id", &R::id, 2), Column("process_id", &R::process_id, 2), Column("call", &R::call, 2),
      Column("errno", &R::error, 2), Column("count", &R::count, 2),
      Column("first_ns", &R::first_ns, 2), Column("last_ns", &R::last_ns, 2),
      Column("argument", &R::argument, 2), Column("address", &R::address, 5));
};

// process_id may be NULL, and SQL holds no two NULLs equal: the writer looks after the key.
template <>
struct Table<LossRow> {
  using R = LossRow;
  static constexpr const char* kName = "loss";
  static constexpr const char* kKey = "";
  static constexpr auto kColumns = std::tuple(
      Column("process_id", &R::process_id), Column("cause", &R::cause), Column("count", &R::count));
};

template <>
struct Table<PositionRow> {
  using R = PositionRow;
  static constexpr const char* kName = "position";
  static constexpr const char* kKey = "segment, slot";
  static constexpr auto kColumns = std::tuple(
      Column("segment", &R::segment), Column("slot", &R::slot), Column("sequence", &R::sequence));
};

// Calls visit(column) for each column in file order.
template <typename Row, typename Visit>
constexpr void for_each_column(Visit&& visit) {
  std::apply([&](const auto&... column) { (visit(column), ...); }, Table<Row>::kColumns);
}

// The columns of one row, for archives (collector/support/archive.h).
template <typename Row>
requires requires { Table<std::remove_const_t<Row>>::kColumns; }
constexpr auto fields_of(Row& row) {
  return std::apply([&row](const auto&... column) { return std::tie(row.*(column.member)...); },
                    Table<std::remove_const_t<Row>>::kColumns);
}

// The same without types, for SQL text and for checking a file.
struct ColumnShape {
  const char* name;
  const char* type;  // as in CREATE TABLE
  int since;
};

struct TableShape {
  const char* name;
  const char* key;
  std::vector<ColumnShape> columns;

  int since() const;  // first schema version that has the table
};

template <typename Value>
constexpr const char* sql_type() {
  if constexpr (std::is_same_v<Value, std::int64_t>) {
    return "INTEGER NOT NULL";
  } else if constexpr (std::is_same_v<Value, std::string>) {
    return "TEXT NOT NULL";
  } else if constexpr (std::is_same_v<Value, OptText>) {
    return "TEXT";
  } else {
    static_assert(std::is_same_v<Value, OptInt> || std::is_same_v<Value, std::optional<bool>>,
                  "a row holds only these five types");
    return "INTEGER";
  }
}

template <typename Row>
TableShape shape_of() {
  TableShape shape{Table<Row>::kName, Table<Row>::kKey, {}};
  for_each_column<Row>([&]<typename Value>(const Column<Row, Value>& column) {
    shape.columns.push_back({column.name, sql_type<Value>(), column.since});
  });
  return shape;
}

const std::vector<TableShape>& all_tables();

std::string create_table_sql(const TableShape& table);
// With a key: the row of the same key is replaced.
std::string insert_sql(const TableShape& table);

// Built when a recording ends: keeping them up to date row by row would cost the collector more
// than building them once.
const std::vector<std::string>& index_sql();

}  // namespace sockwatch::store
