// The second copy of the connections that long traces have: the same rows, or it is not used.
#include <algorithm>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <random>
#include <span>
#include <stdexcept>

#include "collector/store/block.h"
#include "collector/store/packed_copy.h"
#include "tests/unit/store/support.h"

namespace sockwatch::store {
namespace {

using testing::HasSubstr;

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

// Fills every column with one of a few kinds of values, some of them at the end of their range.
class Dice {
 public:
  void fill(std::int64_t& value) {
    switch (random_() % 6) {
      case 0:
        value = std::numeric_limits<std::int64_t>::max();
        break;
      case 1:
        value = std::numeric_limits<std::int64_t>::min();
        break;
      case 2:
        value = static_cast<std::int64_t>(random_());
        break;
      default:
        value = static_cast<std::int64_t>(random_() % 300);
        break;
    }
  }
  void fill(std::string& value) {
    value = random_() % 9 == 0 ? std::string(random_() % 400, '\0') : std::to_string(random_() % 7);
  }
  void fill(bool& value) { value = random_() % 2 == 0; }
  template <typename Value>
  void fill(std::optional<Value>& value) {
    if (random_() % 3 == 0) {
      value.reset();
    } else {
      fill(value.emplace());
    }
  }
  ConnectionRow row(std::int64_t id) {
    ConnectionRow made;
    for_each_column<ConnectionRow>([&](const auto& column) { fill(made.*(column.member)); });
    made.id = id;
    return made;
  }

