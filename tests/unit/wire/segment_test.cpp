#include "shim/segment.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <filesystem>

#include "shim/record.h"
#include "shim/state.h"
#include "tests/unit/wire/recording.h"

namespace sockwatch::shim {
namespace {

class Segment : public test::Recording {
 protected:
  static std::size_t open_descriptors() { return test::files_in("/proc/self/fd").size(); }
};

TEST_F(Segment, DescribesItselfAndItsProcess) {
  const std::size_t descriptors = open_descriptors();
  const segment::Created created = segment::create(directory_.c_str(), true);
  ASSERT_NE(created.header, nullptr) << created.why;
  EXPECT_EQ(open_descriptors(), descriptors);

  const test::Mapped mapped(segment_path());
  const wire::Header& header = mapped.header();
  EXPECT_EQ(header.magic.load(), wire::kMagic);
  EXPECT_EQ(header.layout_version, wire::kLayoutVersion);
  EXPECT_EQ(header.event_size, 64U);
  EXPECT_EQ(header.ring_size, sizeof(wire::Ring));
  EXPECT_EQ(header.slot_count, wire::kSlotCount);
  EXPECT_EQ(header.file_size, wire::kSegmentSize);
  EXPECT_EQ(header.pid, getpid());
  EXPECT_EQ(header.ppid, getppid());
  EXPECT_EQ(header.uid, getuid());
  EXPECT_EQ(header.detail, 1U);
  EXPECT_EQ(header.bell.load(), wire::kSilent);
  EXPECT_EQ(std::filesystem::path(header.exe), std::filesystem::canonical("/proc/self/exe"));
  EXPECT_GT(header.command_line_length, 0U);
  EXPECT_NE(std::strstr(header.command_line, "wire_test"), nullptr);
  EXPECT_NEAR(static_cast<double>(header.realtime_ns), static_cast<double>(time(nullptr)) * 1e9,
              5e9);
}

TEST_F(Segment, IsAFileOfItsOwnerAloneAndTakesLittleMemory) {
  ASSERT_NE(segment::create(directory_.c_str(), false).header, nullptr);
  struct stat status {};
  ASSERT_EQ(stat(segment_path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
  EXPECT_EQ(static_cast<std::size_t>(status.st_size), wire::kSegmentSize);
  EXPECT_LE(status.st_blocks * 512, 64 * 1024);
  const std::string name = std::filesystem::path(segment_path()).filename();
  EXPECT_EQ(name.rfind(std::to_string(getpid()) + ".", 0), 0U) << name;
  EXPECT_TRUE(name.ends_with(wire::kSegmentSuffix)) << name;
}

TEST_F(Segment, AFileSizeLimitIsNotRunInto) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit low{1 << 20, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &low), 0);  // SIGXFSZ would end this program
  const segment::Created created = segment::create(directory_.c_str(), false);
  setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_EQ(created.header, nullptr);
  EXPECT_FALSE(created.try_again);
  EXPECT_TRUE(test::files_in(directory_).empty());
}

TEST_F(Segment, NoDescriptorFreeIsAPassingFailure) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit low{3, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  const int spare = dup(0);  // 3 and above are taken or forbidden
  const segment::Created created = segment::create(directory_.c_str(), false);
  setrlimit(RLIMIT_NOFILE, &before);
  if (spare >= 0) close(spare);
  EXPECT_EQ(created.header, nullptr);
  EXPECT_TRUE(created.try_again);
}

TEST_F(Segment, AMissingDirectoryEndsTheRecording) {
  std::strcpy(state::settings.directory, "/no/such/directory");
  Record record(wire::Op::connect, 3);
  EXPECT_FALSE(record);
  EXPECT_EQ(state::mode.load(), state::Mode::disabled);
  EXPECT_EQ(process::current().limit.load(), 0U);  // hooks see no descriptor of interest any more
  Record again(wire::Op::connect, 3);
  EXPECT_FALSE(again);
}

TEST_F(Segment, IsMadeByTheFirstEventOnly) {
  EXPECT_TRUE(test::files_in(directory_).empty());
  Record record(wire::Op::connect, 3);
  ASSERT_TRUE(record);
  record.publish();
  EXPECT_EQ(test::files_in(directory_).size(), 1U);
  Record second(wire::Op::connect, 3);
  ASSERT_TRUE(second);
  second.publish();
  EXPECT_EQ(test::files_in(directory_).size(), 1U);
}

}  // namespace
}  // namespace sockwatch::shim
