// What the library is doing in this process image. Starts as all zeros, so hooks that other
// libraries' constructors call before ours find `unresolved` and pass through.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "shim/wire/exec_note.h"

namespace sockwatch::shim::state {

enum class Mode : std::uint32_t {
  unresolved = 0,  // our constructor has not run: hooks make the raw system call
  dormant,         // nobody asked for a recording
  recording,
  disabled,  // recording turned out to be impossible; for good in this image and its forks
};

[[gnu::visibility("hidden")]] extern constinit std::atomic<Mode> mode;
// Set once the target put itself under seccomp: from then on no system call of our own is made,
// because a filter may answer an unexpected one by killing the process (questions.h).
[[gnu::visibility("hidden")]] extern constinit std::atomic<bool> sandboxed;

// The mark above is a child's, made by vfork, in the memory of a parent that is under no filter: it
// goes with the child's exec. A child that ends in another way leaves it behind.
[[gnu::visibility("hidden")]] extern constinit bool parents;

inline bool recording() { return mode.load(std::memory_order_relaxed) == Mode::recording; }

// Read from the environment by the constructor, constant afterwards.
struct Settings {
  static constexpr std::size_t kMaxDirectory = 1024;
  char directory[kMaxDirectory];
  char exec_notes[kMaxDirectory + sizeof(wire::kExecNotesFile)];  // the file in it
  char library[kMaxDirectory];  // as LD_PRELOAD names it; empty: loaded in another way
  bool every_call;              // SOCKWATCH_DETAIL=calls
  bool follows;                 // SOCKWATCH_FOLLOW=1: see exec.h
  bool verbose;                 // SOCKWATCH_VERBOSE is set and not empty
};
[[gnu::visibility("hidden")]] extern constinit Settings settings;

// Decides the mode from the environment. A set-user-id or otherwise privileged program
// (AT_SECURE), a missing, relative or overlong directory: dormant.
void start(const char* const* environment, bool secure);

// Dormant: another copy of the library does the work, or the C library is none we know. Before
// anything was recorded.
void stand_aside();

// Stops recording for good. `why` is one short phrase; it is printed once, on stderr, only with
// SOCKWATCH_VERBOSE.
void disable(const char* why);

}  // namespace sockwatch::shim::state
