#include "collector/store/block.h"

#include <cstring>
#include <utility>

namespace sockwatch::store {
namespace {

// Of a block from a file that anybody may have made.
constexpr std::int64_t kMostRows = 65'536;

template <typename Value>
struct Plain {
  using Type = Value;
  static constexpr bool kOptional = false;
};
template <typename Value>
struct Plain<std::optional<Value>> {
  using Type = Value;
  static constexpr bool kOptional = true;
};

template <std::size_t kPlace>
constexpr auto column_at() {
  return std::get<kPlace>(Table<ConnectionRow>::kColumns);
}
template <std::size_t kPlace>
using Held =
    std::remove_cvref_t<decltype(std::declval<ConnectionRow>().*(column_at<kPlace>().member))>;

// Calls visit(index_constant) for every column in file order; false from it ends that.
template <typename Visit, std::size_t... kPlaces>
bool visit_columns(Visit&& visit, std::index_sequence<kPlaces...>) {
  return (visit(std::integral_constant<std::size_t, kPlaces>()) && ...);
}
template <typename Visit>
bool visit_columns(Visit&& visit) {
  return visit_columns(visit, std::make_index_sequence<kConnectionColumns>());
}

constexpr std::size_t kId = column_of(&ConnectionRow::id);
constexpr std::size_t kStarted = column_of(&ConnectionRow::started_ns);
static_assert(kId < kStarted && kStarted < kConnectionColumns);

void append_size(std::string& out, std::size_t size) {
  const auto value = static_cast<std::uint32_t>(size);
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

bool take_size(std::string_view& in, std::size_t& size) {
  std::uint32_t value = 0;
  if (in.size() < sizeof value) return false;
  std::memcpy(&value, in.data(), sizeof value);
  in.remove_prefix(sizeof value);
  size = value;
  return true;
}

bool take_words(std::string_view& in, std::size_t most, std::vector<std::string>& words) {
  std::size_t count = 0;
  if (!take_size(in, count) || count > most) return false;
  words.resize(count);
  for (std::string& word : words) {
    std::size_t size = 0;
    if (!take_size(in, size) || size > in.size()) return false;
    word.assign(in.substr(0, size));
    in.remove_prefix(size);
  }
  return true;
}

}  // namespace

// Mostly that of the row before.
std::int64_t Packer::Gathered::place_of(const std::string& word) {
  if (!words.empty() && words[static_cast<std::size_t>(newest)] == word) return newest;
  const auto [place, is_new] = places.try_emplace(word, static_cast<std::int64_t>(words.size()));
  if (is_new) words.push_back(word);
  newest = place->second;
  return newest;
}

// Their memory is kept for the next block.
void Packer::Gathered::clear() {
  numbers.values.clear();
  numbers.known.clear();
  words.clear();
  places.clear();
  newest = 0;
}

void Packer::add(const ConnectionRow& row) {
  visit_columns([&]<typename Place>(Place) {
    using Value = Plain<Held<Place::value>>;
    const auto& member = row.*(column_at<Place::value>().member);
    Gathered& column = columns_[Place::value];
    const auto keep = [&](const auto& value) {
      if constexpr (std::is_same_v<typename Value::Type, std::string>) {
        column.numbers.values.push_back(column.place_of(value));
      } else {
        column.numbers.values.push_back(static_cast<std::int64_t>(value));
      }
    };
    if constexpr (Value::kOptional) {
      column.numbers.known.push_back(member ? 1 : 0);
      if (member) {
        keep(*member);
      } else {
        column.numbers.values.push_back(0);
      }
    } else {
      keep(member);
    }
    return true;
  });
  ++rows_;
}

std::string Packer::take() {
  std::string block;
  KnownFlags known;
  visit_columns([&]<typename Place>(Place) {
    const Gathered& column = columns_[Place::value];
    if constexpr (std::is_same_v<typename Plain<Held<Place::value>>::Type, std::string>) {
      append_size(block, column.words.size());
      for (const std::string& word : column.words) {
        append_size(block, word.size());
        block += word;
      }
    }
    std::span<const std::int64_t> reference;
    if (Place::value > kStarted) reference = columns_[kStarted].numbers.values;
    pack(block, column.numbers, reference, known);
    return true;
  });
  for (Gathered& column : columns_) column.clear();
  rows_ = 0;
  return block;
}

std::span<const std::int64_t> BlockColumn::values() {
  if (is_read_) return values_;
  is_read_ = true;
  numbers_.read(rows_, reference_, values_);
  return values_;
}

// What is not known is any number, so those that ask for it get a word all the same.
bool BlockColumn::is_in_range() {
  if (end_ == 0 || knows_none()) return true;
  if (has_one_value()) return static_cast<std::uint64_t>(only()) < end_;
  if (numbers_.are_all_below(rows_, end_)) return true;
  (void)values();
  // Mostly all are, which is quicker to find out than which one is not.
  constexpr std::uint64_t kNegative = std::uint64_t{1} << 63;
  std::uint64_t below_end = kNegative;
  std::uint64_t below_zero = 0;
  for (std::size_t i = 0; i < rows_; ++i) {
    const auto value = static_cast<std::uint64_t>(values_[i]);
    below_end &= value - end_;
    below_zero |= value;
  }
  if (below_end == kNegative && (below_zero & kNegative) == 0) return true;
  for (std::size_t i = 0; i < rows_; ++i) {
    if (static_cast<std::uint64_t>(values_[i]) < end_) continue;
    if (knows(i)) return false;
    values_[i] = 0;
  }
  return true;
}

template <std::size_t kPlace>
void Block::set(ConnectionRow& row, const BlockColumn& column, std::size_t at) {
  using Value = Plain<Held<kPlace>>;
  auto& member = row.*(column_at<kPlace>().member);
  if constexpr (Value::kOptional) {
    if (!column.knows(at)) {
      member.reset();
      return;
    }
  }
  const std::int64_t number = column.at(at);
  if constexpr (std::is_same_v<typename Value::Type, std::string>) {
    member = column.words_[static_cast<std::size_t>(number)];
  } else {
    member = static_cast<typename Value::Type>(number);
  }
}

template <std::size_t kPlace>
bool Block::read(std::string_view& bytes) {
  using Value = Plain<Held<kPlace>>;
  constexpr bool kText = std::is_same_v<typename Value::Type, std::string>;
  BlockColumn& column = columns_[kPlace];
  column.rows_ = rows_;
  column.is_read_ = false;
  if (column_at<kPlace>().since > version_) {
    column.numbers_.open_unknown();
  } else {
    if constexpr (kText) {
      if (!take_words(bytes, rows_, column.words_)) return false;
    }
    if (!column.numbers_.open(bytes, rows_, known_)) return false;
    if (!Value::kOptional && !column.numbers_.knows_all()) return false;
  }
  if (column.numbers_.needs_reference()) {
    if (kPlace <= kStarted) return false;
    column.reference_ = columns_[kStarted].values();
  }
  if constexpr (kText) {
    if (column.words_.empty()) column.words_.emplace_back();  // whoever asks gets a word
    column.end_ = column.words_.size();
  } else if constexpr (std::is_same_v<typename Value::Type, bool>) {
    column.end_ = 2;
  }
  if (!column.is_in_range()) return false;
  if (!column.numbers_.is_random()) (void)column.values();
  if (column.knows_none() || (column.knows_all() && column.has_one_value())) {
    set<kPlace>(common_, column, 0);
  } else {
    varying_.emplace_back(&Block::set<kPlace>, &column);
  }
  return true;
}

bool Block::open(std::string_view bytes, std::int64_t rows) {
  if (rows < 1 || rows > kMostRows) return false;
  rows_ = static_cast<std::size_t>(rows);
  varying_.clear();
  chosen_.clear();
  known_.clear();
  const bool read_all =
      visit_columns([&]<typename Place>(Place) { return read<Place::value>(bytes); });
  return read_all && bytes.empty() && in_order();
}

void Block::follow(const Block& before) {
  last_started_ns_ = before.last_started_ns_;
  last_id_ = before.last_id_;
}

bool Block::in_order() {
  const auto started = columns_[kStarted].values();
  const auto ids = columns_[kId].values();
  for (std::size_t i = 0; i < rows_; ++i) {
    if (started[i] < last_started_ns_ || (started[i] == last_started_ns_ && ids[i] <= last_id_)) {
      return false;
    }
    last_started_ns_ = started[i];
    last_id_ = ids[i];
  }
  return true;
}

}  // namespace sockwatch::store
