#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "collector/store/copy_trace.h"
#include "tests/unit/store/support.h"

namespace sockwatch::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Durability : public StoreTest {
 protected:
  // Two rows and their position committed, two more and theirs not.
  void kill_in_mid_transaction() const {
    ASSERT_EQ(in_killed_child([&] {
                Writer& writer = undying_writer();
                for (const std::int64_t half : {0, 1}) {
                  for (const std::int64_t id : {1, 2}) {
                    const Status status = writer.put(connection_row(2 * half + id));
                    if (!status) return status.error().message;
                  }
                  const Status status = writer.put(PositionRow{"segment", 0, 100 * (half + 1)});
                  if (!status) return status.error().message;
                  if (half == 1) break;
                  if (Status committed = writer.commit(); !committed) {
                    return committed.error().message;
                  }
                }
                return std::string();
              }),
              "");
  }
};

TEST_F(Durability, AKilledRecordingIsReadableUpToItsLastCommit) {
  kill_in_mid_transaction();
  ASSERT_TRUE(exists(path("trace.swt-wal")));
  const std::string log = read_file(path("trace.swt-wal"));
  {
    const Result<Reader> reader = Reader::open(path());
    ASSERT_TRUE(ok(reader));
    EXPECT_THAT(ids(*reader), ElementsAre(1, 2));
    EXPECT_FALSE(reader->trace()->contains(kFinishedKey));
  }
  EXPECT_EQ(read_file(path("trace.swt-wal")), log) << "the reader changed what it read";
}

TEST_F(Durability, AKilledRecordingGoesOnWithRowsAndPositionsOfOneCommit) {
  kill_in_mid_transaction();
  {
    Writer writer = this->writer(OpenMode::resume);
    const auto positions = writer.positions();
    ASSERT_TRUE(ok(positions));
    ASSERT_EQ(positions->size(), 1U);
    EXPECT_EQ(positions->front().sequence, 100);
    EXPECT_EQ(*writer.largest_id("connection"), 2);
    ASSERT_TRUE(ok(writer.put(connection_row(3))));
    ASSERT_TRUE(ok(writer.finish()));
  }
  EXPECT_THAT(ids(*Reader::open(path())), ElementsAre(1, 2, 3));
  EXPECT_FALSE(exists(path("trace.swt-wal")));
}

TEST_F(Durability, WhatARestartedCollectorNeeds) {
  Writer writer = this->writer();
  EXPECT_EQ(*writer.largest_id("wait"), 0);
  ConnectionRow row = connection_row(1);
  row.outcome = "pending";
  ASSERT_TRUE(ok(writer.put(row)));
  ASSERT_TRUE(ok(writer.put(connection_row(2))));  // connected, open
  row = connection_row(3);
  row.closed_ns = 5000;
  ASSERT_TRUE(ok(writer.put(row)));
  row = connection_row(4);
  row.outcome = "refused";
  ASSERT_TRUE(ok(writer.put(row)));
  ProcessRow process;
  process.id = 17;
  process.coverage = "preload";
  ASSERT_TRUE(ok(writer.put(process)));
  ASSERT_TRUE(ok(writer.commit()));

  const auto unfinished = writer.unfinished_connections();
  ASSERT_TRUE(ok(unfinished));
  ASSERT_EQ(unfinished->size(), 2U);
  EXPECT_EQ(unfinished->at(0).id, 1);
  EXPECT_EQ(unfinished->at(1).id, 2);
  EXPECT_EQ(writer.processes()->at(0).coverage, "preload");
  EXPECT_EQ(*writer.largest_id("connection"), 4);
  EXPECT_EQ(*writer.largest_id("process"), 17);
  EXPECT_NE(message_of(writer.largest_id("call")), "");
  EXPECT_NE(message_of(writer.largest_id("connection; DROP TABLE wait")), "");
}

TEST_F(Durability, DestroyedWithoutFinishKeepsTheCommittedRows) {
  {
    Writer writer = this->writer();
    ASSERT_TRUE(ok(writer.put(connection_row(1))));
    ASSERT_TRUE(ok(writer.commit()));
    ASSERT_TRUE(ok(writer.put(connection_row(2))));
  }
  EXPECT_THAT(ids(*Reader::open(path())), ElementsAre(1));
  Writer writer = this->writer(OpenMode::resume);
  EXPECT_EQ(*writer.largest_id("connection"), 1);
}

TEST_F(Durability, ACopyOfTheMainFileAloneIsStillATrace) {
  kill_in_mid_transaction();
  write_file(path("copy.swt"), read_file(path()));
  const Result<Reader> reader = Reader::open(path("copy.swt"));
  ASSERT_TRUE(ok(reader));
  EXPECT_FALSE(reader->trace()->contains(kFinishedKey));
}

