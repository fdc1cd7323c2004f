#include "collector/drain/segment_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <string_view>
#include <utility>

#include "collector/drain/system_error.h"
#include "collector/drain/unique_fd.h"

namespace sockwatch::drain {
namespace {

// Before and behind the mapping, without access; as large as the largest page of any machine.
constexpr std::size_t kGuardBytes = 65536;

Error refusal(const std::string& name, std::string_view found, std::string_view expected,
              std::string_view cause, std::string_view remedy) {
  return Error{
      fmt::format("segment '{}' is not read: found {}, expected {}", name, found, expected),
      fmt::format("likely cause: {}; {}", cause, remedy)};
}

constexpr std::string_view kForeign = "another program put it into the run directory";
constexpr std::string_view kForeignRemedy = "keep the run directory for recordings alone";
constexpr std::string_view kOtherBuild = "the preloaded library is of another build of sockwatch";
constexpr std::string_view kOtherBuildRemedy =
    "start the program again with the library this sockwatch was installed with, or read the "
    "segment with the sockwatch of that library";
constexpr std::string_view kCutShort = "the file was cut short, by a full disk or a crash";
constexpr std::string_view kCutShortRemedy = "what it held is lost; look at the free space";

// A segment of this build, to judge by its header.
bool is_ours(int fd) {
  wire::Header found{};
  const ssize_t got = ::pread(fd, static_cast<void*>(&found), sizeof found, 0);
  return got == ssize_t{sizeof found} && found.magic == wire::kMagic &&
         found.layout_version == wire::kLayoutVersion && found.file_size == wire::kSegmentSize;
}

// A whole number, nothing around it.
template <typename Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// A value of the header may change between two reads: one load, which the compiler may not repeat.
template <typename Number>
Number read_once(const Number& place) {
  return *static_cast<const volatile Number*>(&place);
}

std::string copy_text(const char* place, std::size_t capacity) {
  std::string copy(place, capacity);
  std::atomic_signal_fence(std::memory_order_seq_cst);  // from here on only the copy is looked at
  return copy;
}

}  // namespace

std::optional<SegmentName> parse_segment_name(const std::string& name) {
  const std::string_view suffix = wire::kSegmentSuffix;
  std::string_view rest = name;
  if (!rest.ends_with(suffix)) return std::nullopt;
  rest.remove_suffix(suffix.size());
  const std::size_t dot = rest.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto pid = parse_number<std::int32_t>(rest.substr(0, dot));
  const auto created_ns = parse_number<std::int64_t>(rest.substr(dot + 1));
  if (!pid || *pid <= 0 || !created_ns || *created_ns < 0) return std::nullopt;
  return SegmentName{*pid, *created_ns};
}

Result<std::optional<SegmentFile>> SegmentFile::open(int directory_fd, const std::string& name) {
  const auto parsed = parse_segment_name(name);
  if (!parsed) {
    return refusal(name, "a name of another form", "<pid>.<time>.seg", kForeign, kForeignRemedy);
  }
  // O_NONBLOCK: a FIFO of this name must not hold the collector up.
  const UniqueFd fd(::openat(directory_fd, name.c_str(),
                             O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) {
    const int error = errno;
    if (error == ELOOP) {
      return refusal(name, "a symbolic link", "a regular file", kForeign, kForeignRemedy);
    }
    return Error{fmt::format("cannot open segment '{}': {}", name, errno_text(error)),
                 error == EMFILE ? "raise the limit of open files (ulimit -n)" : ""};
  }
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) {
    return Error{fmt::format("cannot examine segment '{}': {}", name, errno_text(errno)), ""};
  }
  if (!S_ISREG(status.st_mode)) {
    return refusal(name, "no regular file", "a regular file", kForeign, kForeignRemedy);
  }
  if (status.st_uid != ::geteuid()) {
    return refusal(name, fmt::format("owner {}", status.st_uid),
                   fmt::format("owner {}", ::geteuid()), "the program runs as another user",
                   "record it as that user");
  }
  if ((status.st_mode & 07777) != 0600) {
    return refusal(name, fmt::format("mode {:04o}", status.st_mode & 07777), "mode 0600", kForeign,
                   kForeignRemedy);
  }
  if (status.st_size == 0) return std::optional<SegmentFile>();
  if (static_cast<std::uint64_t>(status.st_size) != wire::kSegmentSize) {
    const bool cut_short = is_ours(fd.get());
    return refusal(name, fmt::format("{} bytes", status.st_size),
                   fmt::format("{} bytes", wire::kSegmentSize), cut_short ? kCutShort : kOtherBuild,
                   cut_short ? kCutShortRemedy : kOtherBuildRemedy);
  }
  SegmentFile file;
  if (Status mapped = file.map(fd.get(), name); !mapped) return mapped.error();
  if (file.header().magic.load(std::memory_order_acquire) == 0 && !file.broken()) {
    return std::optional<SegmentFile>();
  }
  if (Status layout = file.check_layout(); !layout) return layout.error();
  const std::int32_t pid = read_once(file.header().pid);
  if (pid != parsed->pid) {
    return refusal(name, fmt::format("process {} inside", pid),
                   fmt::format("process {}", parsed->pid),
                   "the program runs in a PID namespace of its own, or the file is a copy",
                   "record from inside that namespace");
  }
  file.read_origin(*parsed);
  if (file.broken()) {
    return refusal(name, "a file that became shorter while it was read",
                   fmt::format("{} bytes", wire::kSegmentSize), kForeign, kForeignRemedy);
  }
  return std::optional<SegmentFile>(std::move(file));
}

Status SegmentFile::map(int fd, const std::string& name) {
  // First the place with its two guard pages, then the file into it. Address space only: memory is
  // taken page by page as the library fills it.
  void* place = ::mmap(nullptr, wire::kSegmentSize + 2 * kGuardBytes, PROT_NONE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (place == MAP_FAILED) {
    return Error{fmt::format("cannot map segment '{}': {}", name, errno_text(errno)),
                 "raise the limit of address space (ulimit -v)"};
  }
  std::byte* base = static_cast<std::byte*>(place) + kGuardBytes;
  if (::mmap(base, wire::kSegmentSize, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) ==
      MAP_FAILED) {
    const int error = errno;
    ::munmap(place, wire::kSegmentSize + 2 * kGuardBytes);
    return Error{fmt::format("cannot map segment '{}': {}", name, errno_text(error)), ""};
  }
  name_ = name;
  base_ = base;
  guard_ = BusGuard(base_, wire::kSegmentSize);
  return {};
}

Status SegmentFile::check_layout() const {
  const wire::Header& found = header();
  const std::uint64_t magic = found.magic.load(std::memory_order_acquire);
  if (magic != wire::kMagic) {
    return refusal(name_, fmt::format("magic {:#018x}", magic),
                   fmt::format("magic {:#018x}", wire::kMagic), kForeign, kForeignRemedy);
  }
  struct Check {
    std::string_view what;
    std::uint64_t found;
    std::uint64_t expected;
  };
  const Check checks[] = {
      {"layout version", read_once(found.layout_version), wire::kLayoutVersion},
      {"event size", read_once(found.event_size), sizeof(wire::Event)},
      {"ring size", read_once(found.ring_size), sizeof(wire::Ring)},
      {"ring capacity", read_once(found.ring_capacity), wire::kRingCapacity},
      {"slot count", read_once(found.slot_count), wire::kSlotCount},
      {"header size", read_once(found.header_size), sizeof(wire::Header)},
      {"ring offset", read_once(found.rings_offset), wire::kRingsOffset},
      {"ring stride", read_once(found.ring_stride), wire::kRingStride},
      {"file size", read_once(found.file_size), wire::kSegmentSize},
  };
  for (const Check& check : checks) {
    if (check.found != check.expected) {
      return refusal(name_, fmt::format("{} {}", check.what, check.found),
                     fmt::format("{}", check.expected), kOtherBuild, kOtherBuildRemedy);
    }
  }
  return {};
}

void SegmentFile::read_origin(const SegmentName& name) {
  const wire::Header& found = header();
  origin_.pid = name.pid;
  origin_.ppid = read_once(found.ppid);
  origin_.uid = read_once(found.uid);
  origin_.is_go = read_once(found.program) == wire::kGo;
  origin_.pid_namespace = read_once(found.pid_namespace);
  origin_.created_ns = name.created_ns;
  origin_.exe = copy_text(found.exe, sizeof found.exe);
  origin_.exe.resize(std::min(origin_.exe.find('\0'), origin_.exe.size()));
  const std::size_t length =
      std::min<std::size_t>(read_once(found.command_line_length), sizeof found.command_line);
  origin_.command_line = copy_text(found.command_line, length);
  while (origin_.command_line.ends_with('\0')) origin_.command_line.pop_back();
  std::replace(origin_.command_line.begin(), origin_.command_line.end(), '\0', ' ');
}

wire::Header& SegmentFile::header() const { return *reinterpret_cast<wire::Header*>(base_); }

wire::Slot& SegmentFile::slot(std::size_t index) const {
  return reinterpret_cast<wire::Slot*>(base_ + sizeof(wire::Header))[index];
}

wire::RingImage& SegmentFile::ring(std::size_t index) const {
  return *reinterpret_cast<wire::RingImage*>(base_ + wire::ring_offset(index));
}

std::uint64_t SegmentFile::lost(wire::Loss cause) const {
  return header().lost[static_cast<std::size_t>(cause)].load(std::memory_order_relaxed);
}

std::atomic<std::uint32_t>& SegmentFile::bell() const { return header().bell; }
std::atomic<std::uint32_t>& SegmentFile::told() const { return header().told; }

SegmentFile::~SegmentFile() { unmap(); }

SegmentFile::SegmentFile(SegmentFile&& other) noexcept
    : name_(std::move(other.name_)),
      origin_(std::move(other.origin_)),
      base_(std::exchange(other.base_, nullptr)),
      guard_(std::move(other.guard_)) {}

SegmentFile& SegmentFile::operator=(SegmentFile&& other) noexcept {
  if (this != &other) {
    unmap();
    name_ = std::move(other.name_);
    origin_ = std::move(other.origin_);
    base_ = std::exchange(other.base_, nullptr);
    guard_ = std::move(other.guard_);
  }
  return *this;
}

void SegmentFile::unmap() {
  guard_ = BusGuard();
  if (base_ != nullptr) ::munmap(base_ - kGuardBytes, wire::kSegmentSize + 2 * kGuardBytes);
  base_ = nullptr;
}

}  // namespace sockwatch::drain
