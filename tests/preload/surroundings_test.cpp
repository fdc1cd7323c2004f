// An ordinary client in unordinary surroundings: run directories that fail, other libraries in
// LD_PRELOAD, programs the library cannot be loaded into, a sanitizer.
#include <elf.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "tests/preload/expectations.h"
#include "tests/preload/hazards.h"
#include "tests/preload/under.h"

namespace sockwatch::preload {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using wire::Loss;
using wire::Op;

Recording ordinary() {
  return Recording::of({Expected(Op::connect).error(ECONNREFUSED).tcp().peer().times(20),
                        Expected(Op::connect).result(0).without(wire::kBegin).tcp().times(20)});
}
Recording nothing() { return Recording::of({}).segments(0); }

// Runs it bare and in `directory`, expects the same and gives the recorded run back.
ProgramRun expect_same_in(const RunDirectory& directory, const std::vector<std::string>& words,
                          const Surroundings& surroundings = {}) {
  Command command = bare_command(words);
  const ProgramRun bare = run_program(command);
  EXPECT_EQ(bare.status, 0) << bare.out << bare.err;
  under_library(command, directory, surroundings);
  ProgramRun run = run_program(command);
  expect_same(run, bare);
  return run;
}

class RunDirectoryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!own_shared_memory()) GTEST_SKIP() << "file systems cannot be mounted here";
  }
};

TEST_F(RunDirectoryTest, MissingMeansNoRecording) {
  const RunDirectory directory(RunDirectory::Kind::missing);
  expect_same_in(directory, {"plain_client"});
  EXPECT_FALSE(std::filesystem::exists(directory.path()));
  EXPECT_THAT(shared_memory_names(), IsEmpty());
}

TEST_F(RunDirectoryTest, ReadOnlyMeansNoRecording) {
  const RunDirectory directory(RunDirectory::Kind::read_only);
  expect_same_in(directory, {"plain_client"});
  EXPECT_THAT(directory.files(), IsEmpty());
}

TEST_F(RunDirectoryTest, FullFileSystemRecordsWhatFitsAndCountsTheRest) {
  const RunDirectory directory(RunDirectory::Kind::tiny);
  const ProgramRun run = expect_same_in(directory, {"thread_churn", "many"});
  const Recording some = Recording::of({Expected(Op::connect).error(ECONNREFUSED).tcp()})
                             .must({Loss::no_memory})
                             .may({Loss::no_slot, Loss::ring_full});
  EXPECT_THAT(compare(directory, run, some), IsEmpty());
}

TEST_F(RunDirectoryTest, FullFromTheStartMeansNoRecording) {
  const RunDirectory directory(RunDirectory::Kind::tiny);
  const std::string filler = (directory.path() / "filler").string();
  ASSERT_EQ(
      run_program(bare_command({"/bin/sh", "-c",
                                "head -c 65536 /dev/zero >" + filler + "; test -s " + filler}))
          .status,
      0);
  expect_same_in(directory, {"plain_client"});
  expect_same_in(directory, {"fork_under_load"});
}

TEST_F(RunDirectoryTest, RemovedWhileRecordingHarmsNobody) {
  const RunDirectory directory;
  const std::string script =
      std::string(PRELOAD_PROGRAMS "/plain_client; rm -r ") + directory.path().string() +
      "/*; " PRELOAD_PROGRAMS "/plain_client & rmdir " + directory.path().string() +
      " 2>/dev/null; " PRELOAD_PROGRAMS "/plain_client; wait";
  Command command = bare_command({"/bin/sh", "-c", script});
  under_library(command, directory);
  const ProgramRun run = run_program(command);
  EXPECT_EQ(run.status, 0);
  EXPECT_EQ(run.err, "");
}

TEST(WithoutDirectory, TheLibrarySleeps) {
  Command command = bare_command({"process_state"});
  const ProgramRun bare = run_program(command);
  command.environment.push_back(std::string("LD_PRELOAD=") + SOCKWATCH_LIBRARY);
  expect_same(run_program(command), bare);
  for (const char* odd : {"", "relative/path", "/proc/self/exe"}) {
    Command with = command;
    with.environment.push_back(std::string(wire::kDirVariable) + "=" + odd);
    expect_same(run_program(with), bare);
  }
}