 private:
  std::mt19937_64 random_{7};
};

bool same(const ConnectionRow& a, const ConnectionRow& b) {
  bool equal = true;
  for_each_column<ConnectionRow>(
      [&](const auto& column) { equal = equal && a.*(column.member) == b.*(column.member); });
  return equal;
}

std::vector<ConnectionRow> all_of(const Reader& reader) {
  std::vector<ConnectionRow> rows;
  EXPECT_TRUE(ok(reader.connections({}, [&](const ConnectionRow& row) {
    rows.push_back(row);
    return true;
  })));
  return rows;
}

class PackedTest : public StoreTest {
 protected:
  void record_rows(const std::vector<ConnectionRow>& rows, const std::string& name,
                   std::int64_t pack_from) const {
    Writer trace = writer(OpenMode::create, name);
    for (const ConnectionRow& row : rows) ASSERT_TRUE(ok(trace.put(row)));
    ASSERT_TRUE(ok(trace.finish(pack_from)));
  }
  // Both ways of reading the same rows.
  void expect_no_difference(const std::vector<ConnectionRow>& rows) const {
    record_rows(rows, "packed", 1);
    record_rows(rows, "plain", kNever);
    const Result<Reader> packed = Reader::open(path("packed"));
    const Result<Reader> plain = Reader::open(path("plain"));
    ASSERT_TRUE(ok(packed));
    ASSERT_TRUE(ok(plain));
    EXPECT_TRUE(packed->is_packed());
    EXPECT_FALSE(plain->is_packed());
    const auto quick = all_of(*packed);
    const auto slow = all_of(*plain);
    ASSERT_EQ(quick.size(), rows.size());
    ASSERT_EQ(slow.size(), rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      ASSERT_TRUE(same(quick[i], slow[i])) << "row " << i << ", id " << slow[i].id;
    }
    EXPECT_EQ(*packed->trace(), *plain->trace());
  }
};

TEST_F(PackedTest, RowsOfEveryKindComeBackInTheSameOrder) {
  Dice dice;
  std::vector<ConnectionRow> rows;
  for (std::int64_t id = 1; id <= 4 * kPackedBlock + 77; ++id) rows.push_back(dice.row(id));
  expect_no_difference(rows);
}

TEST_F(PackedTest, RowsThatAreAlikeComeBackToo) {
  std::vector<ConnectionRow> rows;
  for (std::int64_t id = 1; id <= kPackedBlock; ++id) {
    rows.push_back(connection_row(id));
    rows.back().started_ns = 5;
  }
  expect_no_difference(rows);
}

TEST_F(PackedTest, AShortTraceHasNone) {
  record(100);
  EXPECT_FALSE(Reader::open(path())->is_packed());
  EXPECT_EQ(ask_sql(path(), "SELECT count(*) FROM sqlite_schema WHERE name = 'connection_packed'"),
            "0");
}

TEST_F(PackedTest, ATwinReadsTheSameFileOrThereIsNone) {
  record_rows({connection_row(1), connection_row(2)}, "trace.swt", 1);
  const Result<Reader> reader = Reader::open(path());
  ASSERT_TRUE(ok(reader));
  const auto twin = reader->twin();
  ASSERT_TRUE(twin);
  EXPECT_EQ(all_of(*twin).size(), 2U);
  std::filesystem::rename(path(), path("elsewhere"));
  EXPECT_FALSE(reader->twin());
  record_rows({connection_row(1), connection_row(2)}, "trace.swt", 1);  // another
  EXPECT_FALSE(reader->twin());
  EXPECT_EQ(all_of(*reader).size(), 2U);
}

TEST_F(PackedTest, ItIsVoidOnceTheFileWasChanged) {
  record_rows({connection_row(1), connection_row(2)}, "trace.swt", 1);
  ASSERT_TRUE(Reader::open(path())->is_packed());
  run_sql(path(), "UPDATE connection SET outcome = 'refused' WHERE id = 2");
  const Result<Reader> reader = Reader::open(path());
  ASSERT_TRUE(ok(reader));
  EXPECT_FALSE(reader->is_packed());
  EXPECT_EQ(all_of(*reader).at(1).outcome, "refused");
}

// One of them is SQL, the other is not.
TEST_F(PackedTest, FiltersChooseTheSameRows) {
  const char* const outcomes[] = {"connected", "refused", "timed_out_caller", "odd word"};
  const char* const addresses[] = {"10.0.0.1", "10.0.0.13", "::1", "/run/DB.sock", "@Name"};
  for (const std::int64_t pack_from : {std::int64_t{1}, kNever}) {
    Writer trace = writer(OpenMode::create, pack_from == 1 ? "packed" : "plain");
    for (std::int64_t id = 1; id <= 4; ++id) {
      ProcessRow process;
      process.id = id;
      process.pid = id;
      process.coverage = "preload";
      if (id != 3) process.exe = "/usr/bin/program" + std::to_string(id);
      if (id % 2 == 0) process.ended_ns = 40'000 * id;
      ASSERT_TRUE(ok(trace.put(process)));
    }
    std::mt19937_64 random(3);
    for (std::int64_t id = 1; id <= 2000; ++id) {
      ConnectionRow row = connection_row(id);
      row.process_id = static_cast<std::int64_t>(random() % 6);
      row.outcome = outcomes[random() % 4];
      if (random() % 3 == 0) row.ending = random() % 2 == 0 ? "reset" : "closed";
      row.peer_address.reset();
      if (random() % 5 != 0) row.peer_address = addresses[random() % 5];
      if (random() % 2 == 0) row.peer_name = "Shop" + std::to_string(random() % 3) + ".Test";
      row.peer_port.reset();
      if (random() % 4 != 0) row.peer_port = random() % 2 == 0 ? 443 : 80;
      row.started_ns = static_cast<std::int64_t>(random() % 100'000);
      if (random() % 3 != 0) row.decided_ns = static_cast<std::int64_t>(random() % 200'000);
      if (random() % 3 == 0) row.closed_ns = std::numeric_limits<std::int64_t>::max();
      ASSERT_TRUE(ok(trace.put(row)));
    }
    ASSERT_TRUE(ok(trace.finish(pack_from)));
  }
  const Result<Reader> packed = Reader::open(path("packed"));
  const Result<Reader> plain = Reader::open(path("plain"));
  ASSERT_TRUE(packed->is_packed() && !plain->is_packed());
  std::vector<Filter> filters(1);
  for (const char* text : {"shop1", "10.0.0.1", ":443", "10.0.0.13:80", "[::1]:443", "db.sock",
                           "@name", "test:443", "nowhere"}) {
    filters.emplace_back().destination = text;
  }
  for (const char* text : {"refused", "reset, timed_out_caller", "odd word", ""}) {
    filters.emplace_back().outcome = text;
  }
  for (const char* text : {"program1", "/usr", "", "nobody"}) filters.emplace_back().exe = text;
  for (const Ns bound : {Ns{0}, Ns{50'000}, Ns{99'000}, Ns{-5}}) {
    filters.emplace_back().since_ns = bound;
    filters.emplace_back().min_connect_ns = bound;
  }
  filters.emplace_back().may_have_failed = true;
  const std::size_t single = filters.size();
  for (std::size_t i = 0; i + 3 < single; i += 2) {
    Filter both = filters[i];
    if (filters[i + 3].outcome) both.outcome = filters[i + 3].outcome;
    if (filters[i + 3].exe) both.exe = filters[i + 3].exe;
    both.min_connect_ns = 10'000;
    filters.push_back(both);
  }
  std::size_t chosen = 0;
  for (const Filter& filter : filters) {
    const auto expected = ids(*plain, filter);
    chosen += expected.size();
    EXPECT_EQ(ids(*packed, filter), expected)
        << filter.destination.value_or("") << ' ' << filter.outcome.value_or("") << ' '
        << filter.exe.value_or("") << ' ' << filter.min_connect_ns.value_or(-1);
  }
  EXPECT_GT(chosen, 1000u);
  Filter wrong;
  wrong.outcome = "no such word";
  EXPECT_EQ(message_of(packed->connections(wrong, [](const ConnectionRow&) { return true; })),
            message_of(plain->connections(wrong, [](const ConnectionRow&) { return true; })));
}

// The collector was killed after the trace was complete and before the copy was.
TEST_F(PackedTest, AHalfMadeCopyIsNotRead) {
  record(3);
  run_sql(path(), create_packed_sql() + "; INSERT INTO connection_packed VALUES (0, 1, x'00')");
  const Result<Reader> reader = Reader::open(path());
  ASSERT_TRUE(ok(reader));
  EXPECT_FALSE(reader->is_packed());
  EXPECT_EQ(all_of(*reader).size(), 3u);
  // Nor is the trace taken for one that somebody changed.
  EXPECT_THAT(message_of(Writer::open(path(), OpenMode::resume)), HasSubstr("is finished"));
}

TEST_F(PackedTest, AnotherObjectUnderItsNameIsNotRead) {
  record_rows({connection_row(1)}, "trace.swt", 1);
  run_sql(path(),
          "DROP TABLE connection_packed; CREATE VIEW connection_packed AS SELECT 0 AS first, 1 AS "
          "rows, x'00' AS block");
  // As a forger would: the counter is right again.
  const std::string head = read_file(path()).substr(24, 4);
  std::uint32_t counter = 0;
  for (const char byte : head) counter = counter << 8 | static_cast<unsigned char>(byte);
  run_sql(path(), fmt::format("UPDATE trace SET value = '{} 1' WHERE key = 'connection_packed'",
                              counter + 1));
  const Result<Reader> reader = Reader::open(path());
  ASSERT_TRUE(ok(reader));
  EXPECT_FALSE(reader->is_packed());
  EXPECT_EQ(all_of(*reader).size(), 1u);
}

TEST_F(PackedTest, AForgedBlockIsAnError) {
  record_rows({connection_row(1), connection_row(2)}, "trace.swt", 1);
  run_sql(path(), "UPDATE connection_packed SET block = x'0000'");
  const std::string head = read_file(path()).substr(24, 4);
  std::uint32_t counter = 0;
  for (const char byte : head) counter = counter << 8 | static_cast<unsigned char>(byte);
  run_sql(path(), fmt::format("UPDATE trace SET value = '{} 2' WHERE key = 'connection_packed'",
                              counter + 1));
  const Result<Reader> reader = Reader::open(path());
  ASSERT_TRUE(ok(reader));
  ASSERT_TRUE(reader->is_packed());
  EXPECT_THAT(message_of(reader->connections({}, [](const ConnectionRow&) { return true; })),
              HasSubstr("table connection_packed holds"));
}

// Any bytes are either refused or rows; sanitizers see the rest.
TEST(Block, CutAndChangedBytes) {
  Dice dice;
  Packer packer;
  for (std::int64_t id = 1; id <= 20; ++id) {
    ConnectionRow row = dice.row(id);
    row.started_ns = id;
    packer.add(row);
  }
  const std::string bytes = packer.take();
  ASSERT_TRUE(Block(kSchemaVersion).open(bytes, 20));
  for (std::size_t size = 0; size < bytes.size(); size += 7) {
    EXPECT_FALSE(Block(kSchemaVersion).open(std::string_view(bytes).substr(0, size), 20));
  }
  EXPECT_FALSE(Block(kSchemaVersion).open(bytes + "x", 20));
  std::mt19937_64 random(11);
  int refused = 0;
  for (int i = 0; i < 3000; ++i) {
    std::string changed = bytes;
    for (int change = 0; change < 3; ++change) {
      changed[random() % changed.size()] = static_cast<char>(random());
    }
    Block block(kSchemaVersion);
    if (!block.open(changed,
                    static_cast<std::int64_t>(random() % 3 == 0 ? random() % 70'000 : 20))) {
      ++refused;
      continue;
    }
    EXPECT_EQ(block.rows(), 20u);
    BlockRows rows(block);
    for (std::size_t row = 0; row < block.rows(); ++row) {
      // By itself, or of a column that is read as a whole.
      if (i % 2 == 0) (void)block.column<&ConnectionRow::rtt_us>().values();
      (void)rows[row];
    }
  }
  EXPECT_GT(refused, 0);
}

// What readers of one block share, and what each of them does with it.
struct SharedIds {
  Block& block;
  std::span<const std::int64_t> ids;
};

TEST_F(PackedTest, SeveralReadersShareABlock) {
  std::vector<ConnectionRow> rows;
  for (std::int64_t id = 1; id <= 6 * kPackedBlock + 5; ++id) {
    rows.push_back(connection_row(id));
    rows.back().started_ns = id;
  }
  record_rows(rows, "packed", 1);
  const Result<Reader> packed = Reader::open(path("packed"));
  ASSERT_TRUE(ok(packed));
  const std::function<std::shared_ptr<SharedIds>(Block&)> prepare = [](Block& block) {
    return std::make_shared<SharedIds>(
        SharedIds{block, block.column<&ConnectionRow::id>().values()});
  };
  std::vector<std::int64_t> by_column;
  std::size_t same_rows = 0;
  const std::vector<std::function<void(SharedIds&)>> see = {
      [&](SharedIds& shared) {
        by_column.insert(by_column.end(), shared.ids.begin(), shared.ids.end());
      },
      [&](SharedIds& shared) {
        BlockRows put_together(shared.block);
        for (std::size_t i = 0; i < shared.block.rows(); ++i) {
          const ConnectionRow& row = put_together[i];
          same_rows += same(row, rows[static_cast<std::size_t>(row.id - 1)]) ? 1 : 0;
        }
      }};
  ASSERT_TRUE(ok(packed->blocks<SharedIds>({}, prepare, see)));
  ASSERT_EQ(by_column.size(), rows.size());
  EXPECT_TRUE(std::is_sorted(by_column.begin(), by_column.end()));
  EXPECT_EQ(same_rows, rows.size());

  const std::vector<std::function<void(SharedIds&)>> fails = {
      [](SharedIds&) {}, [](SharedIds&) { throw std::runtime_error("enough"); }};
  EXPECT_THROW((void)packed->blocks<SharedIds>({}, prepare, fails), std::runtime_error);
}

TEST(Block, BlocksOutOfOrderAreRefused) {
  Packer packer;
  packer.add(connection_row(1));
  const std::string first = packer.take();
  packer.add(connection_row(2));
  const std::string second = packer.take();
  Block block(kSchemaVersion);
  EXPECT_TRUE(block.open(second, 1));
  EXPECT_FALSE(block.open(first, 1));
}

}  // namespace
}  // namespace sockwatch::store
