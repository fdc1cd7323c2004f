#include "collector/drain/launch_notes.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "collector/drain/join_notes.h"
#include "tests/unit/drain/temporary_directory.h"

namespace sockwatch::drain {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

store::ProcessRow process(std::int64_t id, std::int64_t pid, store::OptInt ticks = {}) {
  store::ProcessRow row;
  row.id = id;
  row.pid = pid;
  row.start_ticks = ticks;
  row.coverage = "preload";
  return row;
}

TEST(LaunchNotes, ComeBackAsTheyWere) {
  const TemporaryDirectory directory;
  store::ProcessRow full = process(0, 12, 34);
  full.ppid = 1;
  full.exe = "/usr/bin/caddy";
  full.command_line = "caddy run \"x\"\n\x01";
  full.uid = 1000;
  full.started_ns = 5;
  full.ended_ns = 6;
  full.exit_status = 143;
  full.coverage = "go";
  ASSERT_TRUE(write_notes(directory.path(), {full, process(0, 13)}));
  const auto notes = read_notes(directory.path());
  ASSERT_TRUE(notes) << notes.error().message;
  ASSERT_THAT(*notes, SizeIs(2));
  const store::ProcessRow& first = (*notes)[0];
  EXPECT_EQ(first.pid, 12);
  EXPECT_EQ(first.ppid, 1);
  EXPECT_EQ(first.start_ticks, 34);
  EXPECT_EQ(first.exe, full.exe);
  EXPECT_EQ(first.command_line, full.command_line);
  EXPECT_EQ(first.uid, 1000);
  EXPECT_EQ(first.started_ns, 5);
  EXPECT_EQ(first.ended_ns, 6);
  EXPECT_EQ(first.exit_status, 143);
  EXPECT_EQ(first.coverage, "go");
  EXPECT_FALSE((*notes)[1].exe);
  EXPECT_FALSE((*notes)[1].exit_status);
}

TEST(LaunchNotes, AreReplacedWholeAndPrivate) {
  const TemporaryDirectory directory;
  ASSERT_TRUE(write_notes(directory.path(), {process(0, 1), process(0, 2)}));
  ASSERT_TRUE(write_notes(directory.path(), {process(0, 3)}));
  const auto notes = read_notes(directory.path());
  ASSERT_TRUE(notes);
  ASSERT_THAT(*notes, SizeIs(1));
  EXPECT_EQ((*notes)[0].pid, 3);
  struct stat status {};
  ASSERT_EQ(::stat((directory / kNotesFile).c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600u);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory.path()), {}), 1);
}

TEST(LaunchNotes, BytesThatAreNoTextDoNotStopThem) {
  const TemporaryDirectory directory;
  store::ProcessRow row = process(0, 1);
  row.exe = "/tmp/\xff\xfe";
  ASSERT_TRUE(write_notes(directory.path(), {row}));
  const auto notes = read_notes(directory.path());
  ASSERT_TRUE(notes);
  EXPECT_THAT(*(*notes)[0].exe, HasSubstr("/tmp/"));
}

TEST(LaunchNotes, MissingIsEmpty) {
  const TemporaryDirectory directory;
  const auto notes = read_notes(directory.path());
  ASSERT_TRUE(notes);
  EXPECT_THAT(*notes, IsEmpty());
}

TEST(LaunchNotes, DamagedIsAnErrorInWords) {
  for (const char* text :
       {"", "{", "[]", "{}", "{\"processes\": 4}", "{\"processes\": [4]}", "{\"processes\": [{}]}",
        "{\"processes\": [{\"pid\": \"x\", \"coverage\": \"go\"}]}",
        "{\"processes\": [{\"pid\": 1, \"coverage\": 3}]}",
        "{\"processes\": [{\"pid\": 1.5, \"coverage\": \"go\"}]}",
        "{\"processes\": [{\"pid\": 1, \"coverage\": \"go\", \"exit_status\": null}]}"}) {
    const TemporaryDirectory directory;
    std::ofstream(directory / kNotesFile) << text;
    const auto notes = read_notes(directory.path());
    ASSERT_FALSE(notes) << text;
    EXPECT_THAT(notes.error().message, HasSubstr("damaged"));
    EXPECT_FALSE(notes.error().hint.empty());
  }
}

