#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "tests/unit/store/support.h"

namespace sockwatch::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Where each described member lies in its row. A member without a column is a hole of at least
// its alignment; padding is smaller than that.
template <typename Row>
void expect_every_member_has_a_column() {
  const Row row;
  const auto* base = reinterpret_cast<const std::byte*>(&row);
  std::vector<std::pair<std::size_t, std::size_t>> places;  // begin, end
  for_each_column<Row>([&](const auto& column) {
    const auto& member = row.*(column.member);
    const auto begin = static_cast<std::size_t>(reinterpret_cast<const std::byte*>(&member) - base);
    places.emplace_back(begin, begin + sizeof(member));
  });
  std::sort(places.begin(), places.end());
  places.emplace_back(sizeof(Row), sizeof(Row));
  std::size_t end = 0;
  for (const auto& [begin, next_end] : places) {
    EXPECT_GE(begin, end) << Table<Row>::kName << ": two columns for the member at " << begin;
    EXPECT_LT(begin, end + alignof(std::int64_t))
        << Table<Row>::kName << ": no column for the member at byte " << end;
    end = next_end;
  }
}

TEST(Schema, EveryMemberHasExactlyOneColumn) {
  expect_every_member_has_a_column<TraceRow>();
  expect_every_member_has_a_column<ProcessRow>();
  expect_every_member_has_a_column<ConnectionRow>();
  expect_every_member_has_a_column<ResolutionRow>();
  expect_every_member_has_a_column<WaitRow>();
  expect_every_member_has_a_column<CallRow>();
  expect_every_member_has_a_column<LossRow>();
  expect_every_member_has_a_column<PositionRow>();
  expect_every_member_has_a_column<ListenerRow>();
  expect_every_member_has_a_column<FailedCallRow>();
}

std::vector<std::string> names(const TableShape& table) {
  std::vector<std::string> result;
  for (const ColumnShape& column : table.columns) result.emplace_back(column.name);
  return result;
}

// People's queries rest on these. Written out by hand: this list may only grow at its end.
TEST(Schema, NamesPeopleQueryAreFixed) {
  EXPECT_THAT(
      names(shape_of<ProcessRow>()),
      ElementsAre("id", "pid", "ppid", "start_ticks", "exe", "command_line", "uid", "started_ns",
                  "ended_ns", "exit_status", "coverage", "descriptor_limit", "proxies"));
  std::vector<std::string> connection = names(shape_of<ConnectionRow>());
  ASSERT_GE(connection.size(), 38U);
  connection.resize(38);
  EXPECT_THAT(connection, testing::ElementsAreArray({"id",
                                                     "process_id",
                                                     "tid",
                                                     "fd",
                                                     "cookie",
                                                     "family",
                                                     "protocol",
                                                     "blocking",
                                                     "peer_name",
                                                     "peer_address",
                                                     "peer_port",
                                                     "local_address",
                                                     "local_port",
                                                     "resolution_id",
                                                     "started_ns",
                                                     "decided_ns",
                                                     "noticed_ns",
                                                     "first_send_ns",
                                                     "first_receive_ns",
                                                     "closed_ns",
                                                     "outcome",
                                                     "ending",
                                                     "errno",
                                                     "budget_ns",
                                                     "budget_source",
                                                     "waits",
                                                     "expired_waits",
                                                     "tcp_state",
                                                     "syn_retransmits",
                                                     "retransmits",
                                                     "segs_out",
                                                     "segs_in",
                                                     "rtt_us",
                                                     "bytes_sent",
                                                     "bytes_received",
                                                     "turns",
                                                     "turn_total_ns",
                                                     "turn_max_ns"}));
  EXPECT_THAT(names(shape_of<ResolutionRow>()),
              ElementsAre("id", "process_id", "tid", "name", "service", "started_ns", "duration_ns",
                          "result", "error", "addresses", "family"));
  EXPECT_THAT(names(shape_of<WaitRow>()),
              ElementsAre("id", "process_id", "tid", "connection_id", "call", "started_ns",
                          "timeout_ns", "result"));
  EXPECT_THAT(names(shape_of<CallRow>()),
              ElementsAre("process_id", "tid", "connection_id", "fd", "call", "started_ns",
                          "duration_ns", "result", "errno"));
  EXPECT_THAT(names(shape_of<LossRow>()), ElementsAre("process_id", "cause", "count"));
  EXPECT_THAT(names(shape_of<PositionRow>()), ElementsAre("segment", "slot", "sequence"));
  EXPECT_THAT(names(shape_of<TraceRow>()), ElementsAre("key", "value"));
}

