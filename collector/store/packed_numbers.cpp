#include "collector/store/packed_numbers.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>

namespace sockwatch::store {
namespace {

// In memory as in the file.
static_assert(std::endian::native == std::endian::little);

constexpr std::array<std::size_t, 5> kWidths = {0, 1, 2, 4, 8};
constexpr unsigned kWidthBits = 0x07;
constexpr unsigned kAgainstShift = 3;
constexpr unsigned kSomeUnknown = 0x20;
constexpr unsigned kNoneKnown = 0x40;
constexpr unsigned kKnownAsOther = 0x80;  // and some unknown: the number of the flags follows

// Differences wrap around: they are undone by a sum that wraps around too.
std::int64_t minus(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}
std::int64_t plus(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

// What the numbers that are known lie between, stored in one way or another.
struct Range {
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  std::int64_t most = std::numeric_limits<std::int64_t>::min();

  void add(std::int64_t value) {
    least = std::min(least, value);
    most = std::max(most, value);
  }
  unsigned width() const {  // index into kWidths
    const auto range = static_cast<std::uint64_t>(most) - static_cast<std::uint64_t>(least);
    const auto bits = static_cast<int>(std::bit_width(range));
    return bits == 0 ? 0 : bits <= 8 ? 1 : bits <= 16 ? 2 : bits <= 32 ? 3 : 4;
  }
};

// Calls each(i, value, difference to the number before) for those that are known.
template <typename Each>
void for_each_known(const Numbers& column, Each&& each) {
  const std::int64_t* values = column.values.data();
  const std::uint8_t* known = column.known.empty() ? nullptr : column.known.data();
  std::int64_t before = 0;
  for (std::size_t i = 0; i < column.values.size(); ++i) {
    if (known != nullptr && known[i] == 0) continue;
    each(i, values[i], minus(values[i], before));
    before = values[i];
  }
}

template <typename Value>
void append(std::string& out, Value value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

template <typename Value>
bool take(std::string_view& in, Value& value) {
  if (in.size() < sizeof value) return false;
  std::memcpy(&value, in.data(), sizeof value);
  in.remove_prefix(sizeof value);
  return true;
}

template <typename Offset>
std::int64_t offset_at(const char* from, std::size_t at) {
  Offset offset;
  std::memcpy(&offset, from + at * sizeof offset, sizeof offset);
  return static_cast<std::int64_t>(offset);
}

// `reference`: as many numbers as `values`, or none.
template <typename Offset>
void read_offsets(const char* from, std::int64_t least, std::span<const std::int64_t> reference,
                  std::span<std::int64_t> values) {
  const std::size_t rows = values.size();
  if (reference.empty()) {
    for (std::size_t i = 0; i < rows; ++i) values[i] = plus(least, offset_at<Offset>(from, i));
  } else {
    for (std::size_t i = 0; i < rows; ++i) {
      values[i] = plus(plus(least, offset_at<Offset>(from, i)), reference[i]);
    }
  }
}

}  // namespace

void pack(std::string& out, const Numbers& column, std::span<const std::int64_t> reference,
          KnownFlags& stored) {
  using Against = PackedNumbers::Against;
  const auto is_known = [](std::uint8_t known) { return known != 0; };
  const bool some_unknown = !std::all_of(column.known.begin(), column.known.end(), is_known);
  if (some_unknown && std::none_of(column.known.begin(), column.known.end(), is_known)) {
    append(out, static_cast<std::uint8_t>(kNoneKnown));
    return;
  }
  std::array<Range, 3> ranges;  // by Against
  for_each_known(column, [&](std::size_t i, std::int64_t value, std::int64_t step) {
    ranges[0].add(value);
    ranges[1].add(step);
    if (!reference.empty()) ranges[2].add(minus(value, reference[i]));
  });
  auto against = Against::nothing;
  unsigned width = ranges[0].width();
  for (const auto other : {Against::before, Against::reference}) {
    if (other == Against::reference && reference.empty()) continue;
    const unsigned others = ranges[static_cast<std::size_t>(other)].width();
    if (others >= width) continue;
    width = others;
    against = other;
  }
  const std::int64_t least = ranges[static_cast<std::size_t>(against)].least;
  const std::string_view flags(reinterpret_cast<const char*>(column.known.data()),
                               some_unknown ? column.known.size() : 0);
  const auto other = std::find(stored.begin(), stored.end(), flags);
  const bool as_other = some_unknown && other != stored.end();
  append(out, static_cast<std::uint8_t>(width | static_cast<unsigned>(against) << kAgainstShift |
                                        (some_unknown ? kSomeUnknown : 0) |
                                        (as_other ? kKnownAsOther : 0)));
  append(out, least);
  if (as_other) {
    append(out, static_cast<std::uint8_t>(other - stored.begin()));
  } else if (some_unknown) {
    out += flags;
    stored.push_back(flags);
  }
  const auto append_as = [&](auto offset_type) {
    using Offset = decltype(offset_type);
    const std::size_t from = out.size();
    out.resize(from + column.values.size() * sizeof(Offset), '\0');
    char* to = out.data() + from;
    for_each_known(column, [&](std::size_t i, std::int64_t value, std::int64_t step) {
      if (against == Against::before) value = step;
      if (against == Against::reference) value = minus(value, reference[i]);
      const auto offset = static_cast<Offset>(minus(value, least));
      std::memcpy(to + i * sizeof offset, &offset, sizeof offset);
    });
  };
  if (width == 1) append_as(std::uint8_t());
  if (width == 2) append_as(std::uint16_t());
  if (width == 3) append_as(std::uint32_t());
  if (width == 4) append_as(std::uint64_t());
}

void PackedNumbers::open_unknown() { *this = {}; }

bool PackedNumbers::open(std::string_view& in, std::size_t rows, KnownFlags& stored) {
  open_unknown();
  std::uint8_t mode = 0;
  if (!take(in, mode)) return false;
  if (mode == kNoneKnown) return true;
  const unsigned width = mode & kWidthBits;
  against_ = static_cast<Against>((mode >> kAgainstShift) & 0x03U);
  if ((mode & kNoneKnown) != 0 || width >= kWidths.size() || against_ > Against::reference ||
      !take(in, least_)) {
    return false;
  }
  unknown_ = false;
  const bool as_other = (mode & kKnownAsOther) != 0;
  if ((mode & kSomeUnknown) == 0) {
    if (as_other) return false;
  } else if (as_other) {
    std::uint8_t number = 0;
    if (!take(in, number) || number >= stored.size()) return false;
    known_ = stored[number].data();
  } else {
    if (in.size() < rows) return false;
    known_ = in.data();
    stored.push_back(in.substr(0, rows));
    in.remove_prefix(rows);
  }
  width_ = kWidths[width];
  if (width_ != 0 && in.size() / width_ < rows) return false;
  offsets_ = in.data();
  in.remove_prefix(rows * width_);
  return true;
}

bool PackedNumbers::are_all_below(std::size_t rows, std::uint64_t end) const {
  if (against_ != Against::nothing || width_ > 2 || least_ < 0) return false;
  const auto* bytes = reinterpret_cast<const unsigned char*>(offsets_);
  std::uint64_t most = 0;
  if (width_ == 1) {
    unsigned char largest = 0;
    for (std::size_t i = 0; i < rows; ++i) largest = std::max(largest, bytes[i]);
    most = largest;
  } else if (width_ == 2) {
    std::uint16_t largest = 0;
    for (std::size_t i = 0; i < rows; ++i) {
      largest = std::max(largest, static_cast<std::uint16_t>(bytes[2 * i] | bytes[2 * i + 1] << 8));
    }
    most = largest;
  }
  const auto least = static_cast<std::uint64_t>(least_);
  return least < end && most < end - least;
}

std::int64_t PackedNumbers::at(std::size_t at, std::span<const std::int64_t> reference) const {
  std::int64_t value = least_;
  switch (width_) {
    case 0:
      break;
    case 1:
      value = plus(value, offset_at<std::uint8_t>(offsets_, at));
      break;
    case 2:
      value = plus(value, offset_at<std::uint16_t>(offsets_, at));
      break;
    case 4:
      value = plus(value, offset_at<std::uint32_t>(offsets_, at));
      break;
    default:
      value = plus(value, offset_at<std::uint64_t>(offsets_, at));
      break;
  }
  return against_ == Against::reference ? plus(value, reference[at]) : value;
}

void PackedNumbers::read(std::size_t rows, std::span<const std::int64_t> reference,
                         std::vector<std::int64_t>& values) const {
  values.resize(rows);
  if (against_ != Against::reference) reference = {};
  switch (width_) {
    case 0:
      std::fill(values.begin(), values.end(), least_);
      for (std::size_t i = 0; i < reference.size(); ++i) values[i] = plus(least_, reference[i]);
      break;
    case 1:
      read_offsets<std::uint8_t>(offsets_, least_, reference, values);
      break;
    case 2:
      read_offsets<std::uint16_t>(offsets_, least_, reference, values);
      break;
    case 4:
      read_offsets<std::uint32_t>(offsets_, least_, reference, values);
      break;
    default:
      read_offsets<std::uint64_t>(offsets_, least_, reference, values);
      break;
  }
  if (against_ == Against::before) {
    std::int64_t before = 0;
    for (std::size_t i = 0; i < rows; ++i) {
      if (knows(i)) before = plus(values[i], before);
      values[i] = before;
    }
  }
}

}  // namespace sockwatch::store
