#include "collector/store/packed.h"

#include <fmt/format.h>

#include <algorithm>
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

constexpr std::size_t place_of(std::string_view name) {
  std::size_t place = 0;
  std::size_t found = kConnectionColumns;
  for_each_column<ConnectionRow>([&](const auto& column) {
    if (column.name == name) found = place;
    ++place;
  });
  return found;
}
constexpr std::size_t kId = place_of("id");
constexpr std::size_t kStarted = place_of("started_ns");
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

const std::string& create_packed_sql() {
  static const std::string sql = fmt::format(
      "CREATE TABLE {} (\n  first INTEGER PRIMARY KEY,\n  rows INTEGER NOT NULL,\n  block BLOB NOT "
      "NULL\n)",
      kPackedTable);
  return sql;
}

void Packer::add_text(Column& column, const std::string& text) {
  const auto [place, is_new] =
      column.places.try_emplace(text, static_cast<std::int64_t>(column.words.size()));
  if (is_new) column.words.push_back(text);
  column.numbers.values.push_back(place->second);
}

void Packer::add(const ConnectionRow& row) {
  visit_columns([&]<typename Place>(Place) {
    using Value = Plain<Held<Place::value>>;
    const auto& member = row.*(column_at<Place::value>().member);
    Column& column = columns_[Place::value];
    const auto keep = [&](const auto& value) {
      if constexpr (std::is_same_v<typename Value::Type, std::string>) {
        add_text(column, value);
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
  visit_columns([&]<typename Place>(Place) {
    const Column& column = columns_[Place::value];
    if constexpr (std::is_same_v<typename Plain<Held<Place::value>>::Type, std::string>) {
      append_size(block, column.words.size());
      for (const std::string& word : column.words) {
        append_size(block, word.size());
        block += word;
      }
    }
    std::span<const std::int64_t> reference;
    if (Place::value > kStarted) reference = columns_[kStarted].numbers.values;
    pack(block, column.numbers, reference);
    return true;
  });
  columns_ = {};
  rows_ = 0;
  return block;
}

template <std::size_t kPlace>
void Unpacker::set(ConnectionRow& row, const Column& column, std::size_t at) {
  using Value = Plain<Held<kPlace>>;
  auto& member = row.*(column_at<kPlace>().member);
  if constexpr (Value::kOptional) {
    if (!column.numbers.knows(at)) {
      member.reset();
      return;
    }
  }
  const std::int64_t number = column.numbers.values[at];
  if constexpr (std::is_same_v<typename Value::Type, std::string>) {
    member = column.words[static_cast<std::size_t>(number)];
  } else {
    member = static_cast<typename Value::Type>(number);
  }
}

template <std::size_t kPlace>
void Unpacker::fill(std::span<ConnectionRow> rows, const Column& column, std::size_t from) {
  for (std::size_t i = 0; i < rows.size(); ++i) set<kPlace>(rows[i], column, from + i);
}

template <std::size_t kPlace>
bool Unpacker::read(std::string_view& block) {
  using Value = Plain<Held<kPlace>>;
  constexpr bool kText = std::is_same_v<typename Value::Type, std::string>;
  if (column_at<kPlace>().since > version_) return true;
  Column& column = columns_[kPlace];
  if constexpr (kText) {
    if (!take_words(block, rows_, column.words)) return false;
  }
  std::span<const std::int64_t> reference;
  if (kPlace > kStarted) reference = columns_[kStarted].numbers.values;
  if (!unpack(block, rows_, reference, column.numbers, column.uniform)) return false;
  if (!Value::kOptional && !column.numbers.known.empty()) return false;
  if constexpr (kText || std::is_same_v<typename Value::Type, bool>) {
    const std::size_t end = kText ? column.words.size() : 2;
    for (std::size_t i = 0; i < rows_; ++i) {
      const bool fits = static_cast<std::uint64_t>(column.numbers.values[i]) < end;
      if (!fits && column.numbers.knows(i)) return false;
    }
  }
  if (column.uniform) {
    for (ConnectionRow& row : filled_) set<kPlace>(row, column, 0);
  } else {
    varying_.emplace_back(&Unpacker::fill<kPlace>, &column);
  }
  return true;
}

bool Unpacker::open(std::string_view block, std::int64_t rows) {
  if (rows < 1 || rows > kMostRows) return false;
  rows_ = static_cast<std::size_t>(rows);
  varying_.clear();
  filled_.assign(kTogether, ConnectionRow());
  const bool read_all =
      visit_columns([&]<typename Place>(Place) { return read<Place::value>(block); });
  return read_all && block.empty() && in_order();
}

bool Unpacker::in_order() {
  const auto& started = columns_[kStarted].numbers.values;
  const auto& ids = columns_[kId].numbers.values;
  for (std::size_t i = 0; i < rows_; ++i) {
    if (std::pair(started[i], ids[i]) <= std::pair(last_started_ns_, last_id_)) return false;
    last_started_ns_ = started[i];
    last_id_ = ids[i];
  }
  return true;
}

bool Unpacker::each(const std::function<bool(const ConnectionRow&)>& each) {
  for (std::size_t from = 0; from < rows_; from += kTogether) {
    const std::span rows(filled_.data(), std::min(kTogether, rows_ - from));
    for (const auto& [fill, column] : varying_) fill(rows, *column, from);
    for (const ConnectionRow& row : rows) {
      if (!each(row)) return false;
    }
  }
  return true;
}

}  // namespace sockwatch::store
