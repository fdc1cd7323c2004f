#include "shim/state.h"

#include <cstring>

#include "shim/process.h"
#include "shim/questions.h"
#include "shim/raw.h"
#include "shim/wire/segment.h"

namespace sockwatch::shim::state {

constinit std::atomic<Mode> mode{Mode::unresolved};
constinit std::atomic<bool> sandboxed{false};
constinit bool parents = false;
constinit Settings settings{};

namespace {

// The environment is taken from the constructor's arguments: with initfirst we run before libc has
// set the one that getenv reads.
const char* find(const char* const* environment, const char* name) {
  const std::size_t length = std::strlen(name);
  for (; environment != nullptr && *environment != nullptr; ++environment) {
    if (std::strncmp(*environment, name, length) == 0 && (*environment)[length] == '=') {
      return *environment + length + 1;
    }
  }
  return nullptr;
}

// The entry of LD_PRELOAD that is this library, by the name it goes by in every recording.
void find_library(const char* list, char (&into)[Settings::kMaxDirectory]) {
  constexpr char kName[] = "libsockwatch.so";
  constexpr std::size_t kNameLength = sizeof(kName) - 1;
  const auto is_between = [](char c) { return c == ':' || c == ' ' || c == '\t' || c == '\n'; };
  while (list != nullptr && *list != '\0') {
    std::size_t length = 0;
    while (list[length] != '\0' && !is_between(list[length])) {
      ++length;
    }
    if (length >= kNameLength && length < sizeof(into) &&
        std::strncmp(list + length - kNameLength, kName, kNameLength) == 0 &&
        (length == kNameLength || list[length - kNameLength - 1] == '/')) {
      std::memcpy(into, list, length);
      into[length] = '\0';
    }
    list += length;
    while (is_between(*list)) {
      ++list;
    }
  }
}

}  // namespace

void start(const char* const* environment, bool secure) {
  const char* directory = find(environment, wire::kDirVariable);
  if (secure || directory == nullptr || directory[0] != '/' ||
      std::strlen(directory) >= Settings::kMaxDirectory) {
    mode.store(Mode::dormant, std::memory_order_relaxed);
    return;
  }
  std::strcpy(settings.directory, directory);
  const std::size_t length = std::strlen(directory);
  std::strcpy(settings.exec_notes, directory);
  settings.exec_notes[length] = '/';
  std::strcpy(settings.exec_notes + length + 1, wire::kExecNotesFile);
  const char* detail = find(environment, wire::kDetailVariable);
  settings.every_call = detail != nullptr && std::strcmp(detail, "calls") == 0;
  const char* follow = find(environment, wire::kFollowVariable);
  settings.follows = follow != nullptr && std::strcmp(follow, "1") == 0;
  find_library(find(environment, "LD_PRELOAD"), settings.library);
  const char* verbose = find(environment, "SOCKWATCH_VERBOSE");
  settings.verbose = verbose != nullptr && verbose[0] != '\0';
  mode.store(Mode::recording, std::memory_order_release);
}

void stand_aside() { mode.store(Mode::dormant, std::memory_order_relaxed); }

void disable(const char* why) {
  if (mode.exchange(Mode::disabled, std::memory_order_relaxed) != Mode::recording) {
    return;
  }
  process::current().stop();
  const Questions questions;
  if (!settings.verbose || !questions) {
    return;
  }
  char line[160] = "sockwatch: not recording this process: ";
  std::size_t length = std::strlen(line);
  for (; *why != '\0' && length < sizeof(line) - 1; ++why) {
    line[length++] = *why;
  }
  line[length++] = '\n';
  raw::call(SYS_write, 2, line, length);
}

}  // namespace sockwatch::shim::state
