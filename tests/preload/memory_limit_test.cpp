// A program in a control group that has just enough memory for it. What the library needs beside it
// is shared memory, charged to the same group: beyond the limit the kernel kills, and nothing the
// library could do would prevent that. So what it needs must be little.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <optional>

#include "tests/preload/expectations.h"
#include "tests/preload/under.h"

namespace sockwatch::preload {
namespace {

using ::testing::IsEmpty;

constexpr long kMiB = 1024 * 1024;

bool write(const std::filesystem::path& file, const std::string& text) {
  std::ofstream out(file);
  out << text << std::flush;
  return out.good();
}

// A control group of its own, version 2 or 1, with a memory limit.
class MemoryGroup {
 public:
  MemoryGroup() {
    const std::string name = fmt::format("sockwatch-test-{}", getpid());
    for (const char* root : {"/sys/fs/cgroup", "/sys/fs/cgroup/memory"}) {
      const std::filesystem::path folder = std::filesystem::path(root) / name;
      std::error_code error;
      if (!std::filesystem::create_directory(folder, error)) continue;
      for (const auto& [limit, peak] : {std::pair{"memory.max", "memory.peak"},
                                        {"memory.limit_in_bytes", "memory.max_usage_in_bytes"}}) {
        if (std::filesystem::exists(folder / limit) && std::filesystem::exists(folder / peak)) {
          folder_ = folder;
          limit_ = folder / limit;
          peak_ = folder / peak;
          return;
        }
      }
      rmdir(folder.c_str());
    }
  }
  ~MemoryGroup() {
    if (usable()) rmdir(folder_.c_str());
  }
  MemoryGroup(const MemoryGroup&) = delete;
  MemoryGroup& operator=(const MemoryGroup&) = delete;

  bool usable() const { return !folder_.empty(); }
  bool limit(long bytes) { return write(limit_, std::to_string(bytes)); }
  long peak() const {
    long bytes = 0;
    std::ifstream(peak_) >> bytes;
    return bytes;
  }
  // The words, run by a shell that has joined the group.
  std::vector<std::string> inside(const std::string& program) const {
    return {"/bin/sh", "-c",
            fmt::format("echo $$ > {}/cgroup.procs && exec {}", folder_.string(), program)};
  }

 private:
  std::filesystem::path folder_, limit_, peak_;
};

TEST(MemoryLimit, AMegabyteMoreThanTheProgramNeedsIsEnough) {
  own_shared_memory();
  long needed = 0;
  ProgramRun bare;
  {
    MemoryGroup group;
    if (!group.usable()) GTEST_SKIP() << "no control group with a memory limit can be made here";
    ASSERT_TRUE(group.limit(64 * kMiB));
    bare = run_program(bare_command(group.inside(PRELOAD_PROGRAMS "/plain_client")));
    if (bare.status != 0) GTEST_SKIP() << "no process may join a control group here: " << bare.err;
    needed = group.peak();
  }
  MemoryGroup group;
  ASSERT_TRUE(group.usable());
  ASSERT_TRUE(group.limit(needed + kMiB));
  const RunDirectory directory;
  Command command = bare_command(group.inside(PRELOAD_PROGRAMS "/plain_client"));
  under_library(command, directory);
  const ProgramRun run = run_program(command);
  expect_same(run, bare);
  RecordProperty("bare_peak", std::to_string(needed));
  RecordProperty("peak", std::to_string(group.peak()));
  EXPECT_THAT(
      compare(directory, run,
              Recording::of({Expected(wire::Op::connect).error(ECONNREFUSED).tcp().times(20)})),
      IsEmpty());
}

}  // namespace
}  // namespace sockwatch::preload