TEST(LaunchNotes, LinkAndFifoAreRefused) {
  const TemporaryDirectory directory;
  ASSERT_EQ(::symlink("/etc/hostname", (directory / kNotesFile).c_str()), 0);
  EXPECT_FALSE(read_notes(directory.path()));
  ASSERT_EQ(::unlink((directory / kNotesFile).c_str()), 0);
  ASSERT_EQ(::mkfifo((directory / kNotesFile).c_str(), 0600), 0);
  EXPECT_FALSE(read_notes(directory.path()));
}

TEST(JoinNotes, FillsGapsAndOverwritesNothing) {
  store::ProcessRow seen = process(4, 100, 7);
  seen.exe = "/bin/seen";
  store::ProcessRow note = process(0, 100, 7);
  note.exe = "/bin/noted";
  note.exit_status = 137;
  note.uid = 5;
  note.coverage = "static";
  std::int64_t next_id = 9;
  const auto rows = join_notes({seen}, {note}, next_id);
  ASSERT_THAT(rows, SizeIs(1));
  EXPECT_EQ(rows[0].id, 4);
  EXPECT_EQ(rows[0].exe, "/bin/seen");
  EXPECT_EQ(rows[0].exit_status, 137);
  EXPECT_EQ(rows[0].uid, 5);
  EXPECT_EQ(rows[0].coverage, "preload");
  EXPECT_EQ(next_id, 9);
}

TEST(JoinNotes, ExitStatusBelongsToTheLastImage) {
  store::ProcessRow note = process(0, 100, 7);
  note.exit_status = 0;
  std::int64_t next_id = 9;
  const auto rows = join_notes({process(6, 100, 7), process(4, 100, 7)}, {note}, next_id);
  ASSERT_THAT(rows, SizeIs(1));
  EXPECT_EQ(rows[0].id, 6);
}

TEST(JoinNotes, SameNumberOtherProcess) {
  store::ProcessRow note = process(0, 100, 8);
  note.coverage = "go";
  std::int64_t next_id = 9;
  const auto rows = join_notes({process(4, 100, 7)}, {note, process(0, 200)}, next_id);
  ASSERT_THAT(rows, SizeIs(2));
  EXPECT_EQ(rows[0].id, 9);
  EXPECT_EQ(rows[0].coverage, "go");
  EXPECT_EQ(rows[1].id, 10);
  EXPECT_EQ(next_id, 11);
}

// It was seen until it became somebody else and began another program.
TEST(JoinNotes, AnImageThatWasShutOutIsARowOfItsOwn) {
  for (const char* word : {"other-user", "other-mounts"}) {
    store::ProcessRow note = process(0, 100, 7);
    note.coverage = word;
    note.exit_status = 3;
    std::int64_t next_id = 9;
    const auto rows = join_notes({process(4, 100, 7)}, {note}, next_id);
    ASSERT_THAT(rows, SizeIs(1));
    EXPECT_EQ(rows[0].id, 9);
    EXPECT_EQ(rows[0].coverage, word);
    EXPECT_EQ(rows[0].exit_status, 3);
    EXPECT_THAT(join_notes({process(4, 100, 7), rows[0]}, {note}, next_id), IsEmpty())
        << "a second time";
  }
}

TEST(JoinNotes, NothingNewIsNoRow) {
  std::int64_t next_id = 9;
  EXPECT_THAT(join_notes({process(4, 100, 7)}, {process(0, 100)}, next_id), IsEmpty());
}

}  // namespace
}  // namespace sockwatch::drain
