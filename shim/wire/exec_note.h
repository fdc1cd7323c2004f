// What a process says before it becomes a program the library will not see, or starts one.
//
// Notes are appended, one write each, to one file of the run directory: they come from processes
// that may have no segment, and from children of vfork, which must not touch their parent's. A
// process that keeps being seen writes none.
//
// Written by: any process of the recording. Read by: the collector, which trusts nothing in it and
// removes the file with the end of the recording.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace sockwatch::wire {

inline constexpr char kExecNotesFile[] = "execs";
// The file grows no further: 8192 notes. A reader that finds it full knows that some are missing.
inline constexpr std::size_t kExecNotesLimit = std::size_t{4} << 20;
inline constexpr std::uint64_t kExecNoteMagic = 0x3145544f4e435845;  // "EXCNOTE1", little endian

// Environment of the target: "1" lets the library put its variables back where a program scrubbed
// them.
inline constexpr char kFollowVariable[] = "SOCKWATCH_FOLLOW";

enum class ExecWhy : std::uint16_t {
  returned = 0,       // the call the last note of this thread was about has failed
  scrubbed = 1,       // the environment does not name the library and the run directory
  is_static = 2,      // no loader
  other_machine = 3,  // or word size
  other_libc = 4,     // its loader is not glibc's
  privileged = 5,     // set-user-id, set-group-id or file capabilities
  is_go = 6,          // it makes system calls past the C library, whatever it loads
  other_root = 7,     // it would not find the library where its environment says
  other_user = 8,     // it would not be allowed to read it
  count = 9,
};

struct ExecNote {
  static constexpr std::size_t kPathBytes = 200;
  static constexpr std::size_t kCommandLineBytes = 272;

  std::uint64_t magic;
  std::uint64_t t_ns;  // CLOCK_MONOTONIC, just before the call
  std::int32_t pid;    // of the process that is to become the program
  std::int32_t ppid;
  std::uint32_t uid;
  std::uint32_t tid;  // that makes the call
  ExecWhy why;
  std::uint16_t path_length;
  std::uint16_t command_line_length;
  std::uint16_t reserved;
  char path[kPathBytes];                 // the image: of a script, the interpreter; may be cut
  char command_line[kCommandLineBytes];  // NUL behind each argument, cut at the end
};
static_assert(sizeof(ExecNote) == 512 && std::is_trivially_copyable_v<ExecNote>);
static_assert(offsetof(ExecNote, why) == 32 && offsetof(ExecNote, path) == 40);
static_assert(kExecNotesLimit % sizeof(ExecNote) == 0);

}  // namespace sockwatch::wire
