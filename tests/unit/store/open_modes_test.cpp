#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <thread>
#include <vector>

#include "tests/unit/store/support.h"

namespace sockwatch::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class OpenModes : public StoreTest {
 protected:
  Error refused(const std::string& where, OpenMode mode) const {
    const Result<Writer> opened = Writer::open(where, mode);
    if (!opened) return opened.error();
    ADD_FAILURE() << where << " was opened";
    return {};
  }
  mode_t permissions(const std::string& name) const {
    struct stat status {};
    EXPECT_EQ(stat(path(name).c_str(), &status), 0) << name;
    return status.st_mode & 07777;
  }
};

TEST_F(OpenModes, ANewTraceBelongsToItsUserAlone) {
  Writer writer = this->writer();
  ASSERT_TRUE(ok(writer.set("host", "here")));
  ASSERT_TRUE(ok(writer.commit()));
  EXPECT_EQ(permissions("trace.swt"), 0600U);
  EXPECT_EQ(permissions("trace.swt-wal"), 0600U);
  EXPECT_EQ(ask_sql(path(), "PRAGMA journal_mode"), "wal");
  EXPECT_EQ(ask_sql(path(), "PRAGMA application_id"), std::to_string(kApplicationId));
  EXPECT_EQ(ask_sql(path(), "PRAGMA user_version"), std::to_string(kSchemaVersion));
}

TEST_F(OpenModes, FinishLeavesOneFileWithIndexes) {
  record(3);
  EXPECT_FALSE(exists(path("trace.swt-wal")));
  EXPECT_FALSE(exists(path("trace.swt-shm")));
  EXPECT_FALSE(exists(path("trace.swt-journal")));
  EXPECT_EQ(ask_sql(path(), "PRAGMA journal_mode"), "delete");
  EXPECT_EQ(ask_sql(path(), "PRAGMA integrity_check"), "ok");
  EXPECT_EQ(ask_sql(path(),
                    "SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND sql IS "
                    "NOT NULL"),
            std::to_string(index_sql().size()));
}

TEST_F(OpenModes, ReadingAFinishedTraceLeavesNothingBeside) {
  record(3);
  const std::string before = read_file(path());
  EXPECT_EQ(ids(*Reader::open(path())).size(), 3U);
  EXPECT_EQ(read_file(path()), before);
  EXPECT_FALSE(exists(path("trace.swt-wal")));
  EXPECT_FALSE(exists(path("trace.swt-shm")));
}

TEST_F(OpenModes, NothingCanBeWrittenOrAskedAfterFinish) {
  Writer writer = this->writer();
  ASSERT_TRUE(ok(writer.finish()));
  EXPECT_THAT(message_of(writer.put(connection_row(1))), HasSubstr("is finished"));
  EXPECT_THAT(message_of(writer.put(LossRow{})), HasSubstr("is finished"));
  EXPECT_THAT(message_of(writer.commit()), HasSubstr("is finished"));
  EXPECT_THAT(message_of(writer.finish()), HasSubstr("is finished"));
  EXPECT_THAT(message_of(writer.positions()), HasSubstr("is finished"));
  EXPECT_THAT(message_of(writer.processes()), HasSubstr("is finished"));
  EXPECT_THAT(message_of(writer.unfinished_connections()), HasSubstr("is finished"));
  EXPECT_THAT(message_of(writer.largest_id("connection")), HasSubstr("is finished"));
}

TEST_F(OpenModes, OnlyFinishSaysThatATraceIsFinished) {
  Writer writer = this->writer();
  EXPECT_NE(message_of(writer.set(kFinishedKey, "1")), "");
  EXPECT_NE(message_of(writer.commit()), "");
  ASSERT_TRUE(ok(writer.finish()));
  EXPECT_EQ(Reader::open(path())->trace()->at(kFinishedKey), "1");
}

TEST_F(OpenModes, CreateRefusesWhatExists) {
  record(3);
  const std::string before = read_file(path());
  const Error error = refused(path(), OpenMode::create);
  EXPECT_THAT(error.message, HasSubstr("exists already"));
  EXPECT_THAT(error.hint, testing::AllOf(HasSubstr("--force"), HasSubstr("-o")));
  EXPECT_EQ(read_file(path()), before);
}

