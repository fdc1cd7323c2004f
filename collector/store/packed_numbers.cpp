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

// Differences wrap around: they are undone by a sum that wraps around too.
std::int64_t minus(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}
std::int64_t plus(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

// How a column would be stored.
struct Differences {
  std::vector<std::int64_t> values;
  std::int64_t least = 0;
  unsigned width = 0;  // index into kWidths
};

// Differences to the number before, or to `reference`; without both the numbers themselves.
Differences differences_of(const Numbers& column, bool to_before,
                           std::span<const std::int64_t> reference) {
  Differences made;
  made.values.assign(column.values.size(), 0);
  std::int64_t before = 0;
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  std::int64_t most = std::numeric_limits<std::int64_t>::min();
  for (std::size_t i = 0; i < column.values.size(); ++i) {
    if (!column.known.empty() && column.known[i] == 0) continue;
    const std::int64_t value = column.values[i];
    std::int64_t& difference = made.values[i];
    difference = value;
    if (to_before) difference = minus(value, before);
    if (!reference.empty()) difference = minus(value, reference[i]);
    before = value;
    least = std::min(least, difference);
    most = std::max(most, difference);
  }
  const auto range = static_cast<std::uint64_t>(most) - static_cast<std::uint64_t>(least);
  const auto bits = static_cast<int>(std::bit_width(range));
  made.width = bits == 0 ? 0 : bits <= 8 ? 1 : bits <= 16 ? 2 : bits <= 32 ? 3 : 4;
  made.least = least;
  return made;
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

void pack(std::string& out, const Numbers& column, std::span<const std::int64_t> reference) {
  using Against = PackedNumbers::Against;
  const auto is_known = [](std::uint8_t known) { return known != 0; };
  const bool some_unknown = !std::all_of(column.known.begin(), column.known.end(), is_known);
  if (some_unknown && std::none_of(column.known.begin(), column.known.end(), is_known)) {
    append(out, static_cast<std::uint8_t>(kNoneKnown));
    return;
  }
  Differences best = differences_of(column, false, {});
  Against against = Against::nothing;
  for (const Against other : {Against::before, Against::reference}) {
    if (best.width == 0 || (other == Against::reference && reference.empty())) continue;
    Differences made = other == Against::before ? differences_of(column, true, {})
                                                : differences_of(column, false, reference);
    if (made.width >= best.width) continue;
    best = std::move(made);
    against = other;
  }
  append(out,
         static_cast<std::uint8_t>(best.width | static_cast<unsigned>(against) << kAgainstShift |
                                   (some_unknown ? kSomeUnknown : 0)));
  append(out, best.least);
  if (some_unknown) out.append(column.known.begin(), column.known.end());
  for (std::size_t i = 0; i < best.values.size(); ++i) {
    const bool known = column.known.empty() || column.known[i] != 0;
    const std::int64_t offset = known ? minus(best.values[i], best.least) : 0;
    out.append(reinterpret_cast<const char*>(&offset), kWidths[best.width]);
  }
}

void PackedNumbers::open_unknown() { *this = {}; }

bool PackedNumbers::open(std::string_view& in, std::size_t rows) {
  open_unknown();
  std::uint8_t mode = 0;
  if (!take(in, mode)) return false;
  if (mode == kNoneKnown) return true;
  const unsigned width = mode & kWidthBits;
  against_ = static_cast<Against>((mode >> kAgainstShift) & 0x03U);
  if (mode >= kNoneKnown || width >= kWidths.size() || against_ > Against::reference ||
      !take(in, least_)) {
    return false;
  }
  unknown_ = false;
  if ((mode & kSomeUnknown) != 0) {
    if (in.size() < rows) return false;
    known_ = in.data();
    in.remove_prefix(rows);
  }
  width_ = kWidths[width];
  if (width_ != 0 && in.size() / width_ < rows) return false;
  offsets_ = in.data();
  in.remove_prefix(rows * width_);
  return true;
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