class Beside : public ::testing::TestWithParam<std::string> {};

TEST_P(Beside, OtherLibrariesInEitherOrder) {
  own_shared_memory();
  if (!std::filesystem::exists(GetParam())) GTEST_SKIP() << GetParam() << " is not installed";
  for (const bool first : {true, false}) {
    SCOPED_TRACE(first ? "the other first" : "the other last");
    const RunDirectory directory;
    Surroundings surroundings;
    (first ? surroundings.before : surroundings.after).push_back(GetParam());
    const ProgramRun run = expect_same_in(directory, {"plain_client"}, surroundings);
    EXPECT_THAT(compare(directory, run, ordinary()), IsEmpty());
  }
}

INSTANTIATE_TEST_SUITE_P(Allocators, Beside,
                         ::testing::Values("/usr/lib/" PRELOAD_MULTIARCH "/libjemalloc.so.2",
                                           "/usr/lib/" PRELOAD_MULTIARCH
                                           "/libtcmalloc_minimal.so.4"),
                         [](const auto& tried) {
                           return tried.index == 0 ? "jemalloc" : "tcmalloc";
                         });

// A library that lies about the time to the program must not lie to the recording: compare() wants
// every event within the run by the machine's own clock.
TEST(BesideFaketime, EventTimesStayTrue) {
  own_shared_memory();
  const std::string library = "/usr/lib/" PRELOAD_MULTIARCH "/faketime/libfaketime.so.1";
  if (!std::filesystem::exists(library)) GTEST_SKIP() << library << " is not installed";
  for (const bool first : {true, false}) {
    SCOPED_TRACE(first ? "libfaketime first" : "libfaketime last");
    const RunDirectory directory;
    Command command = bare_command({"plain_client"});
    const ProgramRun bare = run_program(command);
    Surroundings surroundings;
    (first ? surroundings.before : surroundings.after).push_back(library);
    under_library(command, directory, surroundings);
    command.environment.push_back("FAKETIME=-100d");
    command.environment.push_back("FAKETIME_NO_CACHE=1");
    const ProgramRun run = run_program(command);
    expect_same(run, bare);
    EXPECT_THAT(compare(directory, run, ordinary()), IsEmpty());
  }
}

TEST(Sanitized, AddressSanitizerFirstInPreload) {
  own_shared_memory();
  const RunDirectory directory;
  Command command = bare_command({"sanitized_client"});
  const std::string runtime = PRELOAD_LIBASAN;
  Surroundings surroundings;
  if (runtime.starts_with('/'))
    surroundings.before.push_back(runtime);  // else it is linked statically
  command.environment.push_back("ASAN_OPTIONS=detect_leaks=0");
  const ProgramRun bare = run_program(command);
  ASSERT_EQ(bare.status, 0) << bare.err;
  under_library(command, directory, surroundings);
  const ProgramRun run = run_program(command);
  expect_same(run, bare);
  EXPECT_THAT(compare(directory, run, ordinary()), IsEmpty());
}

// As the launcher starts a program that needs the shared runtime: the order check switched off.
TEST(Sanitized, AddressSanitizerBehindUs) {
  own_shared_memory();
  const RunDirectory directory;
  Command command = bare_command({"sanitized_client"});
  command.environment.push_back("ASAN_OPTIONS=detect_leaks=0:verify_asan_link_order=0");
  const ProgramRun bare = run_program(command);
  ASSERT_EQ(bare.status, 0) << bare.err;
  under_library(command, directory);
  const ProgramRun run = run_program(command);
  expect_same(run, bare);
  EXPECT_THAT(compare(directory, run, ordinary()), IsEmpty());
}