TEST_F(Durability, AReaderSeesOneMomentWhileTheWriterGoesOn) {
  Writer writer = this->writer();
  ASSERT_TRUE(ok(writer.put(connection_row(1))));
  ASSERT_TRUE(ok(writer.commit()));
  ASSERT_TRUE(ok(writer.put(connection_row(2))));

  const Result<Reader> before = Reader::open(path());
  ASSERT_TRUE(ok(before));
  EXPECT_THAT(ids(*before), ElementsAre(1));
  ASSERT_TRUE(ok(writer.commit()));
  ASSERT_TRUE(ok(writer.put(connection_row(3))));
  EXPECT_THAT(ids(*before), ElementsAre(1));
  const Result<Reader> after = Reader::open(path());
  ASSERT_TRUE(ok(after));
  EXPECT_THAT(ids(*after), ElementsAre(1, 2));
}

TEST_F(Durability, ReadersNeverFailWhileAWriterIsBusy) {
  Writer writer = this->writer();
  ASSERT_TRUE(ok(writer.commit()));
  std::atomic<bool> stop = false;
  std::string failure;
  std::thread reading([&] {
    std::size_t last = 0;
    while (!stop) {
      const Result<Reader> reader = Reader::open(path());
      if (!reader) {
        failure = reader.error().message;
        return;
      }
      std::size_t count = 0;
      const Status status = reader->connections({}, [&](const ConnectionRow&) {
        ++count;
        return true;
      });
      if (!status || count < last || count % 500 != 0) {
        failure = status ? "rows of half a commit" : status.error().message;
        return;
      }
      last = count;
    }
  });
  for (std::int64_t batch = 0; batch < 40; ++batch) {
    for (std::int64_t i = 1; i <= 500; ++i) {
      ASSERT_TRUE(ok(writer.put(connection_row(batch * 500 + i))));
    }
    ASSERT_TRUE(ok(writer.commit()));
  }
  stop = true;
  reading.join();
  EXPECT_EQ(failure, "");
  ASSERT_TRUE(ok(writer.finish()));
}

TEST_F(Durability, FinishUnderAReaderSaysSoAndCanBeRepeated) {
  Writer writer = this->writer();
  ASSERT_TRUE(ok(writer.put(connection_row(1))));
  ASSERT_TRUE(ok(writer.commit()));
  {
    const Result<Reader> reader = Reader::open(path());
    ASSERT_TRUE(ok(reader));
    ASSERT_TRUE(ok(writer.put(connection_row(2))));
    const Status status = writer.finish();
    ASSERT_FALSE(status);
    EXPECT_THAT(status.error().message, HasSubstr("is complete"));
    EXPECT_THAT(status.error().hint, HasSubstr("journal_mode=DELETE"));
    EXPECT_THAT(ids(*Reader::open(path())), ElementsAre(1, 2));
  }
  ASSERT_TRUE(ok(writer.finish()));
  EXPECT_FALSE(exists(path("trace.swt-wal")));
  EXPECT_THAT(ids(*Reader::open(path())), ElementsAre(1, 2));
}

