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

enum class Against : unsigned { nothing, before, reference };

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

struct Plan {
  Against against = Against::nothing;
  unsigned width = 0;  // index into kWidths
  std::int64_t least = 0;
  std::vector<std::int64_t> differences;
};

Plan plan_of(const Numbers& column, Against against, std::span<const std::int64_t> reference) {
  Plan plan;
  plan.against = against;
  plan.differences.assign(column.values.size(), 0);
  std::int64_t before = 0;
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  std::int64_t most = std::numeric_limits<std::int64_t>::min();
  for (std::size_t i = 0; i < column.values.size(); ++i) {
    if (!column.knows(i)) continue;
    const std::int64_t value = column.values[i];
    std::int64_t& difference = plan.differences[i];
    difference = value;
    if (against == Against::before) difference = minus(value, before);
    if (against == Against::reference) difference = minus(value, reference[i]);
    before = value;
    least = std::min(least, difference);
    most = std::max(most, difference);
  }
  const auto range = static_cast<std::uint64_t>(most) - static_cast<std::uint64_t>(least);
  const auto bits = static_cast<int>(std::bit_width(range));
  plan.width = bits == 0 ? 0 : bits <= 8 ? 1 : bits <= 16 ? 2 : bits <= 32 ? 3 : 4;
  plan.least = least;
  return plan;
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
void read_offsets(const char* from, std::int64_t least, std::vector<std::int64_t>& values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    Offset offset;
    std::memcpy(&offset, from + i * sizeof offset, sizeof offset);
    values[i] = plus(least, static_cast<std::int64_t>(offset));
  }
}

void undo(Against against, std::span<const std::int64_t> reference, Numbers& column) {
  std::int64_t before = 0;
  for (std::size_t i = 0; i < column.values.size(); ++i) {
    std::int64_t& value = column.values[i];
    if (!column.knows(i)) {
      value = 0;
      continue;
    }
    if (against == Against::before) value = plus(value, before);
    if (against == Against::reference) value = plus(value, reference[i]);
    before = value;
  }
}

}  // namespace

void pack(std::string& out, const Numbers& column, std::span<const std::int64_t> reference) {
  const auto is_known = [](std::uint8_t known) { return known != 0; };
  const bool some_unknown = !std::all_of(column.known.begin(), column.known.end(), is_known);
  if (some_unknown && std::none_of(column.known.begin(), column.known.end(), is_known)) {
    append(out, static_cast<std::uint8_t>(kNoneKnown));
    return;
  }
  Plan best = plan_of(column, Against::nothing, {});
  for (const Against against : {Against::before, Against::reference}) {
    if (best.width == 0 || (against == Against::reference && reference.empty())) continue;
    Plan other = plan_of(column, against, reference);
    if (other.width < best.width) best = std::move(other);
  }
  append(out, static_cast<std::uint8_t>(best.width |
                                        static_cast<unsigned>(best.against) << kAgainstShift |
                                        (some_unknown ? kSomeUnknown : 0)));
  append(out, best.least);
  if (some_unknown) out.append(column.known.begin(), column.known.end());
  for (std::size_t i = 0; i < best.differences.size(); ++i) {
    const std::int64_t offset = column.knows(i) ? minus(best.differences[i], best.least) : 0;
    out.append(reinterpret_cast<const char*>(&offset), kWidths[best.width]);
  }
}

bool unpack(std::string_view& in, std::size_t rows, std::span<const std::int64_t> reference,
            Numbers& column, bool& uniform) {
  std::uint8_t mode = 0;
  if (!take(in, mode)) return false;
  column.known.clear();
  if (mode == kNoneKnown) {
    column.values.assign(rows, 0);
    column.known.assign(rows, 0);
    uniform = true;
    return true;
  }
  const unsigned width = mode & kWidthBits;
  const auto against = static_cast<Against>((mode >> kAgainstShift) & 0x03U);
  std::int64_t least = 0;
  if (mode >= kNoneKnown || width >= kWidths.size() || against > Against::reference ||
      (against == Against::reference && reference.size() != rows) || !take(in, least)) {
    return false;
  }
  if ((mode & kSomeUnknown) != 0) {
    if (in.size() < rows) return false;
    column.known.assign(in.begin(), in.begin() + static_cast<std::ptrdiff_t>(rows));
    in.remove_prefix(rows);
  }
  if (in.size() / std::max<std::size_t>(kWidths[width], 1) < rows && width != 0) return false;
  column.values.resize(rows);
  switch (width) {
    case 0:
      std::fill(column.values.begin(), column.values.end(), least);
      break;
    case 1:
      read_offsets<std::uint8_t>(in.data(), least, column.values);
      break;
    case 2:
      read_offsets<std::uint16_t>(in.data(), least, column.values);
      break;
    case 3:
      read_offsets<std::uint32_t>(in.data(), least, column.values);
      break;
    default:
      read_offsets<std::uint64_t>(in.data(), least, column.values);
      break;
  }
  in.remove_prefix(rows * kWidths[width]);
  if (against != Against::nothing || !column.known.empty()) undo(against, reference, column);
  uniform = width == 0 && against == Against::nothing && column.known.empty();
  return true;
}

}  // namespace sockwatch::store
