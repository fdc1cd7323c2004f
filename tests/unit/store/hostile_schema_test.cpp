// Files made to look like a trace by somebody who wants the viewer to do something else.
#include "tests/unit/store/support.h"

namespace sockwatch::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class HostileSchema : public StoreTest {
 protected:
  void SetUp() override { record(3); }
};

TEST_F(HostileSchema, AViewInPlaceOfATable) {
  run_sql(
      path(),
      "ALTER TABLE connection RENAME TO hidden; CREATE VIEW connection AS SELECT * FROM hidden");
  const Error error = read_error();
  EXPECT_THAT(error.message, HasSubstr("connection is a view"));
  EXPECT_NE(error.hint, "");
}

// The type column of sqlite_schema is only what somebody wrote there.
TEST_F(HostileSchema, AViewThatClaimsToBeATable) {
  run_sql(path(),
          "ALTER TABLE wait RENAME TO hidden; CREATE VIEW wait AS SELECT * FROM hidden;"
          "PRAGMA writable_schema = ON;"
          "UPDATE sqlite_schema SET type = 'table', rootpage = 2 WHERE name = 'wait'");
  const Error error = read_error();
  EXPECT_THAT(error.message, testing::AnyOf(HasSubstr("wait is a view"), HasSubstr("damaged")));
}

TEST_F(HostileSchema, AVirtualTable) {
  run_sql(path(),
          "DROP TABLE loss; CREATE VIRTUAL TABLE loss USING fts5(process_id, cause, count)");
  EXPECT_THAT(read_error().message, HasSubstr("loss is a virtual"));
}

TEST_F(HostileSchema, ATriggerUnderTheNameOfATable) {
  run_sql(path(),
          "DROP TABLE wait; CREATE TRIGGER wait AFTER INSERT ON connection BEGIN SELECT 1; END");
  EXPECT_THAT(read_error().message, HasSubstr("no table wait"));
}

TEST_F(HostileSchema, AComputedColumn) {
  run_sql(path(),
          "DROP TABLE loss; CREATE TABLE loss (process_id INTEGER, count INTEGER NOT NULL,"
          "cause TEXT AS (hex(zeroblob(1000000))))");
  EXPECT_THAT(read_error().message, HasSubstr("computed columns"));
}

TEST_F(HostileSchema, MissingTableOrColumn) {
  run_sql(path(), "ALTER TABLE connection RENAME COLUMN outcome TO verdict");
  EXPECT_THAT(read_error().message, HasSubstr("table connection has no column outcome"));
  run_sql(path(), "DROP TABLE process");
  EXPECT_THAT(read_error().message, HasSubstr("no table process"));
}

TEST_F(HostileSchema, ObjectsOfPeopleWhoQueryTheirTraceAreTheirOwnBusiness) {
  run_sql(path(),
          "CREATE VIEW slow AS SELECT * FROM connection; CREATE TABLE notes (x);"
          "CREATE INDEX mine ON connection (peer_address);"
          "ALTER TABLE connection ADD COLUMN remark TEXT");
  EXPECT_THAT(ids(*Reader::open(path())), ElementsAre(1, 2, 3));
}

TEST_F(HostileSchema, WrongTypesInCellsAreErrorsNotNumbers) {
  const std::pair<const char*, const char*> cases[] = {
      {"tid", "'abc'"},   {"tid", "1.5"},         {"tid", "x'00'"},
      {"errno", "'abc'"}, {"peer_name", "x'ff'"}, {"outcome", "x'00'"},
      {"blocking", "2"},  {"tls", "-1"},          {"peer_port", "9e99"},
  };
  for (const auto& [column, value] : cases) {
    const std::string name = fmt::format("{}-{}", column, value[0] == '\'' ? "text" : value);
    record(3, name);
    run_sql(path(name), fmt::format("UPDATE connection SET {} = {} WHERE id = 2", column, value));
    const Result<Reader> reader = Reader::open(path(name));
    ASSERT_TRUE(ok(reader));
    std::vector<std::int64_t> before;
    const Status status = reader->connections({}, [&](const ConnectionRow& row) {
      before.push_back(row.id);
      return true;
    });
    EXPECT_THAT(message_of(status), HasSubstr(fmt::format("column {} of table connection", column)))
        << value;
    EXPECT_THAT(before, ElementsAre(1));
    EXPECT_FALSE(reader->connection(2));
    EXPECT_TRUE(ok(reader->connection(3)));
  }
}

TEST_F(HostileSchema, ValuesBeyondAnyBoundAreRefused) {
  run_sql(path(),
          fmt::format("UPDATE connection SET peer_name = printf('%.*c', {}, 'x') WHERE id = 1",
                      kMaxValueBytes + 1000));
  const Result<Reader> reader = Reader::open(path());
  ASSERT_TRUE(ok(reader));
  EXPECT_THAT(message_of(reader->connections({}, [](const ConnectionRow&) { return true; })),
              HasSubstr("damaged"));
}

TEST_F(HostileSchema, NothingCanBeWrittenThroughAReader) {
  for (const Access access : {Access::read, Access::read_immutable}) {
    const Result<Database> database = Database::open(path(), path(), access);
    ASSERT_TRUE(ok(database));
    for (const char* sql :
         {"DELETE FROM connection", "CREATE TABLE t (x)", "SELECT load_extension('libc.so.6')",
          "ATTACH ':memory:' AS other", "PRAGMA writable_schema = ON; DELETE FROM sqlite_schema"}) {
      EXPECT_FALSE(database->run(sql)) << sql;
    }
  }
  EXPECT_THAT(ids(*Reader::open(path())), ElementsAre(1, 2, 3));
}

}  // namespace
}  // namespace sockwatch::store