TEST_F(OpenModes, CreateIsNotFooledByADanglingLink) {
  ASSERT_EQ(symlink(path("elsewhere").c_str(), path().c_str()), 0);
  EXPECT_THAT(refused(path(), OpenMode::create).message, HasSubstr("exists already"));
  EXPECT_FALSE(exists(path("elsewhere")));
}

TEST_F(OpenModes, CreateDropsWhatAnEarlierTraceLeftBeside) {
  write_file(path("trace.swt-wal"), "old log");
  write_file(path("trace.swt-journal"), "old journal");
  record(2);
  EXPECT_EQ(ids(*Reader::open(path())).size(), 2U);
  EXPECT_FALSE(exists(path("trace.swt-wal")));
}

TEST_F(OpenModes, ALinkPlantedBesideIsNotWrittenThrough) {
  write_file(path("victim"), "precious");
  ASSERT_EQ(symlink(path("victim").c_str(), path("trace.swt-wal").c_str()), 0);
  record(2);
  EXPECT_EQ(read_file(path("victim")), "precious");
}

TEST_F(OpenModes, WhatIsInTheWayAndCannotBeRemovedIsNamed) {
  std::filesystem::create_directory(path("trace.swt-wal"));
  EXPECT_THAT(refused(path(), OpenMode::create).message, HasSubstr("trace.swt-wal' is in the way"));
  EXPECT_FALSE(exists(path()));
}

TEST_F(OpenModes, DirectoryMissing) {
  const Error error = refused(path("no/such/trace.swt"), OpenMode::create);
  EXPECT_THAT(error.message, HasSubstr("No such file or directory"));
  EXPECT_THAT(error.hint, HasSubstr("mkdir -p"));
}

TEST_F(OpenModes, NotTheNameOfAFile) {
  for (const std::string& name :
       {std::string(), std::string("."), std::string(".."), directory() + "/"}) {
    for (const OpenMode mode : {OpenMode::create, OpenMode::replace, OpenMode::resume}) {
      EXPECT_THAT(refused(name, mode).message, HasSubstr("not the name of a file")) << name;
    }
  }
}

TEST_F(OpenModes, DirectoryNotWritable) {
  const std::string said = in_killed_child([&] {
    chmod(directory().c_str(), 0555);
    if (geteuid() == 0 && seteuid(65534) != 0) return std::string("cannot become nobody");
    const Result<Writer> writer = Writer::open(path(), OpenMode::create);
    if (writer) return std::string("it was created");
    return writer.error().message + "; " + writer.error().hint;
  });
  EXPECT_THAT(said, testing::AllOf(HasSubstr("cannot create"), HasSubstr("Permission denied"),
                                   HasSubstr("-o FILE")));
}

TEST_F(OpenModes, NamesThatMeanSomethingToSqliteAreOnlyNames) {
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(directory());
  for (const std::string name : {":memory:", "file:x?mode=memory", "a?b#c%41 '\"", "-o"}) {
    {
      Result<Writer> writer = Writer::open(name, OpenMode::create);
      ASSERT_TRUE(ok(writer)) << name;
      ASSERT_TRUE(ok(writer->put(connection_row(1))));
      ASSERT_TRUE(ok(writer->finish()));
    }
    EXPECT_TRUE(exists(path(name))) << name;
    const Result<Reader> reader = Reader::open(name);
    ASSERT_TRUE(ok(reader)) << name;
    EXPECT_THAT(ids(*reader), ElementsAre(1));
  }
  std::filesystem::current_path(before);
}

TEST_F(OpenModes, ReplaceBeginsAnew) {
  record(3);
  {
    Writer writer = this->writer(OpenMode::replace);
    ASSERT_TRUE(ok(writer.put(connection_row(9))));
    ASSERT_TRUE(ok(writer.finish()));
  }
  EXPECT_THAT(ids(*Reader::open(path())), ElementsAre(9));
}

