#include "shim/clock.h"

#include <elf.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/time.h>

#include <atomic>
#include <cstring>
#include <limits>

#include "shim/raw.h"

namespace sockwatch::shim::clock {
namespace {

using GetTime = int (*)(clockid_t, timespec*);
constinit std::atomic<GetTime> vdso_get_time{nullptr};

#if defined(__aarch64__)
constexpr char kSymbol[] = "__kernel_clock_gettime";
#else
constexpr char kSymbol[] = "__vdso_clock_gettime";
#endif

std::uint64_t in_ns(const timespec& time) {
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(time.tv_nsec);
}

[[gnu::always_inline]] inline std::uint64_t read(clockid_t id) {
  timespec time;  // filled either way
  const GetTime get_time = vdso_get_time.load(std::memory_order_relaxed);
  if (get_time == nullptr || get_time(id, &time) != 0) {
    raw::call2(SYS_clock_gettime, raw::word(id), raw::word(&time));
  }
  return in_ns(time);
}

// An image in memory and how far it may be read.
class Image {
 public:
  Image(const void* base, std::size_t size) : base_(static_cast<const char*>(base)), size_(size) {}

  template <class T>
  const T* at(std::size_t offset, std::size_t count = 1) const {
    if (offset > size_ || count > (size_ - offset) / sizeof(T) ||
        (reinterpret_cast<std::uintptr_t>(base_) + offset) % alignof(T) != 0) {
      return nullptr;
    }
    return reinterpret_cast<const T*>(base_ + offset);
  }

  bool is(std::size_t offset, const char* text) const {
    for (;; ++offset, ++text) {
      const char* c = at<char>(offset);
      if (c == nullptr || *c != *text) {
        return false;
      }
      if (*text == '\0') {
        return true;
      }
    }
  }

