#include <limits>

#include "tests/unit/store/support.h"

namespace sockwatch::store {
namespace {

using testing::ElementsAre;

// Values that differ in every column, so that two columns taken for each other show.
struct Distinct {
  std::int64_t next;
  void fill(std::int64_t& value) { value = next++; }
  void fill(std::string& value) { value = "text " + std::to_string(next++); }
  void fill(bool& value) { value = next++ % 2 == 0; }
  template <typename Value>
  void fill(std::optional<Value>& value) {
    fill(value.emplace());
  }
};

struct Extreme {
  bool high;
  void fill(std::int64_t& value) const {
    value =
        high ? std::numeric_limits<std::int64_t>::max() : std::numeric_limits<std::int64_t>::min();
  }
  void fill(std::string& value) const {
    using std::string_literals::operator""s;
    value = high ? std::string(100'000, '\xff') : "a\0b'\"%;\n\xc3\xa9\xf0"s;
  }
  void fill(bool& value) const { value = high; }
  template <typename Value>
  void fill(std::optional<Value>& value) const {
    fill(value.emplace());
  }
};

struct Empty {
  void fill(std::int64_t& value) const { value = 0; }
  void fill(std::string& value) const { value = ""; }
  template <typename Value>
  void fill(std::optional<Value>& value) const {
    value.reset();
  }
};

template <typename Row, typename Values>
Row filled(Values values) {
  Row row;
  for_each_column<Row>([&](const auto& column) { values.fill(row.*(column.member)); });
  return row;
}

template <typename Row>
void expect_equal(const Row& read, const Row& written) {
  for_each_column<Row>([&](const auto& column) {
    EXPECT_EQ(read.*(column.member), written.*(column.member))
        << Table<Row>::kName << "." << column.name;
  });
}

template <typename Row>
class RoundTrip : public StoreTest {
 protected:
  static Status put(Writer& writer, const Row& row) {
    if constexpr (std::is_same_v<Row, TraceRow>) {
      return writer.set(row.key, row.value);
    } else {
      return writer.put(row);
    }
  }
  // Past the Reader, which has no call for every table.
  std::vector<Row> read() const {
    Result<Database> database = Database::open(path(), path(), Access::read_immutable);
    EXPECT_TRUE(ok(database));
    Result<Layout> layout = inspect(*database);
    EXPECT_TRUE(ok(layout));
    Result<std::vector<Row>> rows = all_rows<Row>(
        *database, *layout,
        std::is_same_v<Row, TraceRow>
            ? "WHERE key NOT IN ('schema_version', 'sockwatch_version', 'finished') ORDER BY rowid"
            : "ORDER BY rowid");
    EXPECT_TRUE(ok(rows));
    return rows ? *rows : std::vector<Row>{};
  }
  void expect_survives(const Row& row) {
    {
      Writer writer = this->writer();
      ASSERT_TRUE(ok(put(writer, row)));
      ASSERT_TRUE(ok(writer.finish()));
    }
    const std::vector<Row> rows = read();
    ASSERT_EQ(rows.size(), 1U);
    expect_equal(rows.front(), row);
  }
};

using AllRows = testing::Types<TraceRow, ProcessRow, ConnectionRow, ResolutionRow, WaitRow, CallRow,
                               LossRow, PositionRow, ListenerRow, FailedCallRow>;
TYPED_TEST_SUITE(RoundTrip, AllRows);

TYPED_TEST(RoundTrip, DistinctValues) { this->expect_survives(filled<TypeParam>(Distinct{1000})); }
TYPED_TEST(RoundTrip, OddBooleans) { this->expect_survives(filled<TypeParam>(Distinct{1001})); }
TYPED_TEST(RoundTrip, LargestValues) { this->expect_survives(filled<TypeParam>(Extreme{true})); }
TYPED_TEST(RoundTrip, SmallestAndOddText) {
  this->expect_survives(filled<TypeParam>(Extreme{false}));
}
TYPED_TEST(RoundTrip, NullsAndEmptyText) { this->expect_survives(filled<TypeParam>(Empty{})); }

// The statement is used again: nothing of the row before may shine through.
TYPED_TEST(RoundTrip, NullsAfterValues) {
  const auto first = filled<TypeParam>(Distinct{1});
  auto second = filled<TypeParam>(Empty{});
  {
    Writer writer = this->writer();
    ASSERT_TRUE(ok(this->put(writer, first)));
    ASSERT_TRUE(ok(this->put(writer, second)));
    ASSERT_TRUE(ok(writer.finish()));
  }
  const std::vector<TypeParam> rows = this->read();
  ASSERT_EQ(rows.size(), 2U);
  const bool swapped = rows[0].*(std::get<0>(Table<TypeParam>::kColumns).member) !=
                       first.*(std::get<0>(Table<TypeParam>::kColumns).member);
  expect_equal(rows[swapped ? 1 : 0], first);
  expect_equal(rows[swapped ? 0 : 1], second);
}

class Replace : public StoreTest {};

TEST_F(Replace, RowOfTheSameIdIsReplacedWhole) {
  Writer writer = this->writer();
  ConnectionRow row = connection_row(1);
  row.outcome = "pending";
  row.peer_name = "old";
  ASSERT_TRUE(ok(writer.put(row)));
  ASSERT_TRUE(ok(writer.put(connection_row(2))));
  ASSERT_TRUE(ok(writer.commit()));
  row.outcome = "refused";
  row.peer_name.reset();
  ASSERT_TRUE(ok(writer.put(row)));
  ASSERT_TRUE(ok(writer.finish()));

  const Result<Reader> reader = Reader::open(path());
  ASSERT_TRUE(ok(reader));
  EXPECT_THAT(ids(*reader), ElementsAre(1, 2));
  const auto read = reader->connection(1);
  ASSERT_TRUE(ok(read));
  ASSERT_TRUE(read->has_value());
  EXPECT_EQ((*read)->outcome, "refused");
  EXPECT_EQ((*read)->peer_name, std::nullopt);
  EXPECT_FALSE(reader->connection(3)->has_value());
}

TEST_F(Replace, LossCountsOfOneProcessAndCause) {
  Writer writer = this->writer();
  for (const LossRow& row :
       {LossRow{1, "ring_full", 5}, LossRow{std::nullopt, "ring_full", 6}, LossRow{1, "no_slot", 7},
        LossRow{1, "ring_full", 8}, LossRow{std::nullopt, "ring_full", 9}}) {
    ASSERT_TRUE(ok(writer.put(row)));
  }
  ASSERT_TRUE(ok(writer.finish()));
  const auto losses = Reader::open(path())->losses();
  ASSERT_TRUE(ok(losses));
  ASSERT_EQ(losses->size(), 3U);
  expect_equal((*losses)[0], LossRow{std::nullopt, "ring_full", 9});
  expect_equal((*losses)[1], LossRow{1, "no_slot", 7});
  expect_equal((*losses)[2], LossRow{1, "ring_full", 8});
}

TEST_F(Replace, PositionsOfOneRing) {
  Writer writer = this->writer();
  for (const PositionRow& row : {PositionRow{"a", 0, 5}, PositionRow{"a", 1, 6},
                                 PositionRow{"b", 0, 7}, PositionRow{"a", 0, 8}}) {
    ASSERT_TRUE(ok(writer.put(row)));
  }
  ASSERT_TRUE(ok(writer.commit()));
  const auto positions = writer.positions();
  ASSERT_TRUE(ok(positions));
  ASSERT_EQ(positions->size(), 3U);
  expect_equal((*positions)[0], PositionRow{"a", 0, 8});
  expect_equal((*positions)[1], PositionRow{"a", 1, 6});
  expect_equal((*positions)[2], PositionRow{"b", 0, 7});
}

class ReaderCalls : public StoreTest {};

TEST_F(ReaderCalls, TablesComeInTheirOrder) {
  Writer writer = this->writer();
  ASSERT_TRUE(ok(writer.set("host", "here")));
  ASSERT_TRUE(ok(writer.set("host", "there")));
  for (const std::int64_t id : {3, 1, 2}) {
    auto process = filled<ProcessRow>(Distinct{id * 100});
    process.id = id;
    ASSERT_TRUE(ok(writer.put(process)));
    auto resolution = filled<ResolutionRow>(Distinct{id * 100});
    resolution.id = id;
    resolution.started_ns = -id;
    ASSERT_TRUE(ok(writer.put(resolution)));
    auto wait = filled<WaitRow>(Distinct{id * 100});
    wait.id = id;
    wait.connection_id = id == 3 ? 8 : 9;
    wait.started_ns = -id;
    ASSERT_TRUE(ok(writer.put(wait)));
    auto connection = connection_row(id);
    connection.started_ns = -id;
    ASSERT_TRUE(ok(writer.put(connection)));
  }
  ASSERT_TRUE(ok(writer.finish()));

  const Result<Reader> reader = Reader::open(path());
  ASSERT_TRUE(ok(reader));
  const auto trace = reader->trace();
  EXPECT_EQ(trace->at("host"), "there");
  EXPECT_EQ(trace->at("schema_version"), std::to_string(kSchemaVersion));
  EXPECT_EQ(reader->processes()->at(0).id, 1);
  EXPECT_EQ(reader->processes()->at(2).id, 3);
  EXPECT_THAT(ids(*reader), ElementsAre(3, 2, 1));
  const auto waits = reader->waits(9);
  ASSERT_EQ(waits->size(), 2U);
  EXPECT_EQ(waits->at(0).id, 2);
  EXPECT_EQ(waits->at(1).id, 1);
  EXPECT_TRUE(reader->waits(10)->empty());
  std::vector<std::int64_t> resolutions;
  ASSERT_TRUE(ok(reader->resolutions([&](const ResolutionRow& row) {
    resolutions.push_back(row.id);
    return true;
  })));
  EXPECT_THAT(resolutions, ElementsAre(3, 2, 1));
}

TEST_F(ReaderCalls, EachMayStopEarlyAndAskMore) {
  record(10);
  const Result<Reader> reader = Reader::open(path());
  int seen = 0;
  ASSERT_TRUE(ok(reader->connections({}, [&](const ConnectionRow& row) {
    EXPECT_TRUE(reader->connection(row.id)->has_value());
    return ++seen < 4;
  })));
  EXPECT_EQ(seen, 4);
  EXPECT_EQ(ids(*reader).size(), 10U);
}

}  // namespace
}  // namespace sockwatch::store
