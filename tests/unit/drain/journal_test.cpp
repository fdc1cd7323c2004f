#include "collector/drain/journal.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <vector>

#include "tests/unit/drain/temporary_directory.h"

namespace sockwatch::drain {
namespace {

using How = JournalEnd::How;
using testing::ElementsAre;
using testing::IsEmpty;

class JournalTest : public testing::Test {
 protected:
  std::string path() const { return directory_ / "journal.5"; }
  std::string content() const {
    std::ifstream file(path(), std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }
  void put(const std::string& bytes) const {
    std::ofstream(path(), std::ios::binary | std::ios::trunc) << bytes;
  }
  void write_three() {
    JournalWriter writer = JournalWriter::create(fd_.get(), "journal.5", 5);
    ASSERT_TRUE(writer.open());
    ASSERT_TRUE(writer.append(RecordKind::begin, "one"));
    ASSERT_TRUE(writer.append(RecordKind::refused, ""));
    char head[] = "tw", tail[] = "o!";
    iovec pieces[] = {{}, {head, 2}, {tail, 2}};
    ASSERT_TRUE(writer.append(RecordKind::end, pieces));
    EXPECT_EQ(writer.length(), std::filesystem::file_size(path()));
    EXPECT_EQ(writer.length(), kHead + 3 * kRecordHead + 3 + 0 + 4);
  }
  JournalEnd read(std::uint64_t number = 5) {
    found_.clear();
    return read_journal(fd_.get(), "journal.5", number, [&](RecordKind, std::string_view bytes) {
      found_.emplace_back(bytes);
      return bytes != "stop";
    });
  }

  static constexpr std::size_t kHead = 40;
  static constexpr std::size_t kRecordHead = 24;
  static void set_length(std::string& bytes, std::uint64_t length) {
    std::memcpy(bytes.data() + kHead - 8, &length, 8);
  }
  TemporaryDirectory directory_;
  UniqueFd fd_{::open(directory_.path().c_str(), O_RDONLY | O_DIRECTORY)};
  std::vector<std::string> found_;
};

TEST_F(JournalTest, RecordsComeBackInTheirOrder) {
  write_three();
  const JournalEnd end = read();
  EXPECT_EQ(end.how, How::complete);
  EXPECT_EQ(end.length, content().size());
  EXPECT_THAT(found_, ElementsAre("one", "", "two!"));
}

TEST_F(JournalTest, MissingAndEmptyFiles) {
  EXPECT_EQ(read().how, How::missing);
  put("");
  EXPECT_EQ(read().how, How::damaged);
  EXPECT_THAT(found_, IsEmpty());
}

// The writer was killed in the middle of a record: that one is not there, all before it are, and
// the next one can be written in its place.
TEST_F(JournalTest, ATornRecordIsTheEnd) {
  write_three();
  std::string whole = content();
  const std::size_t last = whole.size() - kRecordHead - 4;
  set_length(whole, last);
  for (std::size_t length = last; length <= whole.size(); ++length) {
    put(whole.substr(0, length));
    const JournalEnd end = read();
    EXPECT_EQ(end.how, How::complete) << length;
    EXPECT_EQ(end.length, last) << length;
    EXPECT_THAT(found_, ElementsAre("one", ""));
  }
  JournalWriter writer = JournalWriter::append_to(fd_.get(), "journal.5", 5, last);
  ASSERT_TRUE(writer.open() && writer.append(RecordKind::begin, "three"));
  EXPECT_EQ(read().how, How::complete);
  EXPECT_THAT(found_, ElementsAre("one", "", "three"));
}

TEST_F(JournalTest, AnyChangedByteIsNoticed) {
  write_three();
  const std::string whole = content();
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 0x10);
    put(changed);
    const JournalEnd end = read();
    EXPECT_EQ(end.how, How::damaged) << at;
    EXPECT_LT(found_.size(), 3u) << at;
  }
}

TEST_F(JournalTest, AFileThatIsShorterThanItSaysIsDamage) {
  write_three();
  const std::string whole = content();
  for (std::size_t length = 0; length < whole.size(); ++length) {
    put(whole.substr(0, length));
    EXPECT_EQ(read().how, How::damaged) << length;
  }
}

TEST_F(JournalTest, AnOldFileIsWrittenOver) {
  write_three();
  JournalWriter writer = JournalWriter::create(fd_.get(), "journal.5", 6);
  ASSERT_TRUE(writer.open());
  EXPECT_EQ(read(6).how, How::complete);
  EXPECT_THAT(found_, IsEmpty());
  ASSERT_TRUE(writer.append(RecordKind::begin, "new"));
  EXPECT_EQ(read(6).how, How::complete);
  EXPECT_THAT(found_, ElementsAre("new"));
}

TEST_F(JournalTest, WhatIsNoFileIsReplacedNotFollowed) {
  put("precious");
  std::filesystem::rename(path(), directory_ / "real");
  std::filesystem::create_symlink("real", path());
  EXPECT_TRUE(JournalWriter::create(fd_.get(), "journal.5", 5).open());
  EXPECT_EQ(std::filesystem::file_size(directory_ / "real"), 8u);
  std::filesystem::remove(path());
  ASSERT_EQ(::mkfifo(path().c_str(), 0600), 0);
  EXPECT_TRUE(JournalWriter::create(fd_.get(), "journal.5", 5).open());
  EXPECT_EQ(read().how, How::complete);
}

TEST_F(JournalTest, AnotherNumberVersionOrBuildIsDamage) {
  write_three();
  EXPECT_EQ(read(6).how, How::damaged);
  for (const std::size_t at : {0, 8, 16, 24}) {  // magic, version, build, number
    std::string changed = content();
    const std::string before = changed;
    changed[at] = static_cast<char>(changed[at] + 1);
    put(changed);
    EXPECT_EQ(read().how, How::damaged) << at;
    put(before);
  }
}

TEST_F(JournalTest, RecordsTakenFromAnotherFileAreDamage) {
  write_three();
  const std::string records = content().substr(kHead);
  std::filesystem::remove(path());
  ASSERT_TRUE(JournalWriter::create(fd_.get(), "journal.5", 6).open());
  std::string forged = content() + records;
  set_length(forged, forged.size());
  put(forged);
  EXPECT_EQ(read(6).how, How::damaged);
  EXPECT_THAT(found_, IsEmpty());
}

TEST_F(JournalTest, AHugeLengthAllocatesNothing) {
  write_three();
  std::string forged = content();
  for (std::size_t i = 0; i < 8; ++i) forged[kHead + i] = static_cast<char>(0xff);
  put(forged);
  EXPECT_EQ(read().length, kHead);
  EXPECT_THAT(found_, IsEmpty());
}

TEST_F(JournalTest, LinksAndPipesAreNotFollowed) {
  write_three();
  std::filesystem::rename(path(), directory_ / "real");
  std::filesystem::create_symlink("real", path());
  EXPECT_EQ(read().how, How::damaged);
  std::filesystem::remove(path());
  ASSERT_EQ(::mkfifo(path().c_str(), 0600), 0);
  EXPECT_EQ(read().how, How::damaged);
}

TEST_F(JournalTest, WhatTheReaderCannotUseIsDamage) {
  JournalWriter writer = JournalWriter::create(fd_.get(), "journal.5", 5);
  for (const char* text : {"a", "stop", "b"}) ASSERT_TRUE(writer.append(RecordKind::begin, text));
  EXPECT_EQ(read().how, How::damaged);
  EXPECT_THAT(found_, ElementsAre("a", "stop"));
}

}  // namespace
}  // namespace sockwatch::drain