 private:
  const char* base_;
  std::size_t size_;
};

// Number of dynamic symbols by the GNU hash table: the end of the chain of the highest bucket.
std::size_t count_by_gnu_hash(const Image& image, std::size_t table) {
  const auto* head = image.at<std::uint32_t>(table, 4);
  if (head == nullptr) {
    return 0;
  }
  const std::size_t buckets = head[0];
  const std::size_t first = head[1];
  const std::size_t bloom_words = head[2];
  const std::size_t bucket_table = table + 16 + bloom_words * sizeof(Elf64_Addr);
  std::size_t last = 0;
  for (std::size_t i = 0; i < buckets; ++i) {
    const auto* bucket = image.at<std::uint32_t>(bucket_table + i * 4);
    if (bucket == nullptr) {
      return 0;
    }
    last = *bucket > last ? *bucket : last;
  }
  if (last < first) {
    return first;
  }
  for (const std::size_t chains = bucket_table + buckets * 4;; ++last) {
    const auto* chain = image.at<std::uint32_t>(chains + (last - first) * 4);
    if (chain == nullptr) {
      return 0;
    }
    if ((*chain & 1U) != 0) {
      return last + 1;
    }
  }
}

}  // namespace

const void* find_in_image(const void* image_base, std::size_t size, const char* symbol) {
  const Image head(image_base, size == 0 ? sizeof(Elf64_Ehdr) : size);
  const auto* elf = head.at<Elf64_Ehdr>(0);
  if (elf == nullptr || std::memcmp(elf->e_ident, ELFMAG, SELFMAG) != 0 ||
      elf->e_ident[EI_CLASS] != ELFCLASS64 || elf->e_phentsize != sizeof(Elf64_Phdr)) {
    return nullptr;
  }
  // The image's own size is only known from its program headers, which lie on its first page.
  const Image first_page(image_base, size == 0 ? 4096 : size);
  const auto* segments = first_page.at<Elf64_Phdr>(elf->e_phoff, elf->e_phnum);
  if (segments == nullptr) {
    return nullptr;
  }
  const Elf64_Phdr* load = nullptr;
  const Elf64_Phdr* dynamic = nullptr;
  for (std::size_t i = 0; i < elf->e_phnum; ++i) {
    if (segments[i].p_type == PT_LOAD && load == nullptr) {
      load = &segments[i];
    } else if (segments[i].p_type == PT_DYNAMIC) {
      dynamic = &segments[i];
    }
  }
  if (load == nullptr || dynamic == nullptr) {
    return nullptr;
  }
  const Image image(image_base, size == 0 ? load->p_offset + load->p_memsz : size);
  const std::size_t bias = load->p_offset - load->p_vaddr;  // address in the file → offset here

  std::size_t symbols = 0, strings = 0, hash = 0, gnu_hash = 0;
  for (std::size_t i = 0;; ++i) {
    const auto* entry = image.at<Elf64_Dyn>(dynamic->p_offset + i * sizeof(Elf64_Dyn));
    if (entry == nullptr || entry->d_tag == DT_NULL) {
      break;
    }
    const std::size_t offset = entry->d_un.d_ptr + bias;
    switch (entry->d_tag) {
      case DT_SYMTAB:
        symbols = offset;
        break;
      case DT_STRTAB:
        strings = offset;
        break;
      case DT_HASH:
        hash = offset;
        break;
      case DT_GNU_HASH:
        gnu_hash = offset;
        break;
      default:
        break;
    }
  }
  std::size_t count = 0;
  if (hash != 0) {
    const auto* sizes = image.at<std::uint32_t>(hash, 2);
    count = sizes == nullptr ? 0 : sizes[1];
  } else if (gnu_hash != 0) {
    count = count_by_gnu_hash(image, gnu_hash);
  }
  for (std::size_t i = 0; i < count; ++i) {
    const auto* entry = image.at<Elf64_Sym>(symbols + i * sizeof(Elf64_Sym));
    if (entry == nullptr) {
      return nullptr;
    }
    if (entry->st_shndx != SHN_UNDEF && image.is(strings + entry->st_name, symbol)) {
      return image.at<char>(entry->st_value + bias);
    }
  }
  return nullptr;
}

void start() {
  const auto* image = reinterpret_cast<const void*>(getauxval(AT_SYSINFO_EHDR));
  if (image != nullptr) {
    vdso_get_time.store(
        reinterpret_cast<GetTime>(const_cast<void*>(find_in_image(image, 0, kSymbol))),
        std::memory_order_relaxed);
  }
}

bool in_vdso() { return vdso_get_time.load(std::memory_order_relaxed) != nullptr; }
void before_prctl(int option, long first) {
  if (option == PR_SET_TSC && first == PR_TSC_SIGSEGV) {
    vdso_get_time.store(nullptr, std::memory_order_relaxed);
  }
}

std::uint64_t now_ns() { return read(CLOCK_MONOTONIC); }
std::uint64_t coarse_now_ns() {
  timespec time{};
  const GetTime get_time = vdso_get_time.load(std::memory_order_relaxed);
  return get_time != nullptr && get_time(CLOCK_MONOTONIC_COARSE, &time) == 0 ? in_ns(time) : 0;
}
std::uint64_t wall_ns() { return read(CLOCK_REALTIME); }

std::int64_t to_ns(const timespec& time) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  if (time.tv_sec < 0 || time.tv_nsec < 0) {
    return 0;
  }
  if (time.tv_sec >= kMax / kSecond - 1) {
    return kMax;
  }
  return time.tv_sec * kSecond + time.tv_nsec;
}

std::int64_t to_ns(const timeval& time) {
  // A tv_usec of many seconds is legal for select; keep the product inside timespec's range.
  constexpr long kMicroseconds = 1'000'000;
  if (time.tv_sec < 0 || time.tv_usec < 0) {
    return 0;
  }
  const timespec converted{time.tv_sec + time.tv_usec / kMicroseconds,
                           time.tv_usec % kMicroseconds * 1000};
  return to_ns(converted);
}

}  // namespace sockwatch::shim::clock