TEST(Schema, IdIsTheRowidSoThatLookupNeedsNoIndex) {
  EXPECT_THAT(create_table_sql(shape_of<WaitRow>()),
              testing::AllOf(HasSubstr("id INTEGER NOT NULL"), HasSubstr("PRIMARY KEY (id)")));
}

// The README of the folder is what people who query a trace go by.
TEST(Schema, ReadmeTellsEveryColumn) {
  const std::string readme = read_file(SOCKWATCH_STORE_README);
  ASSERT_NE(readme, "");
  for (const TableShape& table : all_tables()) {
    const std::size_t begin = readme.find(fmt::format("\n### {}\n", table.name));
    ASSERT_NE(begin, std::string::npos) << table.name;
    const std::string section = readme.substr(begin, readme.find("\n##", begin + 4) - begin);
    for (const ColumnShape& column : table.columns) {
      EXPECT_THAT(section, HasSubstr(fmt::format("\n| `{}` |", column.name))) << table.name;
    }
  }
}

class Readme : public StoreTest {};

TEST_F(Readme, QueriesRun) {
  record(3);
  const std::string readme = read_file(SOCKWATCH_STORE_README);
  const std::string fence = "```sql\n";
  int queries = 0;
  for (std::size_t at = readme.find(fence); at != std::string::npos; at = readme.find(fence, at)) {
    at += fence.size();
    run_sql(path(), readme.substr(at, readme.find("```", at) - at));
    ++queries;
  }
  EXPECT_GE(queries, 5);
}

// A table of a time to come, as today's version would have left it: without the newest columns.
struct GrownRow {
  std::int64_t id = 0;
  OptInt newer_number;
  std::string newer_text = "default";
};

}  // namespace

template <>
struct Table<GrownRow> {
  static constexpr const char* kName = "grown";
  static constexpr const char* kKey = "id";
  static constexpr auto kColumns =
      std::tuple(Column("id", &GrownRow::id), Column("newer_number", &GrownRow::newer_number, 2),
                 Column("newer_text", &GrownRow::newer_text, 3));
};

namespace {

class GrownTable : public StoreTest {
 protected:
  Result<std::vector<GrownRow>> rows(const std::set<std::string>& columns) const {
    Result<Database> database = Database::open(path(), path(), Access::read);
    if (!database) return database.error();
    return all_rows<GrownRow>(*database, Layout{1, {{"grown", columns}}}, "ORDER BY id");
  }
};

TEST_F(GrownTable, ColumnsAnOlderFileLacksAreNotKnown) {
  run_sql(path(), "CREATE TABLE grown (id INTEGER PRIMARY KEY); INSERT INTO grown VALUES (7)");
  const auto result = rows({"id"});
  ASSERT_TRUE(ok(result));
  ASSERT_EQ(result->size(), 1U);
  EXPECT_EQ(result->front().id, 7);
  EXPECT_EQ(result->front().newer_number, std::nullopt);
  EXPECT_EQ(result->front().newer_text, "default");
}

TEST_F(GrownTable, ColumnsItHasAreRead) {
  run_sql(path(),
          "CREATE TABLE grown (newer_number INTEGER, id INTEGER PRIMARY KEY, unknown TEXT);"
          "INSERT INTO grown VALUES (8, 7, 'x')");
  const auto result = rows({"id", "newer_number", "unknown"});
  ASSERT_TRUE(ok(result));
  ASSERT_EQ(result->size(), 1U);
  EXPECT_EQ(result->front().newer_number, 8);
}

TEST_F(GrownTable, NullWhereAValueMustBeIsDamage) {
  run_sql(path(),
          "CREATE TABLE grown (id INTEGER PRIMARY KEY, newer_text TEXT);"
          "INSERT INTO grown VALUES (7, NULL)");
  EXPECT_THAT(message_of(rows({"id", "newer_text"})),
              HasSubstr("column newer_text of table grown"));
}

}  // namespace
}  // namespace sockwatch::store
