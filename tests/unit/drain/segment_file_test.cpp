#include "collector/drain/segment_file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cstring>
#include <functional>

#include "collector/drain/segment_reader.h"
#include "collector/drain/unique_fd.h"
#include "tests/unit/drain/producer.h"
#include "tests/unit/drain/temporary_directory.h"

namespace sockwatch::drain {
namespace {

using testing::HasSubstr;

class SegmentFileTest : public testing::Test {
 protected:
  Result<std::optional<SegmentFile>> open(const std::string& name) {
    return SegmentFile::open(directory_fd_.get(), name);
  }
  // The whole text a person would see.
  std::string refusal(const std::string& name) {
    const auto file = open(name);
    if (file) return "(not refused)";
    return file.error().message + " | " + file.error().hint;
  }

  TemporaryDirectory directory_;
  UniqueFd directory_fd_{::open(directory_.path().c_str(), O_RDONLY | O_DIRECTORY)};
};

TEST(SegmentName, IsPidAndTime) {
  const auto name = parse_segment_name("4711.123456789.seg");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->pid, 4711);
  EXPECT_EQ(name->created_ns, 123456789);
}

TEST(SegmentName, NothingElseIsOne) {
  for (const char* name :
       {"", ".seg", "1.seg", "1..seg", ".1.seg", "a.1.seg", "1.b.seg", "-1.5.seg", "1.-5.seg",
        "0.5.seg", "1.2.3.seg", "1.2.seg ", " 1.2.seg", "1.2.SEG", "99999999999.1.seg",
        "1.99999999999999999999.seg", "+1.2.seg"}) {
    EXPECT_FALSE(parse_segment_name(name)) << name;
  }
}

TEST_F(SegmentFileTest, OpensWhatTheLibraryMakes) {
  const Producer producer(directory_.path());
  const auto file = open(producer.name());
  ASSERT_TRUE(file) << file.error().message;
  ASSERT_TRUE(file->has_value());
  const SegmentOrigin& origin = (*file)->origin();
  EXPECT_EQ(origin.pid, ::getpid());
  EXPECT_EQ(origin.ppid, ::getppid());
  EXPECT_EQ(origin.uid, ::getuid());
  EXPECT_EQ(origin.command_line, "client --to server");
  EXPECT_THAT(origin.exe, HasSubstr("/"));
}

TEST_F(SegmentFileTest, UnfinishedIsNoError) {
  const Producer producer(directory_.path(), {.complete = false});
  auto file = open(producer.name());
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_FALSE(file->has_value());
  producer.store_magic();
  file = open(producer.name());
  ASSERT_TRUE(file);
  EXPECT_TRUE(file->has_value());
}

TEST_F(SegmentFileTest, EmptyIsUnfinished) {
  ::close(::open((directory_ / "5.6.seg").c_str(), O_CREAT | O_RDWR | O_EXCL, 0600));
  const auto file = open("5.6.seg");
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_FALSE(file->has_value());
}

struct Forgery {
  const char* what;
  std::function<void(const Producer&)> forge;
  const char* found;
  std::string expected;
};

class ForgedHeader : public SegmentFileTest, public testing::WithParamInterface<Forgery> {};

TEST_P(ForgedHeader, IsRefusedInWords) {
  const Producer producer(directory_.path());
  GetParam().forge(producer);
  const std::string text = refusal(producer.name());
  EXPECT_THAT(text, HasSubstr(std::string("found ") + GetParam().found));
  EXPECT_THAT(text, HasSubstr(std::string("expected ") + GetParam().expected));
  EXPECT_THAT(text, HasSubstr(" | likely cause: "));
  EXPECT_THAT(text, HasSubstr("; "));  // the remedy
}

INSTANTIATE_TEST_SUITE_P(
    Fields, ForgedHeader,
    testing::Values(
        Forgery{"Magic", [](const Producer& p) { p.header().magic = 0x1234; }, "magic", "magic"},
        Forgery{"Version", [](const Producer& p) { p.header().layout_version = 77; },
                "layout version 77", std::to_string(wire::kLayoutVersion)},
        Forgery{"EventSize", [](const Producer& p) { p.header().event_size = 128; },
                "event size 128", "64"},
        Forgery{"RingSize", [](const Producer& p) { p.header().ring_size = 0xffffffff; },
                "ring size 4294967295", ""},
        Forgery{"Capacity", [](const Producer& p) { p.header().ring_capacity = 65535; },
                "ring capacity 65535", "4095"},
        Forgery{"Slots", [](const Producer& p) { p.header().slot_count = 0; }, "slot count 0",
                "136"},
        Forgery{"HeaderSize", [](const Producer& p) { p.header().header_size = 1; },
                "header size 1", ""},
        Forgery{"Offset", [](const Producer& p) { p.header().rings_offset = ~std::uint64_t{0}; },
                "ring offset 18446744073709551615", ""},
        Forgery{"Stride", [](const Producer& p) { p.header().ring_stride = 64; }, "ring stride 64",
                ""},
        Forgery{"FileSize", [](const Producer& p) { p.header().file_size = 4096; },
                "file size 4096", ""},
        Forgery{"Pid", [](const Producer& p) { p.header().pid = 1; }, "process 1", "process "},
        Forgery{"Mode", [](const Producer& p) { ::chmod(p.path().c_str(), 0644); }, "mode 0644",
                "mode 0600"},
        Forgery{"Shorter",
                [](const Producer& p) { (void)!::truncate(p.path().c_str(), wire::kPage); },
                "4096 bytes", ""},
        Forgery{
            "Longer",
            [](const Producer& p) { (void)!::truncate(p.path().c_str(), wire::kSegmentSize + 1); },
            "", ""}),
    [](const auto& instance) { return instance.param.what; });

TEST_F(SegmentFileTest, SymbolicLinkIsRefused) {
  const Producer producer(directory_.path());
  ASSERT_EQ(::symlink(producer.path().c_str(), (directory_ / "1.2.seg").c_str()), 0);
  EXPECT_THAT(refusal("1.2.seg"), HasSubstr("symbolic link"));
}

TEST_F(SegmentFileTest, FifoAndDirectoryAreRefusedAtOnce) {
  ASSERT_EQ(::mkfifo((directory_ / "1.2.seg").c_str(), 0600), 0);
  EXPECT_THAT(refusal("1.2.seg"), HasSubstr("regular file"));
  ASSERT_EQ(::mkdir((directory_ / "1.3.seg").c_str(), 0700), 0);
  EXPECT_THAT(refusal("1.3.seg"), HasSubstr("1.3.seg"));
}

TEST_F(SegmentFileTest, FileOfAnotherUserIsRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  const Producer producer(directory_.path());
  ASSERT_EQ(::chown(producer.path().c_str(), 65534, 65534), 0);
  EXPECT_THAT(refusal(producer.name()), HasSubstr("owner 65534"));
}

TEST_F(SegmentFileTest, TextWithoutEndStaysInItsField) {
  const Producer producer(directory_.path());
  std::memset(producer.header().exe, 'x', sizeof producer.header().exe);
  std::memset(producer.header().command_line, 'y', sizeof producer.header().command_line);
  producer.header().command_line_length = 0xffffffff;
  const auto file = open(producer.name());
  ASSERT_TRUE(file);
  EXPECT_EQ((*file)->origin().exe, std::string(512, 'x'));
  EXPECT_EQ((*file)->origin().command_line, std::string(1536, 'y'));
}

TEST_F(SegmentFileTest, TruncationUnderTheReaderBreaksTheSegmentAndNothingElse) {
  Producer producer(directory_.path());
  ASSERT_TRUE(producer.publish(0, EventBuilder(wire::Op::close, 3, 100).slots()));
  ASSERT_TRUE(producer.publish(5, EventBuilder(wire::Op::close, 3, 101).slots()));
  auto file = open(producer.name());
  ASSERT_TRUE(file);
  SegmentReader reader(*std::move(*file));
  Harvest harvest;
  reader.drain(harvest, false);
  EXPECT_EQ(harvest.slots, 2u);
  EXPECT_FALSE(harvest.broken_segment);

  ASSERT_TRUE(producer.publish(0, EventBuilder(wire::Op::close, 3, 102).slots()));
  // Slots survive, rings do not.
  ASSERT_EQ(::truncate(producer.path().c_str(), wire::kRingsOffset), 0);
  reader.drain(harvest, true);
  EXPECT_TRUE(harvest.broken_segment);
  EXPECT_EQ(harvest.slots, 2u) << "nothing may come out of the zeroes behind the end";
  EXPECT_EQ(harvest.rings[0].at(0).size(), 1u);

  ASSERT_EQ(::truncate(producer.path().c_str(), 0), 0);
  reader.drain(harvest, true);
  EXPECT_EQ(harvest.slots, 2u);
}

TEST_F(SegmentFileTest, TruncationToNothingIsSurvived) {
  Producer producer(directory_.path());
  producer.slot(0).lost = 7;
  ASSERT_TRUE(producer.publish(0, EventBuilder(wire::Op::close, 3, 100).slots()));
  auto file = open(producer.name());
  ASSERT_TRUE(file);
  SegmentReader reader(*std::move(*file));
  Harvest harvest;
  reader.drain(harvest, false);
  ASSERT_EQ(::truncate(producer.path().c_str(), 0), 0);
  reader.drain(harvest, true);
  EXPECT_TRUE(harvest.broken_segment);
  EXPECT_EQ(harvest.lost_in_ring[0], 7u) << "what was known is kept";
  EXPECT_EQ(harvest.slots, 1u);
}

TEST(BusGuardDeathTest, FaultElsewhereStillKills) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        alignas(4096) static char watched[4096];
        const BusGuard guard(watched, sizeof watched);
        const UniqueFd fd(::memfd_create("short", 0));
        auto* place =
            static_cast<volatile char*>(::mmap(nullptr, 4096, PROT_READ, MAP_SHARED, fd.get(), 0));
        (void)*place;
      },
      "");
}

TEST(BusGuard, RangesAreUsedAgain) {
  alignas(4096) static char first[4096];
  alignas(4096) static char second[4096];
  for (int i = 0; i < 1000; ++i) {
    BusGuard a(first, sizeof first);
    BusGuard b(second, sizeof second);
    a = std::move(b);
    EXPECT_FALSE(a.broken());
  }
}

}  // namespace
}  // namespace sockwatch::drain