// The loader says so in one line of its own and goes on without us.
TEST(NotLoaded, ProgramOfAnotherArchitectureIsUnaffected) {
  own_shared_memory();
  if (!std::filesystem::exists(program_path("narrow_client"))) {
    GTEST_SKIP() << "the compiler makes no 32-bit programs (gcc-multilib)";
  }
  const RunDirectory directory;
  Command command = bare_command({"narrow_client"});
  const ProgramRun bare = run_program(command);
  if (bare.status != 0) GTEST_SKIP() << "32-bit programs do not run here: " << bare.err;
  under_library(command, directory);
  const ProgramRun run = run_program(command);
  EXPECT_EQ(run.status, bare.status);
  EXPECT_EQ(run.out, bare.out);
  EXPECT_EQ(run.err, "ERROR: ld.so: object '" SOCKWATCH_LIBRARY
                     "' from LD_PRELOAD cannot be preloaded (wrong ELF class: ELFCLASS64): "
                     "ignored.\n");
  EXPECT_THAT(compare(directory, run, nothing()), IsEmpty());
}

// musl's loader takes the library in, and calls its constructor in another way.
TEST(NotLoaded, ProgramOfAnotherCLibraryIsUnaffected) {
  own_shared_memory();
  if (!std::filesystem::exists(program_path("musl_client"))) {
    GTEST_SKIP() << "there is no musl-gcc (musl-tools)";
  }
  const RunDirectory directory;
  const ProgramRun run = expect_same_in(directory, {"musl_client"});
  EXPECT_THAT(compare(directory, run, nothing()), IsEmpty());
}

// As a child of a program that is recorded, which says so.
TEST(NotLoaded, ProgramOfAnotherCLibraryIsNoted) {
  own_shared_memory();
  if (!std::filesystem::exists(program_path("musl_client"))) {
    GTEST_SKIP() << "there is no musl-gcc (musl-tools)";
  }
  const RunDirectory directory;
  const ProgramRun run = expect_same_in(directory, {"exec_unseen", program_path("musl_client")});
  Recording noted = nothing().noted(wire::ExecWhy::other_libc, 2);
  EXPECT_THAT(compare(directory, run, noted), IsEmpty());
}

// Its parent, which is recorded, does not name the library to it: no line on standard error.
TEST(NotLoaded, ProgramOfAnotherArchitectureHearsNothingOfUsFromItsParent) {
  own_shared_memory();
  if (!std::filesystem::exists(program_path("narrow_client"))) {
    GTEST_SKIP() << "the compiler makes no 32-bit programs (gcc-multilib)";
  }
  if (run_program(bare_command({"narrow_client"})).status != 0) {
    GTEST_SKIP() << "32-bit programs do not run here";
  }
  const RunDirectory directory;
  const ProgramRun run = expect_same_in(directory, {"exec_unseen", program_path("narrow_client")});
  Recording noted = nothing().noted(wire::ExecWhy::other_machine, 2);
  EXPECT_THAT(compare(directory, run, noted), IsEmpty());
}

TEST(NotLoaded, StaticProgramIsUnaffected) {
  own_shared_memory();
  const RunDirectory directory;
  const ProgramRun run = expect_same_in(directory, {"static_client"});
  EXPECT_THAT(compare(directory, run, nothing()), IsEmpty());
}

// Its parts in C are recorded; the segment says that these are not all.
TEST(GoProgram, SaysSoInItsSegment) {
  for (const auto& [program, kind] :
       {std::pair("plain_client", wire::kOrdinary), std::pair("go_program", wire::kGo)}) {
    const RunDirectory directory;
    expect_same_in(directory, {program});
    ASSERT_EQ(directory.files().size(), 1U) << program;
    EXPECT_EQ(read_segment(directory.files()[0]).program, kind) << program;
  }
}