// Also in the moment in which the other's trace is there and not yet locked.
TEST_F(OpenModes, OfManyWhoReplaceAtOnceOneRecords) {
  constexpr int kMany = 6;
  std::vector<std::optional<Result<Writer>>> writers(kMany);
  std::vector<std::thread> threads;
  for (int i = 0; i < kMany; ++i) {
    threads.emplace_back([&, i] { writers[i].emplace(Writer::open(path(), OpenMode::replace)); });
  }
  for (auto& thread : threads) thread.join();
  int recording = 0;
  for (const auto& writer : writers) {
    if (*writer) {
      ++recording;
    } else {
      EXPECT_THAT((*writer).error().message, HasSubstr("is being recorded by another sockwatch"));
    }
  }
  EXPECT_EQ(recording, 1);
}

TEST_F(OpenModes, ReplaceTakesACrashedTraceAnEmptyFileOrNone) {
  ASSERT_EQ(in_killed_child([&] {
              Writer& writer = undying_writer();
              (void)writer.put(connection_row(1));
              return message_of(writer.commit());
            }),
            "");
  ASSERT_TRUE(exists(path("trace.swt-wal")));
  write_file(path("empty"), "");
  for (const char* name : {"trace.swt", "empty", "none"}) {
    Writer writer = this->writer(OpenMode::replace, name);
    ASSERT_TRUE(ok(writer.finish()));
    EXPECT_THAT(ids(*Reader::open(path(name))), IsEmpty());
    EXPECT_EQ(permissions(name), 0600U);
  }
}

TEST_F(OpenModes, ReplaceSparesWhatIsNotATrace) {
  write_file(path("notes"), "precious");
  run_sql(path("other.db"), "CREATE TABLE t (x)");
  const std::string other = read_file(path("other.db"));
  for (const char* name : {"notes", "other.db"}) {
    EXPECT_THAT(refused(path(name), OpenMode::replace).message, HasSubstr("not a sockwatch trace"));
  }
  EXPECT_EQ(read_file(path("notes")), "precious");
  EXPECT_EQ(read_file(path("other.db")), other);
}

TEST_F(OpenModes, ReplaceAndResumeDoNotFollowALink) {
  record(3, "target.swt");
  const std::string before = read_file(path("target.swt"));
  ASSERT_EQ(symlink(path("target.swt").c_str(), path().c_str()), 0);
  for (const OpenMode mode : {OpenMode::replace, OpenMode::resume}) {
    EXPECT_THAT(refused(path(), mode).message, HasSubstr("is a symbolic link"));
  }
  EXPECT_EQ(read_file(path("target.swt")), before);
  EXPECT_TRUE(std::filesystem::is_symlink(path()));
}

TEST_F(OpenModes, LinksInTheDirectoryPartAreFine) {
  std::filesystem::create_directory(path("real"));
  ASSERT_EQ(symlink(path("real").c_str(), path("link").c_str()), 0);
  record(2, "link/trace.swt");
  EXPECT_EQ(ids(*Reader::open(path("real/trace.swt"))).size(), 2U);
}

TEST_F(OpenModes, OnlyRegularFiles) {
  std::filesystem::create_directory(path("directory"));
  ASSERT_EQ(mkfifo(path("pipe").c_str(), 0600), 0);
  for (const OpenMode mode : {OpenMode::replace, OpenMode::resume}) {
    EXPECT_THAT(refused(path("directory"), mode).message, HasSubstr("is a directory"));
    EXPECT_THAT(refused(path("pipe"), mode).message, HasSubstr("is a pipe"));
    EXPECT_THAT(refused("/dev/null", mode).message, HasSubstr("is a device"));
  }
}