TEST_F(Durability, ALockedTraceIsAnErrorAndTheBatchCanBePutAgain) {
  Writer writer = this->writer();
  ASSERT_TRUE(ok(writer.put(connection_row(1))));
  ASSERT_TRUE(ok(writer.commit()));
  {
    sqlite3* other = nullptr;
    ASSERT_EQ(sqlite3_open(path().c_str(), &other), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
    const Status status = writer.put(connection_row(2));
    EXPECT_THAT(message_of(status), HasSubstr("locked by another program"));
    sqlite3_close(other);
  }
  // Free again, but the batch has lost its first row: nothing of it may be stored.
  EXPECT_THAT(message_of(writer.put(connection_row(3))), HasSubstr("locked"));
  EXPECT_THAT(message_of(writer.put(PositionRow{"segment", 0, 3})), HasSubstr("locked"));
  EXPECT_THAT(message_of(writer.commit()), HasSubstr("locked"));
  EXPECT_THAT(*writer.positions(), IsEmpty());
  ASSERT_TRUE(ok(writer.put(connection_row(2))));
  ASSERT_TRUE(ok(writer.put(connection_row(3))));
  ASSERT_TRUE(ok(writer.commit()));
  ASSERT_TRUE(ok(writer.finish()));
  EXPECT_THAT(ids(*Reader::open(path())), ElementsAre(1, 2, 3));
}

TEST_F(Durability, ATraceWithoutItsLogIsReadWithoutWritingBesideIt) {
  {
    Writer writer = this->writer();
    ASSERT_TRUE(ok(writer.put(connection_row(1))));
    ASSERT_TRUE(ok(writer.commit()));
  }
  ASSERT_FALSE(exists(path("trace.swt-wal")));
  chmod(path().c_str(), 0644);
  const std::string said = in_killed_child([&] {
    chmod(directory().c_str(), 0555);
    if (geteuid() == 0 && seteuid(65534) != 0) return std::string("cannot become nobody");
    const Result<Reader> reader = Reader::open(path());
    return reader ? fmt::format("{} rows", ids(*reader).size()) : reader.error().message;
  });
  EXPECT_EQ(said, "1 rows");
}

TEST_F(Durability, ACutOffTraceInADirectoryOfOthers) {
  kill_in_mid_transaction();
  for (const char* name : {"trace.swt", "trace.swt-wal"}) chmod(path(name).c_str(), 0644);
  unlink(path("trace.swt-shm").c_str());
  const std::string said = in_killed_child([&] {
    chmod(directory().c_str(), 0555);
    if (geteuid() == 0 && seteuid(65534) != 0) return std::string("cannot become nobody");
    const Result<Reader> reader = Reader::open(path());
    if (reader) return std::string("it was opened");
    return reader.error().message + "; " + reader.error().hint;
  });
  EXPECT_THAT(said,
              testing::AllOf(HasSubstr("write permission to its directory"), HasSubstr("copy it")));
}

TEST_F(Durability, ATraceThatWasRemovedIsPutBack) {
  Writer writer = this->writer();
  ASSERT_TRUE(ok(writer.put(connection_row(1))) && ok(writer.commit()));
  unlink(path().c_str());
  ASSERT_TRUE(ok(writer.put(connection_row(2))) && ok(writer.commit()));
  ASSERT_TRUE(ok(writer.finish()));
  const Result<Reader> reader = Reader::open(path());
  ASSERT_TRUE(ok(reader));
  EXPECT_THAT(ids(*reader), ElementsAre(1, 2));
  EXPECT_EQ(reader->trace()->count("finished"), 1U);
  for (const char* beside : {"trace.swt-wal", "trace.swt-shm"}) EXPECT_FALSE(exists(path(beside)));
}

TEST_F(Durability, AnotherFileInThePlaceOfATraceIsLeftAlone) {
  Writer writer = this->writer();
  ASSERT_TRUE(ok(writer.put(connection_row(1))) && ok(writer.commit()));
  unlink(path().c_str());
  write_file(path(), "mine");
  const Status finished = writer.finish();
  ASSERT_FALSE(finished);
  EXPECT_THAT(finished.error().hint, HasSubstr(path("trace.swt-2")));
  EXPECT_EQ(read_file(path()), "mine");
  const Result<Reader> reader = Reader::open(path("trace.swt-2"));
  ASSERT_TRUE(ok(reader));
  EXPECT_THAT(ids(*reader), ElementsAre(1));
}

TEST_F(Durability, ATraceThatWasOverwrittenIsNotCalledComplete) {
  Writer writer = this->writer();
  ASSERT_TRUE(ok(writer.put(connection_row(1))) && ok(writer.commit()));
  for (const char* name : {"trace.swt", "trace.swt-wal"}) {
    std::fstream file(path(name), std::ios::in | std::ios::out | std::ios::binary);
    file << std::string(read_file(path(name)).size(), 'x');
  }
  EXPECT_FALSE(ok(writer.finish()));
}

// As a collector goes on with it under another name (sockwatch recover).
TEST_F(Durability, ACutOffTraceIsCopiedWithItsLog) {
  kill_in_mid_transaction();
  ASSERT_TRUE(exists(path("trace.swt-wal")));
  ASSERT_TRUE(ok(copy_trace(path(), path("copy.swt"), OpenMode::create)));
  EXPECT_FALSE(ok(copy_trace(path(), path("copy.swt"), OpenMode::create))) << "it exists";
  Writer writer = this->writer(OpenMode::resume, "copy.swt");
  ASSERT_TRUE(ok(writer.put(connection_row(3))) && ok(writer.finish()));
  const Result<Reader> copy = Reader::open(path("copy.swt"));
  ASSERT_TRUE(ok(copy));
  EXPECT_THAT(ids(*copy), ElementsAre(1, 2, 3));
  const Result<Reader> original = Reader::open(path());
  ASSERT_TRUE(ok(original));
  EXPECT_THAT(ids(*original), ElementsAre(1, 2));
}

}  // namespace
}  // namespace sockwatch::store
