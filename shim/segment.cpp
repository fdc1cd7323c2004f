#include "shim/segment.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/statfs.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

#include "shim/apart.h"
#include "shim/clock.h"
#include "shim/own_memory.h"
#include "shim/program.h"
#include "shim/questions.h"
#include "shim/raw.h"
#include "shim/state.h"
#include "shim/turn.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000  // Linux 4.17
#endif
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23  // Linux 5.14
#endif

namespace sockwatch::shim::segment {
namespace {

// Without MADV_POPULATE_WRITE memory must be allocated while the descriptor is open, so for fewer
// rings: 4 MiB in place of 41.
constexpr std::uint32_t kSlotsWithoutPopulate = 16;
// From one attempt to the next if the cause may pass: doubled each time, to a minute.
constexpr std::uint64_t kFirstPauseNs = 1'000'000'000;
constexpr std::uint32_t kMostDoublings = 6;

char* append(char* at, const char* text) {
  const std::size_t length = std::strlen(text);
  std::memcpy(at, text, length);
  return at + length;
}

char* append(char* at, std::uint64_t number) {
  char digits[20];
  std::size_t count = 0;
  do {
    digits[count++] = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number != 0);
  while (count != 0) {
    *at++ = digits[--count];
  }
  return at;
}

// Growing a file beyond RLIMIT_FSIZE raises SIGXFSZ, which kills.
bool size_allowed() {
  rlimit limit{};
  return !raw::failed(raw::call(SYS_prlimit64, 0, RLIMIT_FSIZE, nullptr, &limit)) &&
         limit.rlim_cur >= wire::kSegmentSize;
}

std::size_t read_file(const char* path, char* buffer, std::size_t size) {
  const long fd = raw::call(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
  if (raw::failed(fd)) {
    return 0;
  }
  const long length = raw::call(SYS_read, fd, buffer, size);
  raw::call(SYS_close, fd);
  return raw::failed(length) ? 0 : static_cast<std::size_t>(length);
}

// A segment takes tens of MiB of a program's address space. Where that is limited, what is left
// belongs to the program, but for a small share.
bool address_space_allowed() {
  constexpr std::size_t kShare = 8;
  rlimit limit{};
  if (raw::failed(raw::call(SYS_prlimit64, 0, RLIMIT_AS, nullptr, &limit)) ||
      limit.rlim_cur == RLIM_INFINITY) {
    return true;
  }
  char text[64];  // pages, and what we do not want to know
  const std::size_t length = read_file("/proc/self/statm", text, sizeof(text));
  std::size_t pages = 0;
  for (std::size_t i = 0; i < length && text[i] >= '0' && text[i] <= '9'; ++i) {
    pages = pages * 10 + static_cast<std::size_t>(text[i] - '0');
  }
  const std::size_t used = pages * wire::kPage;
  return length != 0 && used < limit.rlim_cur &&
         (limit.rlim_cur - used) / kShare >= wire::kSegmentSize;
}

// The number in "pid:[4026531836]".
std::uint64_t pid_namespace() {
  char text[64];
  const long length =
      raw::call(SYS_readlinkat, AT_FDCWD, "/proc/thread-self/ns/pid", text, sizeof(text));
  std::uint64_t inode = 0;
  for (long i = 0; i < length; ++i) {
    if (text[i] >= '0' && text[i] <= '9') {
      inode = inode * 10 + static_cast<std::uint64_t>(text[i] - '0');
    }
  }
  return inode;
}

void describe_process(wire::Header* header) {
  header->pid = static_cast<std::int32_t>(raw::call(SYS_getpid));
  header->ppid = static_cast<std::int32_t>(raw::call(SYS_getppid));
  header->uid = static_cast<std::uint32_t>(raw::call(SYS_getuid));
  // Of this thread: the one the process began with may have ended, and then has no image. The
  // mapping is zeroed memory: the last byte of `exe` stays NUL.
  raw::call(SYS_readlinkat, AT_FDCWD, "/proc/thread-self/exe", header->exe,
            sizeof(header->exe) - 1);
  header->pid_namespace = pid_namespace();
  header->program = program::is_go() ? wire::kGo : wire::kOrdinary;
  header->command_line_length = static_cast<std::uint32_t>(
      read_file("/proc/thread-self/cmdline", header->command_line, sizeof(header->command_line)));
}

void describe_layout(wire::Header* header, bool every_call) {
  header->layout_version = wire::kLayoutVersion;
  header->event_size = sizeof(wire::Event);
  header->ring_size = sizeof(wire::Ring);
  header->ring_capacity = wire::kRingCapacity;
  header->slot_count = wire::kSlotCount;
  header->header_size = sizeof(wire::Header);
  header->rings_offset = wire::kRingsOffset;
  header->ring_stride = wire::kRingStride;
  header->file_size = wire::kSegmentSize;
  header->detail = every_call ? 1 : 0;
  header->bell.store(wire::kSilent, std::memory_order_relaxed);
  header->told.store(1, std::memory_order_relaxed);
  header->monotonic_ns = clock::now_ns();
  header->realtime_ns = clock::wall_ns();
}

bool holds_rings(long fd) {
  struct statfs system {};
  return !raw::failed(raw::call(SYS_fstatfs, fd, &system)) &&
         wire::holds_rings(static_cast<std::uint64_t>(system.f_type));
}

// Sizes the open file, maps it and gets memory for the header and the slots.
Created map(long fd) {
  Created created;
  if (!size_allowed() || raw::failed(raw::call(SYS_ftruncate, fd, wire::kSegmentSize))) {
    created.why = "the file size limit is too low for a segment";
    return created;
  }
  if (!holds_rings(fd)) {
    created.why = "the run directory is on a file system whose memory may fail later";
    return created;
  }
  if (!address_space_allowed()) {
    created.why = "too little address space for a segment";
    return created;
  }
  const long address = map_own(wire::kSegmentSize, MAP_SHARED | MAP_NORESERVE, fd);
  if (raw::failed(address)) {
    created.why = "no address space for a segment";
    return created;
  }
  raw::call(SYS_madvise, address, wire::kSegmentSize, MADV_NOHUGEPAGE);
  long allocated = raw::call(SYS_madvise, address, wire::kRingsOffset, MADV_POPULATE_WRITE);
  created.populates = allocated != -EINVAL;
  created.usable_slots = wire::kSmallSlots;
  if (!created.populates) {
    created.usable_slots = kSlotsWithoutPopulate;
    allocated = raw::call(SYS_fallocate, fd, 0, 0,
                          wire::kRingsOffset + kSlotsWithoutPopulate * wire::kRingStride);
  }
  // A child must not find its parent's rings.
  const long hidden = raw::call(SYS_madvise, address, wire::kSegmentSize, MADV_DONTFORK);
  if (raw::failed(allocated) || raw::failed(hidden)) {
    raw::call(SYS_munmap, address, wire::kSegmentSize);
    created.why = "no shared memory left for a segment";
    return created;
  }
  created.header = reinterpret_cast<wire::Header*>(address);
  return created;
}

}  // namespace

Created create(const char* directory, bool every_call) {
  // Not on the stack, which may be a handler's small one: one thread at a time comes here.
  static constinit char path[state::Settings::kMaxDirectory + 64];
  char* end = append(path, directory);
  end = append(end, "/");
  end = append(end, static_cast<std::uint64_t>(raw::call(SYS_getpid)));
  end = append(end, ".");
  end = append(end, clock::now_ns());
  end = append(end, wire::kSegmentSuffix);
  *end = '\0';

  const long fd = raw::call(SYS_openat, AT_FDCWD, path,
                            O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (raw::failed(fd)) {
    Created created;
    created.no_descriptor = fd == -EMFILE;
    // A thread may have put on another user, or come under Landlock, for a while.
    created.try_again = fd == -EMFILE || fd == -ENFILE || fd == -EINTR || fd == -EEXIST ||
                        fd == -EACCES || fd == -EPERM || fd == -ENOMEM;
    created.why = "cannot create a file in the run directory";
    return created;
  }
  raw::call(SYS_fchmod, fd, 0600);  // whatever the program's umask took away
  Created created = map(fd);
  raw::call(SYS_close, fd);
  if (created.header == nullptr) {
    raw::call(SYS_unlinkat, AT_FDCWD, path, 0);  // ours, never complete, seen by nobody
    return created;
  }
  describe_process(created.header);
  describe_layout(created.header, every_call);
  created.header->magic.store(wire::kMagic, std::memory_order_release);
  return created;
}

namespace {

// Of this process, or of the one it was forked from: not wiped.
constinit std::atomic<wire::Header*> newest{nullptr};

// mincore(2) fails with ENOMEM for a page that is not mapped.
bool is_free(const char* place, std::size_t size) {
  unsigned char resident = 0;
  for (std::size_t at = 0; at < size; at += wire::kPage) {
    if (raw::call(SYS_mincore, place + at, wire::kPage, &resident) != -ENOMEM) {
      return false;
    }
  }
  return true;
}

// Where something is mapped it stays.
void map_at(const void* place, std::size_t size) {
  const auto wanted = reinterpret_cast<long>(place);
  const auto map = [&](int how) {
    return raw::call(SYS_mmap, place, size, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | how, -1, 0);
  };
  const long address = map(MAP_FIXED_NOREPLACE);
  if (address == wanted) {
    raw::call(SYS_madvise, place, size, MADV_DONTDUMP);
  }
  if (raw::failed(address) || address == wanted) {
    return;
  }
  // To a kernel before 4.17 the address is a wish, and to valgrind too, which takes what
  // MADV_DONTFORK kept from the child for mapped.
  raw::call(SYS_munmap, address, size);
  if (is_free(static_cast<const char*>(place), size)) {
    map(MAP_FIXED);
  }
}

void create_apart(void* created) {
  *static_cast<Created*>(created) = create(state::settings.directory, state::settings.every_call);
}

// By the one thread that has `segment_busy`.
wire::Header* create_for(Process& process) {
  Created created;
  bool ran = apart::run(create_apart, &created);
  if (ran && created.no_descriptor) {
    ran = apart::run_beside(create_apart, &created);
  }
  if (!ran) {
    created.try_again = true;
    created.why = "no thread can be made to open a segment";
  }
  if (created.header != nullptr) {
    process.usable_slots.store(created.usable_slots, std::memory_order_relaxed);
    process.populates.store(created.populates, std::memory_order_relaxed);
    newest.store(created.header, std::memory_order_relaxed);
    process.segment.store(created.header, std::memory_order_release);
  } else if (!created.try_again) {
    state::disable(created.why);
  } else {
    const std::uint32_t failed = process.attempts.fetch_add(1, std::memory_order_relaxed);
    process.retry_ns.store(
        clock::now_ns() + (kFirstPauseNs << (failed < kMostDoublings ? failed : kMostDoublings)),
        std::memory_order_relaxed);
  }
  return created.header;
}

bool too_early(const Process& process) {
  const std::uint64_t retry_ns = process.retry_ns.load(std::memory_order_relaxed);
  return retry_ns != 0 && clock::now_ns() < retry_ns;
}

}  // namespace

wire::Header* of(Process& process) {
  wire::Header* header = process.segment.load(std::memory_order_acquire);
  if (header != nullptr || !state::recording() || too_early(process)) {
    return header;
  }
  const Questions questions;
  if (!questions) {
    return nullptr;
  }
  // A handler that jumps away, or a cancellation, in the middle would leave a descriptor in the
  // program and a file nobody finishes.
  const std::uint64_t every_signal = ~std::uint64_t{0};
  std::uint64_t before = 0;
  raw::call(SYS_rt_sigprocmask, SIG_SETMASK, &every_signal, &before, sizeof(before));
  if (turn::begin(process.segment_busy)) {
    header = process.segment.load(std::memory_order_acquire);
    if (header == nullptr) {
      header = create_for(process);
    }
    turn::end(process.segment_busy);
    raw::call(SYS_rt_sigprocmask, SIG_SETMASK, &before, nullptr, sizeof(before));
  } else {
    raw::call(SYS_rt_sigprocmask, SIG_SETMASK, &before, nullptr, sizeof(before));
    // A matter of microseconds in which the other thread takes no signal, and it cannot be a frame
    // below us on this one (the record section's guard). The wait is bounded all the same.
    constexpr std::int64_t kPatienceNs = 100'000'000;
    turn::wait(process.segment_busy, kPatienceNs);
    header = process.segment.load(std::memory_order_acquire);
  }
  return header;
}

void stand_in(const wire::RingImage* ring, bool all) {
  wire::Header* header = newest.load(std::memory_order_relaxed);
  const Questions questions;
  if (header == nullptr || !questions) {
    return;
  }
  map_at(header, all ? wire::kSegmentSize : wire::kRingsOffset);
  if (ring != nullptr && !all) {
    const bool large = ring >= ring_place(header, wire::kSmallSlots);
    map_at(ring, large ? wire::kLargeRingStride : wire::kRingStride);
  }
}

bool populate(const Process& process, wire::Slot& slot, wire::RingImage* ring,
              std::uint64_t elements) {
  std::uint64_t have = slot.populated.load(std::memory_order_relaxed);
  if (elements <= have) {
    return true;
  }
  constexpr std::size_t kArray = sizeof(wire::RingImage);
  const std::uint64_t all = slot.elements.load(std::memory_order_relaxed);
  if (!process.populates.load(std::memory_order_relaxed)) {
    slot.populated.store(all, std::memory_order_release);
    return true;  // allocated with the file
  }
  const Questions questions;
  if (!questions) {
    return false;
  }
  // One page for a thread that says little, then four at a time; more for one that says a lot.
  const std::size_t piece = (all == wire::kRingElements ? 4 : 16) * wire::kPage;
  const std::size_t done = have == 0 ? 0 : kArray + have * sizeof(wire::Event);
  std::size_t wanted = wire::round_to_page(kArray + elements * sizeof(wire::Event));
  if (done != 0 && wanted < done + piece) {
    wanted = wire::round_to_page(done) + piece;
  }
  const std::size_t end = wire::round_to_page(kArray + all * sizeof(wire::Event));
  if (wanted > end) {
    wanted = end;
  }
  const std::size_t from = done / wire::kPage * wire::kPage;
  char* base = reinterpret_cast<char*>(ring);
  if (raw::failed(raw::call(SYS_madvise, base + from, wanted - from, MADV_POPULATE_WRITE))) {
    return false;
  }
  have = (wanted - kArray) / sizeof(wire::Event);
  if (have > all) {
    have = all;
  }
  slot.populated.store(have, std::memory_order_release);
  return true;
}

}  // namespace sockwatch::shim::segment
