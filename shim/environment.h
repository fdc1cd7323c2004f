// The environment a program is started with, read where it lies in the caller's memory, and made
// anew on the caller's stack.
#pragma once

#include <cstddef>
#include <cstdint>

#include "shim/caller_memory.h"
#include "shim/wire/segment.h"

namespace sockwatch::shim::environment {

// What an environment says that matters to us. Index -1: not there.
struct Variables {
  long count = -1;  // entries; -1: it cannot be read
  long preload = -1;
  long directory = -1;
  long detail = -1;
  long follow = -1;
  long asan = -1;
  bool names_library = false;
  bool same_directory = false;
  bool any_order = false;  // ASAN_OPTIONS has the word already
};

// Leaves `found.count` at -1 where something cannot be read.
void read(CallerMemory& memory, char* const* environment, Variables& found);

// Bytes for one with our variables, for one without the library, or for one that leaves the library
// dormant, aligned as a pointer. 0: it must stay as it is, because it belongs to another recording,
// the user did not ask for more, or it is too large for the stack.
std::size_t room_with_ours(char* const* environment, const Variables& found);
std::size_t room_without_library(char* const* environment, const Variables& found);
std::size_t room_without_recording(const Variables& found);

// In the program's own, for what libc starts without asking us (system, popen).
void end_recording_in(char** environment);

// Make them in `room`.
char* const* with_ours(char* const* environment, const Variables& found, void* room);
char* const* without_library(char* const* environment, const Variables& found, void* room);
char* const* without_recording(char* const* environment, const Variables& found, void* room);

}  // namespace sockwatch::shim::environment