// The loader says what it opens. A module that is opened again and again was looked at once.
TEST(DeepModule, IsLookedAtOnce) {
  own_shared_memory();
  const auto opened = [](const ProgramRun& run) {
    int count = 0;
    for (std::size_t at = 0; (at = run.err.find("opening file=", at)) != std::string::npos; ++at) {
      ++count;
    }
    return count;
  };
  const RunDirectory directory;
  Command command = bare_command({"opened_again"});
  command.environment.push_back("LD_DEBUG=files");
  const ProgramRun bare = run_program(command);
  ASSERT_EQ(bare.status, 0);
  ASSERT_GE(opened(bare), 99);
  under_library(command, directory);
  const ProgramRun run = run_program(command);
  EXPECT_EQ(run.status, 0);
  EXPECT_LT(opened(run), opened(bare) + 20);
}

// As a tool that rewrites executables may leave it: the notes lead to where nothing is mapped,
// which neither the kernel nor the loader minds.
TEST(StrayNotes, AreNotFollowed) {
  own_shared_memory();
  const RunDirectory directory;
  const RunDirectory programs;
  const std::filesystem::path program = programs.path() / "client";
  std::filesystem::copy_file(program_path("plain_client"), program);
  std::fstream file(program, std::ios::binary | std::ios::in | std::ios::out);
  Elf64_Ehdr head{};
  file.read(reinterpret_cast<char*>(&head), sizeof(head));
  int changed = 0;
  for (std::size_t i = 0; i < head.e_phnum; ++i) {
    const auto at = static_cast<std::streamoff>(head.e_phoff + i * sizeof(Elf64_Phdr));
    Elf64_Phdr part{};
    file.seekg(at);
    file.read(reinterpret_cast<char*>(&part), sizeof(part));
    if (part.p_type != PT_NOTE || part.p_align != 4) continue;  // others the loader looks at
    part.p_vaddr = part.p_paddr = 0x70000000;
    file.seekp(at);
    file.write(reinterpret_cast<const char*>(&part), sizeof(part));
    ++changed;
  }
  file.close();
  ASSERT_NE(changed, 0);
  const ProgramRun run = expect_same_in(directory, {program.string()});
  EXPECT_THAT(compare(directory, run, ordinary()), IsEmpty());
}

TEST(NotLoaded, SetUserIdProgramIsUnaffected) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can make a set-user-id copy";
  own_shared_memory();
  const RunDirectory directory(RunDirectory::Kind::everybody);
  const RunDirectory programs(RunDirectory::Kind::everybody);
  const std::filesystem::path program = programs.path() / "set_user_id_client";
  std::filesystem::copy_file(program_path("plain_client"), program);
  ASSERT_EQ(chmod(program.c_str(), 04755), 0);
  Command command = bare_command({program.string()});
  command.user = 65534;
  const ProgramRun bare = run_program(command);
  ASSERT_EQ(bare.status, 0) << bare.err;
  ASSERT_EQ(bare.out, "effective user 0\n");
  under_library(command, directory);
  const ProgramRun run = run_program(command);
  EXPECT_EQ(run.status, 0);
  EXPECT_EQ(run.out, bare.out);
  EXPECT_THAT(compare(directory, run, nothing()), IsEmpty());
}

// The library sees no privilege gained here, only another user.
TEST(AnotherUser, RecordsIntoADirectoryOpenToAll) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can become somebody else";
  own_shared_memory();
  const RunDirectory directory(RunDirectory::Kind::everybody);
  const RunDirectory programs(RunDirectory::Kind::everybody);
  const std::filesystem::path program = programs.path() / "client",
                              library = programs.path() / "libsockwatch.so";
  std::filesystem::copy_file(program_path("plain_client"), program);
  std::filesystem::copy_file(SOCKWATCH_LIBRARY, library);
  Command command = bare_command({program.string()});
  command.user = 65534;
  command.environment.push_back("LD_PRELOAD=" + library.string());
  command.environment.push_back(std::string(wire::kDirVariable) + "=" + directory.path().string());
  const ProgramRun run = run_program(command);
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_EQ(run.out, "effective user 65534\n");
  EXPECT_THAT(compare(directory, run, ordinary()), IsEmpty());
}

}  // namespace
}  // namespace sockwatch::preload