TEST_F(OpenModes, ResumeRefusesWhatItCannotGoOnWith) {
  EXPECT_THAT(refused(path("none"), OpenMode::resume).message, HasSubstr("there is no trace"));
  write_file(path("notes"), "these are notes, and long enough to have been a header of a file");
  EXPECT_THAT(refused(path("notes"), OpenMode::resume).message, HasSubstr("not a sockwatch trace"));
  run_sql(path("other.db"), "CREATE TABLE t (x)");
  EXPECT_THAT(refused(path("other.db"), OpenMode::resume).message,
              HasSubstr("not a sockwatch trace"));
  record(1, "finished.swt");
  EXPECT_THAT(refused(path("finished.swt"), OpenMode::resume).message, HasSubstr("is finished"));
  { Writer begun = writer(OpenMode::create, "newer.swt"); }
  run_sql(path("newer.swt"), "PRAGMA user_version = 99");
  EXPECT_THAT(refused(path("newer.swt"), OpenMode::resume).message, HasSubstr("schema version 99"));
  EXPECT_EQ(ask_sql(path("newer.swt"), "PRAGMA user_version"), "99");
}

TEST_F(OpenModes, ResumeRefusesForeignObjectsThatWouldActOnWrites) {
  const std::pair<const char*, const char*> cases[] = {
      {"trigger", "CREATE TRIGGER evil AFTER INSERT ON connection BEGIN DELETE FROM process; END"},
      {"view", "CREATE VIEW mine AS SELECT * FROM connection"},
      {"index", "CREATE INDEX slow ON connection (hex(peer_name))"},
      {"column", "ALTER TABLE wait ADD COLUMN more TEXT"},
      {"missing", "DROP TABLE wait"},
  };
  for (const auto& [name, sql] : cases) {
    { Writer begun = writer(OpenMode::create, name); }
    run_sql(path(name), sql);
    EXPECT_NE(refused(path(name), OpenMode::resume).message, "") << name;
  }
}

TEST_F(OpenModes, ResumeBeginsAFileThatWasCutOffBeforeItsFirstCommit) {
  write_file(path(), "");
  Writer writer = this->writer(OpenMode::resume);
  ASSERT_TRUE(ok(writer.put(connection_row(1))));
  ASSERT_TRUE(ok(writer.finish()));
  EXPECT_THAT(ids(*Reader::open(path())), ElementsAre(1));
}

TEST_F(OpenModes, ARecordingThatGoesOnHasNotEnded) {
  {
    Writer first = writer();
    ASSERT_TRUE(ok(first.set("host", "here")) && ok(first.set("ended", "7")));
    ASSERT_TRUE(ok(first.set("store_error", "no room")) && ok(first.commit()));
  }
  const Writer second = writer(OpenMode::resume);
  const auto facts = Reader::open(path())->trace();
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->count("host"), 1U);
  EXPECT_EQ(facts->count("ended"), 0U);
  EXPECT_EQ(facts->count("store_error"), 0U);
}

TEST_F(OpenModes, TwoRecordersOfOneTraceAreRefused) {
  Writer first = writer();
  ASSERT_TRUE(ok(first.put(connection_row(1))));
  ASSERT_TRUE(ok(first.commit()));
  for (const OpenMode mode : {OpenMode::resume, OpenMode::replace}) {
    const std::string said =
        in_killed_child([&] { return message_of(Writer::open(path(), mode)); });
    EXPECT_THAT(said, HasSubstr("being recorded by another"));
  }
  ASSERT_TRUE(ok(first.put(connection_row(2))));
  ASSERT_TRUE(ok(first.finish()));
  EXPECT_THAT(ids(*Reader::open(path())), ElementsAre(1, 2));
}

TEST_F(OpenModes, AFailedOpenLeavesNoFile) {
  // A limit on descriptors: the file can be created, but not the log beside it.
  const std::string said = in_killed_child([&] {
    while (dup(0) >= 0) {
    }
    close(dup(0));
    int last = -1;
    for (int fd = 3; fd < 1'000'000; ++fd) {
      if (close(fd) == 0) {
        last = fd;
        break;
      }
    }
    const Result<Writer> writer = Writer::open(path(), OpenMode::create);
    if (last < 0 || writer) return std::string("opened without descriptors");
    return writer.error().message;
  });
  EXPECT_THAT(said, HasSubstr("cannot"));
  EXPECT_FALSE(exists(path())) << said;
}

}  // namespace
}  // namespace sockwatch::store
