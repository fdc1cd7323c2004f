#include "viewer/model/plain.h"

#include <algorithm>
#include <bit>
#include <string_view>

#include "viewer/model/tcp_state.h"
#include "viewer/model/words.h"

namespace sockwatch::model {
namespace {

using store::Block;
using store::BlockColumn;
using PlainRow = store::ConnectionRow;

constexpr std::uint64_t kMs = 1'000'000;
constexpr store::Ns kSecond = 1'000'000'000;

// Whose word is one of `words`; also those without a word, if `also_unknown`.
template <typename... Words>
void keep_words(BlockColumn& column, std::vector<std::uint8_t>& kept, bool also_unknown,
                Words... words) {
  std::vector<std::uint8_t> wanted;
  for (const std::string& word : column.words()) {
    wanted.push_back(((word == words) || ...) ? 1 : 0);
  }
  column.keep_where(kept, also_unknown,
                    [&](std::int64_t at) { return wanted[static_cast<std::size_t>(at)] != 0; });
}

template <auto... kMembers>
void keep_known(Block& block, std::vector<std::uint8_t>& kept) {
  (block.column<kMembers>().keep_where(kept, false, [](std::int64_t) { return true; }), ...);
}

template <auto... kMembers>
void keep_unknown(Block& block, std::vector<std::uint8_t>& kept) {
  (block.column<kMembers>().keep_where(kept, true, [](std::int64_t) { return false; }), ...);
}

// Unknown, or 0.
template <auto... kMembers>
void keep_none(Block& block, std::vector<std::uint8_t>& kept) {
  (block.column<kMembers>().keep_where(kept, true, [](std::int64_t value) { return value == 0; }),
   ...);
}

// Words of a block are numbered from 0 to at most as many as a block has rows.
constexpr int kWordBits = 17;
constexpr std::uint64_t kWordMask = (std::uint64_t{1} << kWordBits) - 1;

// Its word, from 1 on, as some bits of each key; 0 where there is none.
void add_words(BlockColumn& column, int shift, std::vector<std::uint64_t>& keys) {
  if (column.knows_none()) return;
  const auto words = column.values();
  const auto add = [&](auto knows) {
    for (std::size_t i = 0; i < keys.size(); ++i) {
      keys[i] |= knows(i) ? (static_cast<std::uint64_t>(words[i]) + 1) << shift : 0;
    }
  };
  if (column.knows_all()) {
    add([](std::size_t) { return true; });
  } else {
    add([&](std::size_t i) { return column.knows(i); });
  }
}

}  // namespace

void PlainRows::find(Block& block) {
  plain_.assign(block.rows(), 1);
  keep_words(block.column<&PlainRow::outcome>(), plain_, false, word(Outcome::connected));
  keep_words(block.column<&PlainRow::ending>(), plain_, false, word(Ending::closed),
             word(Ending::peer_closed));
  keep_words(block.column<&PlainRow::protocol>(), plain_, false, std::string_view("tcp"));
  keep_known<&PlainRow::decided_ns, &PlainRow::first_receive_ns, &PlainRow::closed_ns,
             &PlainRow::peer_address, &PlainRow::peer_port, &PlainRow::local_port>(block, plain_);
  keep_unknown<&PlainRow::error>(block, plain_);
  // The only wait there was for a connect that went well; one on a set is of interest to BLOCKLOOP.
  keep_words(block.column<&PlainRow::budget_source>(), plain_, true, std::string_view("poll"),
             std::string_view("select"));
  keep_none<&PlainRow::expired_waits, &PlainRow::interrupted, &PlainRow::fast_open,
            &PlainRow::close_unacked, &PlainRow::close_notsent_bytes>(block, plain_);
  block.column<&PlainRow::syn_retransmits>().keep_where(
      plain_, false, [](std::int64_t sent) { return sent == 0; });
  block.column<&PlainRow::send_tcp_state>().keep_where(plain_, true, [](std::int64_t state) {
    return state != kTcpClose && state != kTcpCloseWait;
  });
  block.column<&PlainRow::idle_answered_ns>().keep_where(
      plain_, true, [](std::int64_t pause) { return pause < kSecond; });

  const auto started = block.column<&PlainRow::started_ns>().values();
  const auto decided = block.column<&PlainRow::decided_ns>().values();
  const auto own = block.column<&PlainRow::local_port>().values();
  const auto peer = block.column<&PlainRow::peer_port>().values();
  BlockColumn& may_block = block.column<&PlainRow::blocking>();
  const auto blocking = may_block.values();
  const auto keep_quick = [&](auto knows) {
    for (std::size_t i = 0; i < plain_.size(); ++i) {
      // Of an end before the start it is huge.
      const auto took =
          static_cast<std::uint64_t>(decided[i]) - static_cast<std::uint64_t>(started[i]);
      const bool blocks = blocking[i] != 0 && knows(i);
      const bool quick = took < (blocks ? 100 * kMs : 200 * kMs);
      plain_[i] &= static_cast<std::uint8_t>(quick && own[i] != peer[i] ? 1 : 0);
    }
  };
  if (may_block.knows_all()) {
    keep_quick([](std::size_t) { return true; });
  } else {
    keep_quick([&](std::size_t i) { return may_block.knows(i); });
  }
}

void BlockPlaces::find(Block& block) {
  BlockColumn& address = block.column<&PlainRow::peer_address>();
  const std::size_t rows = block.rows();
  keys_.assign(rows, 0);
  add_words(address, 0, keys_);
  add_words(block.column<&PlainRow::peer_name>(), kWordBits, keys_);
  add_words(block.column<&PlainRow::protocol>(), 2 * kWordBits, keys_);
  BlockColumn& port = block.column<&PlainRow::peer_port>();
  const auto known_ports = port.values();
  ports_.assign(known_ports.begin(), known_ports.end());
  for (std::size_t i = 0; i < rows && !port.knows_all(); ++i) {
    if (port.knows(i)) continue;
    ports_[i] = 0;
    keys_[i] |= std::uint64_t{1} << (3 * kWordBits);
  }
  const std::size_t size = std::bit_ceil(2 * rows);
  table_.assign(size, 0);
  first_rows_.clear();
  places_.resize(rows);
  by_address_.assign(address.words().size() + 1, 0);
  const auto is = [&](std::uint32_t place, std::size_t row) {
    const std::size_t first = first_rows_[place];
    return keys_[first] == keys_[row] && ports_[first] == ports_[row];
  };
  for (std::size_t row = 0; row < rows; ++row) {
    if (!block.is_chosen(row)) continue;
    // Mostly an address stands for one place.
    std::uint32_t& newest = by_address_[keys_[row] & kWordMask];
    if (newest == 0 || !is(newest - 1, row)) {
      const std::uint64_t hash =
          (keys_[row] * 1'000'003 + static_cast<std::uint64_t>(ports_[row])) *
          0x9e3779b97f4a7c15ULL;
      std::size_t at = (hash >> 32) & (size - 1);
      while (table_[at] != 0 && !is(table_[at] - 1, row)) at = (at + 1) & (size - 1);
      if (table_[at] == 0) {
        first_rows_.push_back(static_cast<std::uint32_t>(row));
        table_[at] = static_cast<std::uint32_t>(first_rows_.size());
      }
      newest = table_[at];
    }
    places_[row] = newest - 1;
  }
}

PlaceRow::PlaceRow(Block& block)
    : name_(block.column<&PlainRow::peer_name>()),
      address_(block.column<&PlainRow::peer_address>()),
      port_(block.column<&PlainRow::peer_port>()),
      protocol_(block.column<&PlainRow::protocol>()) {}

const store::ConnectionRow& PlaceRow::operator[](std::size_t row) {
  const auto word = [row](const BlockColumn& column) -> const std::string& {
    return column.words()[static_cast<std::size_t>(column.at(row))];
  };
  const auto set = [&](store::OptText& text, const BlockColumn& column) {
    if (column.knows(row)) {
      text = word(column);
    } else {
      text.reset();
    }
  };
  set(row_.peer_name, name_);
  set(row_.peer_address, address_);
  row_.peer_port = port_.knows(row) ? store::OptInt(port_.at(row)) : std::nullopt;
  row_.protocol = word(protocol_);
  return row_;
}

void PlainGroups::find(const Block& block, const PlainRows& plain, const BlockPlaces& places) {
  plain_.clear();
  others_.clear();
  begins_.assign(places.size() + 2, 0);
  for (std::uint32_t row = 0; row < block.rows(); ++row) {
    if (!block.is_chosen(row)) continue;
    if (!plain[row]) {
      others_.push_back(row);
      continue;
    }
    plain_.push_back(row);
    ++begins_[places[row] + 2];  // one place further: they are moved there as they are put down
  }
  for (std::size_t i = 2; i < begins_.size(); ++i) begins_[i] += begins_[i - 1];
  by_place_.resize(plain_.size());
  for (const std::uint32_t row : plain_) by_place_[begins_[places[row] + 1]++] = row;
}

}  // namespace sockwatch::model
