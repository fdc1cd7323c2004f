#include "collector/drain/journal.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <cstring>
#include <vector>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "collector/store/writer.h"
#include "shim/wire/segment.h"
#include "sockwatch_version.h"

namespace sockwatch::drain {
namespace {

constexpr std::uint64_t kJournalMagic = 0x314c4e5257534f53;  // "SOSWRNL1", little endian
constexpr std::uint32_t kJournalVersion = 2;

struct FileHead {
  std::uint64_t magic;
  std::uint32_t version;
  std::uint32_t reserved;
  std::uint64_t build;   // what a snapshot holds is known to the build that wrote it
  std::uint64_t number;  // of the file, so that a renamed one is not taken for another
  std::uint64_t length;  // written up to here, this head included
};
static_assert(sizeof(FileHead) == 40);

struct RecordHead {
  std::uint64_t length;  // of the bytes behind it
  std::uint32_t kind;
  std::uint32_t reserved;
  std::uint64_t checksum;  // of the bytes, the members above and the number of the file
};
static_assert(sizeof(RecordHead) == 24);

std::uint64_t this_build() {
  const std::uint64_t sizes[] = {sizeof(wire::Event), wire::kLayoutVersion, wire::kSlotCount,
                                 static_cast<std::uint64_t>(store::kSchemaVersion)};
  return XXH3_64bits_withSeed(kVersion, sizeof kVersion - 1, XXH3_64bits(sizes, sizeof sizes));
}

FileHead file_head(std::uint64_t number) {
  return {kJournalMagic, kJournalVersion, 0, this_build(), number, sizeof(FileHead)};
}

std::uint64_t seed_of(const RecordHead& head, std::uint64_t number) {
  return number * 0x9e3779b97f4a7c15 + head.length * 31 + head.kind +
         (std::uint64_t{head.reserved} << 32);
}

std::uint64_t checksum_of(const RecordHead& head, std::uint64_t number,
                          std::span<const iovec> pieces) {
  // Small ones in one go; the state of the streaming form takes longer to set up than they do.
  if (pieces.size() == 1) {
    return XXH3_64bits_withSeed(pieces[0].iov_base, pieces[0].iov_len, seed_of(head, number));
  }
  XXH3_state_t state;
  XXH3_INITSTATE(&state);
  XXH3_64bits_reset_withSeed(&state, seed_of(head, number));
  for (const iovec& piece : pieces) XXH3_64bits_update(&state, piece.iov_base, piece.iov_len);
  return XXH3_64bits_digest(&state);
}

bool read_exactly(int fd, void* to, std::size_t bytes, std::uint64_t at) {
  auto* place = static_cast<char*>(to);
  while (bytes > 0) {
    const ssize_t got = ::pread(fd, place, bytes, static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;  // it became shorter
    place += got;
    at += static_cast<std::uint64_t>(got);
    bytes -= static_cast<std::size_t>(got);
  }
  return true;
}

}  // namespace

JournalWriter JournalWriter::create(int directory_fd, const std::string& name,
                                    std::uint64_t number) {
  constexpr int kFlags = O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
  JournalWriter writer;
  writer.number_ = number;
  writer.fd_ = UniqueFd(::openat(directory_fd, name.c_str(), kFlags, 0600));
  struct stat status {};
  if (!writer.fd_ || ::fstat(writer.fd_.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    ::unlinkat(directory_fd, name.c_str(), 0);
    writer.fd_ = UniqueFd(::openat(directory_fd, name.c_str(), kFlags | O_EXCL, 0600));
  }
  if (writer.fd_ && !writer.begin()) {
    const int error = errno;
    ::unlinkat(directory_fd, name.c_str(), 0);
    writer.fd_.reset();
    errno = error;
  }
  return writer;
}

JournalWriter JournalWriter::append_to(int directory_fd, const std::string& name,
                                       std::uint64_t number, std::uint64_t length) {
  JournalWriter writer;
  writer.number_ = number;
  writer.length_ = length;
  writer.fd_ = UniqueFd(
      ::openat(directory_fd, name.c_str(), O_WRONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  return writer;
}

bool JournalWriter::begin() {
  FileHead head = file_head(number_);
  iovec piece{&head, sizeof head};
  length_ = sizeof head;
  return write({&piece, 1}, 0);
}

bool JournalWriter::publish(std::uint64_t length) {
  iovec piece{&length, sizeof length};
  if (!write({&piece, 1}, offsetof(FileHead, length))) return false;
  length_ = length;
  return true;
}

bool JournalWriter::append(RecordKind kind, std::string_view bytes) {
  iovec pieces[] = {{}, {const_cast<char*>(bytes.data()), bytes.size()}};
  return append(kind, pieces);
}

bool JournalWriter::append(RecordKind kind, std::span<iovec> pieces) {
  RecordHead head{0, static_cast<std::uint32_t>(kind), 0, 0};
  for (const iovec& piece : pieces.subspan(1)) head.length += piece.iov_len;
  head.checksum = checksum_of(head, number_, pieces.subspan(1));
  pieces[0] = {&head, sizeof head};
  return write(pieces, length_) && publish(length_ + sizeof head + head.length);
}

bool JournalWriter::write(std::span<iovec> pieces, std::uint64_t at) {
  while (!pieces.empty()) {
    const int count = static_cast<int>(std::min<std::size_t>(pieces.size(), IOV_MAX));
    const ssize_t wrote = ::pwritev(fd_.get(), pieces.data(), count, static_cast<off_t>(at));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return false;
    at += static_cast<std::uint64_t>(wrote);
    for (auto left = static_cast<std::size_t>(wrote); !pieces.empty();) {
      iovec& piece = pieces.front();
      if (left < piece.iov_len) {
        piece.iov_base = static_cast<char*>(piece.iov_base) + left;
        piece.iov_len -= left;
        break;
      }
      left -= piece.iov_len;
      pieces = pieces.subspan(1);
    }
  }
  return true;
}

JournalEnd read_journal(int directory_fd, const std::string& name, std::uint64_t number,
                        const std::function<bool(RecordKind, std::string_view)>& each) {
  using How = JournalEnd::How;
  const UniqueFd fd(::openat(directory_fd, name.c_str(),
                             O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) return {errno == ENOENT ? How::missing : How::damaged, 0};
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) return {How::damaged, 0};
  FileHead found{};
  if (!read_exactly(fd.get(), &found, sizeof found, 0)) return {How::damaged, 0};
  FileHead expected = file_head(number);
  expected.length = found.length;
  if (std::memcmp(&found, &expected, sizeof found) != 0 || found.length < sizeof found ||
      found.length > static_cast<std::uint64_t>(status.st_size)) {
    return {How::damaged, 0};
  }

  std::uint64_t at = sizeof found;
  std::string bytes;
  while (at < found.length) {
    RecordHead head{};
    const std::uint64_t room = found.length - at;
    if (room < sizeof head || !read_exactly(fd.get(), &head, sizeof head, at) ||
        head.length > room - sizeof head) {
      return {How::damaged, at};
    }
    bytes.resize(head.length);
    const iovec piece{bytes.data(), bytes.size()};
    if (!read_exactly(fd.get(), bytes.data(), bytes.size(), at + sizeof head) ||
        head.checksum != checksum_of(head, number, {&piece, 1}) ||
        !each(static_cast<RecordKind>(head.kind), bytes)) {
      return {How::damaged, at};
    }
    at += sizeof head + head.length;
  }
  return {How::complete, at};
}

}  // namespace sockwatch::drain
