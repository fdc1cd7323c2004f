#include "collector/drain/run_directory.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "collector/drain/collect.h"
#include "collector/drain/directory_watch.h"
#include "tests/unit/drain/temporary_directory.h"

namespace sockwatch::drain {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;

void touch(const std::string& path) { std::ofstream(path).put('x'); }

TEST(RunDirectory, IsMadePrivateAndUnique) {
  const auto first = create_run_directory();
  const auto second = create_run_directory();
  ASSERT_TRUE(first) << first.error().message;
  ASSERT_TRUE(second);
  EXPECT_NE(*first, *second);
  EXPECT_THAT(*first, MatchesRegex(".*/sockwatch-[0-9]+-......"));
  struct stat status {};
  ASSERT_EQ(::stat(first->c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0700u);
  EXPECT_TRUE(open_run_directory(*first));
  std::filesystem::remove(*first);
  std::filesystem::remove(*second);
}

TEST(RunDirectory, MissingHasAHint) {
  const auto status = open_run_directory("/nonexistent/run");
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, HasSubstr("/nonexistent/run"));
  EXPECT_THAT(status.error().hint, HasSubstr("mkdir -m 0700"));
}

// A file of /proc can stand for those whose memory is nobody's.
TEST(RunDirectory, MustBeWhereMemoryStays) {
  const UniqueFd root(::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const Status status = check_file_system(root.get(), "/proc");
  ASSERT_FALSE(status);
  EXPECT_NE(status.error().message.find("type 0x9fa0"), std::string::npos)
      << status.error().message;
  const UniqueFd memory(::open("/dev/shm", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  EXPECT_TRUE(check_file_system(memory.get(), "/dev/shm"));
}

TEST(RunDirectory, SymbolicLinkIsRefusedWithAndWithoutSlash) {
  const TemporaryDirectory directory;
  ASSERT_EQ(::mkdir((directory / "real").c_str(), 0700), 0);
  ASSERT_EQ(::symlink((directory / "real").c_str(), (directory / "link").c_str()), 0);
  EXPECT_TRUE(open_run_directory(directory / "real/"));
  for (const std::string& path : {directory / "link", directory / "link/", directory / "link//"}) {
    const auto status = open_run_directory(path);
    ASSERT_FALSE(status) << path;
    EXPECT_THAT(status.error().message, HasSubstr("symbolic link"));
  }
}

TEST(RunDirectory, FileIsRefused) {
  const TemporaryDirectory directory;
  touch(directory / "file");
  EXPECT_FALSE(open_run_directory(directory / "file"));
}

TEST(RunDirectory, WrongModeSaysHowToMendIt) {
  const TemporaryDirectory directory;
  for (const unsigned mode : {0755u, 0770u, 0701u, 01700u, 0500u}) {
    ASSERT_EQ(::chmod(directory.path().c_str(), mode), 0);
    const auto status = open_run_directory(directory.path());
    ASSERT_FALSE(status) << mode;
    EXPECT_THAT(status.error().hint, HasSubstr("chmod 0700"));
  }
  ASSERT_EQ(::chmod(directory.path().c_str(), 01777), 0);  // as /tmp, which must stay so
  EXPECT_THAT(open_run_directory(directory.path()).error().hint, Not(HasSubstr("chmod")));
  ASSERT_EQ(::chmod(directory.path().c_str(), 0700), 0);
}

TEST(RunDirectory, TheGroupOfADirectoryAboveHarmsNobody) {
  const TemporaryDirectory directory;
  ASSERT_EQ(::chmod(directory.path().c_str(), 02700), 0);
  EXPECT_TRUE(open_run_directory(directory.path()));
}

TEST(RunDirectory, ForeignOwnerIsRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a directory away";
  const TemporaryDirectory directory;
  ASSERT_EQ(::chown(directory.path().c_str(), 65534, 65534), 0);
  const auto status = open_run_directory(directory.path());
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, HasSubstr("belongs to user 65534"));
}

TEST(DirectoryWatch, NamesWhatIsThereAndWhatComes) {
  const TemporaryDirectory directory;
  touch(directory / "20.2000.seg");
  touch(directory / "3.100.seg");
  touch(directory / "launch.json");
  const auto fd = open_run_directory(directory.path());
  ASSERT_TRUE(fd);
  auto watch = DirectoryWatch::open(*fd);
  ASSERT_TRUE(watch) << watch.error().message;
  touch(directory / "4.3000.seg");  // between watching and looking: once, not twice
  EXPECT_THAT(watch->found(), ElementsAre("3.100.seg", "20.2000.seg", "4.3000.seg"));
  EXPECT_THAT(watch->found(), IsEmpty());
  touch(directory / "5.50.seg");
  touch(directory / "notes.txt");
  touch(directory / ".hidden.seg");
  EXPECT_THAT(watch->found(), ElementsAre("5.50.seg"));
}

}  // namespace
}  // namespace sockwatch::drain
