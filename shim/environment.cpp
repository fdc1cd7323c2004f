#include "shim/environment.h"

#include <signal.h>

#include <cstring>
#include <initializer_list>

#include "shim/raw.h"
#include "shim/state.h"
#include "shim/wire/exec_note.h"

namespace sockwatch::shim::environment {
namespace {

constexpr char kPreload[] = "LD_PRELOAD=";
constexpr char kAsan[] = "ASAN_OPTIONS=";
// The AddressSanitizer runtime ends a program in which another library comes before it.
constexpr char kAnyOrder[] = "verify_asan_link_order=0";
constexpr char kLibraryName[] = "libsockwatch.so";
constexpr char kBetween[] = ": \t\n";  // as ld.so takes LD_PRELOAD apart
constexpr char kAllCalls[] = "calls";
constexpr char kYes[] = "1";

constexpr std::size_t kLittle = 2048;     // bytes of a signal handler's stack
constexpr std::size_t kSome = 4096;       // of a thread's, which may have 16 KiB
constexpr std::size_t kMuch = 32 * 1024;  // of the main thread's
constexpr std::size_t kAdded = 6;         // five variables and the end

template <std::size_t Size>
constexpr std::size_t length_of(const char (&)[Size]) {
  return Size - 1;
}

bool is_variable(CallerMemory& memory, const char* entry, const char* name, std::size_t length) {
  return memory.starts(entry, name, length) && memory.has(entry + length, 1) &&
         entry[length] == '=';
}

// One entry of the environment. False: it cannot be read.
bool note_variable(CallerMemory& memory, const char* entry, long index, Variables& found) {
  // Few begin with these letters.
  if (*entry != 'L' && *entry != 'S' && *entry != 'A') {
    return true;
  }
  const state::Settings& settings = state::settings;
  if (memory.starts(entry, kPreload, length_of(kPreload))) {
    found.preload = index;
    if (memory.text(entry) < 0) {
      return false;
    }
    found.names_library =
        std::strstr(entry, kLibraryName) != nullptr ||
        (settings.library[0] != '\0' && std::strstr(entry, settings.library) != nullptr);
  } else if (is_variable(memory, entry, wire::kDirVariable, length_of(wire::kDirVariable))) {
    found.directory = index;
    const std::size_t length = std::strlen(settings.directory) + 1;
    found.same_directory =
        memory.starts(entry + sizeof(wire::kDirVariable), settings.directory, length);
  } else if (is_variable(memory, entry, wire::kDetailVariable, length_of(wire::kDetailVariable))) {
    found.detail = index;
  } else if (is_variable(memory, entry, wire::kFollowVariable, length_of(wire::kFollowVariable))) {
    found.follow = index;
  } else if (memory.starts(entry, kAsan, length_of(kAsan))) {
    found.asan = index;
    if (memory.text(entry) < 0) {
      return false;
    }
    found.any_order = std::strstr(entry, "verify_asan_link_order") != nullptr;
  }
  return true;
}

}  // namespace

void read(CallerMemory& memory, char* const* environment, Variables& found) {
  long count = 0;
  if (environment != nullptr) {  // the kernel takes a null pointer for an empty one
    for (const char* entry = nullptr;; ++count) {
      if (!memory.entry(environment + count, entry) ||
          (entry != nullptr && !note_variable(memory, entry, count, found))) {
        return;
      }
      if (entry == nullptr) {
        break;
      }
    }
  }
  found.count = count;
}

namespace {

bool on_small_stack() {
  stack_t stack{};
  return raw::failed(raw::call(SYS_sigaltstack, nullptr, &stack)) ||
         (stack.ss_flags & SS_ONSTACK) != 0;
}

std::size_t text_size(char* const* environment, long index) {
  return index < 0 ? 0 : std::strlen(environment[index]);
}

// What may be taken of the caller's stack.
std::size_t if_it_fits(std::size_t bytes) {
  const bool fits = bytes <= kLittle || (bytes <= kMuch && on_main_stack()) ||
                    (bytes <= kSome && !on_small_stack());
  return fits ? bytes : 0;
}

std::size_t pointers_size(const Variables& found) {
  return (static_cast<std::size_t>(found.count) + kAdded) * sizeof(char*);
}

}  // namespace

std::size_t room_with_ours(char* const* environment, const Variables& found) {
  const state::Settings& settings = state::settings;
  // Another directory: it is in another recording.
  if (!settings.follows || settings.library[0] != '/' ||
      (found.directory >= 0 && !found.same_directory)) {
    return 0;
  }
  constexpr std::size_t kFixed = sizeof(kPreload) + sizeof(wire::kDirVariable) +
                                 sizeof(wire::kDetailVariable) + sizeof(kAllCalls) +
                                 sizeof(wire::kFollowVariable) + sizeof(kYes) + sizeof(kAsan) +
                                 sizeof(kAnyOrder) + 5 * sizeof("=:");
  return if_it_fits(pointers_size(found) + kFixed + text_size(environment, found.preload) +
                    std::strlen(settings.library) + std::strlen(settings.directory) +
                    text_size(environment, found.asan));
}

std::size_t room_without_library(char* const* environment, const Variables& found) {
  return if_it_fits(pointers_size(found) + text_size(environment, found.preload) + 1);
}

std::size_t room_without_recording(const Variables& found) {
  // Of other stacks than the main thread's nobody can be asked.
  const std::size_t bytes = pointers_size(found);
  const bool fits = bytes <= kLittle || (bytes <= kMuch && on_main_stack());
  return found.same_directory && fits ? bytes : 0;
}

namespace {

// One entry of LD_PRELOAD.
bool is_library(const char* entry, std::size_t length) {
  constexpr std::size_t kName = length_of(kLibraryName);
  return length >= kName && std::strncmp(entry + length - kName, kLibraryName, kName) == 0 &&
         (length == kName || entry[length - kName - 1] == '/');
}

char** copy(char* const* environment, const Variables& found, void* room) {
  char** list = static_cast<char**>(room);
  for (long i = 0; i < found.count; ++i) {
    list[i] = environment[i];
  }
  return list;
}

// Behind the pointers.
char* text_room(char** list, const Variables& found) {
  return reinterpret_cast<char*>(list) + pointers_size(found);
}

}  // namespace

char* const* with_ours(char* const* environment, const Variables& found, void* room) {
  char** list = copy(environment, found, room);
  char* text = text_room(list, found);
  const state::Settings& settings = state::settings;
  long count = found.count;
  const auto put = [&](long index, std::initializer_list<const char*> pieces) {
    list[index >= 0 ? index : count++] = text;
    for (const char* piece : pieces) {
      const std::size_t length = std::strlen(piece);
      std::memcpy(text, piece, length);
      text += length;
    }
    *text++ = '\0';
  };
  if (!found.names_library) {
    const char* before = found.preload >= 0 ? list[found.preload] : kPreload;
    const bool some = before[length_of(kPreload)] != '\0';
    put(found.preload, {before, some ? ":" : "", settings.library});
  }
  if (found.directory < 0) {
    put(-1, {wire::kDirVariable, "=", settings.directory});
  }
  if (found.detail < 0 && settings.every_call) {
    put(-1, {wire::kDetailVariable, "=", kAllCalls});
  }
  if (found.follow < 0) {
    put(-1, {wire::kFollowVariable, "=", kYes});
  }
  if (!found.any_order) {
    const char* before = found.asan >= 0 ? list[found.asan] : kAsan;
    put(found.asan, {before, before[length_of(kAsan)] != '\0' ? ":" : "", kAnyOrder});
  }
  list[count] = nullptr;
  return list;
}

char* const* without_library(char* const* environment, const Variables& found, void* room) {
  char** list = copy(environment, found, room);
  char* text = text_room(list, found);
  const char* value = list[found.preload] + length_of(kPreload);
  list[found.preload] = text;
  std::memcpy(text, kPreload, length_of(kPreload));
  char* const begin = text + length_of(kPreload);
  char* end = begin;
  while (*value != '\0') {
    const std::size_t length = std::strcspn(value, kBetween);
    const bool ours = is_library(value, length);
    if (!ours && length != 0) {
      if (end != begin) {
        *end++ = ':';
      }
      std::memcpy(end, value, length);
      end += length;
    }
    value += length;
    value += std::strspn(value, kBetween);
  }
  *end = '\0';
  long count = found.count;
  if (end == begin) {  // nothing else is in it
    list[found.preload] = list[--count];
  }
  list[count] = nullptr;
  return list;
}

namespace {
constinit char nowhere[] = "SOCKWATCH_DIR=";
static_assert(sizeof(nowhere) == sizeof(wire::kDirVariable) + 1);
}  // namespace

void end_recording_in(char** environment) {
  for (; environment != nullptr && *environment != nullptr; ++environment) {
    if (std::strncmp(*environment, nowhere, length_of(nowhere)) == 0) {
      *environment = nowhere;
    }
  }
}

char* const* without_recording(char* const* environment, const Variables& found, void* room) {
  char** list = copy(environment, found, room);
  list[found.directory] = nowhere;
  list[found.count] = nullptr;
  return list;
}

}  // namespace sockwatch::shim::environment
