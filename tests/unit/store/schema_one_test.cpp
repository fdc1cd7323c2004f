// Traces of schema 1, from before there were listeners, failed calls and pauses.
#include <fmt/format.h>

#include "tests/unit/store/support.h"

namespace sockwatch::store {
namespace {

class SchemaOne : public StoreTest {
 protected:
  // A trace as it was written then.
  void record_then(std::int64_t rows) const {
    record(rows);
    std::string sql;
    for (const TableShape& table : all_tables()) {
      if (table.since() > 1) {
        sql += fmt::format("DROP TABLE {};", table.name);
        continue;
      }
      for (const ColumnShape& column : table.columns) {
        if (column.since <= 1) continue;
        sql += fmt::format("ALTER TABLE {} DROP COLUMN {};", table.name, column.name);
      }
    }
    run_sql(path(), sql +
                        "UPDATE trace SET value = '1' WHERE key = 'schema_version';"
                        "PRAGMA user_version = 1");
  }
};

TEST_F(SchemaOne, IsReadWithTheNewColumnsUnknown) {
  record_then(3);
  const Result<Reader> reader = Reader::open(path());
  ASSERT_TRUE(ok(reader));
  EXPECT_EQ(reader->trace()->at("schema_version"), "1");
  EXPECT_THAT(ids(*reader), testing::ElementsAre(1, 2, 3));
  const auto row = reader->connection(2);
  ASSERT_TRUE(ok(row));
  ASSERT_TRUE(row->has_value());
  EXPECT_EQ((*row)->outcome, connection_row(2).outcome);
  EXPECT_EQ((*row)->idle_ns, std::nullopt);
  EXPECT_EQ((*row)->idle_answered_ns, std::nullopt);
  EXPECT_EQ((*row)->send_tcp_state, std::nullopt);
  EXPECT_EQ((*row)->interrupted, std::nullopt);
  EXPECT_EQ((*row)->fast_open, std::nullopt);
  EXPECT_EQ((*row)->reply_begun, std::nullopt);
}

TEST_F(SchemaOne, HasNeitherListenersNorFailedCalls) {
  record_then(1);
  const Result<Reader> reader = Reader::open(path());
  ASSERT_TRUE(ok(reader));
  const auto listeners = reader->listeners();
  ASSERT_TRUE(ok(listeners));
  EXPECT_TRUE(listeners->empty());
  const auto failed_calls = reader->failed_calls();
  ASSERT_TRUE(ok(failed_calls));
  EXPECT_TRUE(failed_calls->empty());
}

TEST_F(SchemaOne, ProcessesHaveNoLimit) {
  Writer then = writer();
  ProcessRow process;
  process.id = 5;
  process.coverage = "preload";
  process.descriptor_limit = 1024;
  ASSERT_TRUE(then.put(process));
  ASSERT_TRUE(then.finish());
  run_sql(path(),
          "ALTER TABLE process DROP COLUMN descriptor_limit;"
          "PRAGMA user_version = 1");
  const Result<Reader> reader = Reader::open(path());
  ASSERT_TRUE(ok(reader));
  const auto processes = reader->processes();
  ASSERT_TRUE(ok(processes));
  ASSERT_EQ(processes->size(), 1U);
  EXPECT_EQ(processes->front().id, 5);
  EXPECT_EQ(processes->front().descriptor_limit, std::nullopt);
}

}  // namespace
}  // namespace sockwatch::store
