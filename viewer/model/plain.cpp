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
  for (std::size_t i = 0; i < plain_.size(); ++i) {
    // Of an end before the start it is huge.
    const auto took =
        static_cast<std::uint64_t>(decided[i]) - static_cast<std::uint64_t>(started[i]);
    const bool blocks = blocking[i] != 0 && may_block.knows(i);
    const bool quick = took < (blocks ? 100 * kMs : 200 * kMs);
    plain_[i] &= static_cast<std::uint8_t>(quick && own[i] != peer[i] ? 1 : 0);
  }
}

void BlockPlaces::find(Block& block) {
  BlockColumn& name = block.column<&PlainRow::peer_name>();
  BlockColumn& address = block.column<&PlainRow::peer_address>();
  BlockColumn& port = block.column<&PlainRow::peer_port>();
  const auto names = name.values();
  const auto addresses = address.values();
  const auto ports = port.values();
  const auto protocols = block.column<&PlainRow::protocol>().values();
  const std::size_t rows = block.rows();
  const std::size_t size = std::bit_ceil(2 * rows);
  table_.assign(size, 0);
  first_rows_.clear();
  places_.resize(rows);
  by_address_.assign(address.words().size(), 0);
  const auto same = [&](std::size_t a, std::size_t b) {
    return ports[a] == ports[b] && protocols[a] == protocols[b] && port.knows(a) == port.knows(b) &&
           name.knows(a) == name.knows(b) && (!name.knows(a) || names[a] == names[b]) &&
           address.knows(a) == address.knows(b) &&
           (!address.knows(a) || addresses[a] == addresses[b]);
  };
  for (std::size_t row = 0; row < rows; ++row) {
    if (!block.is_chosen(row)) continue;
    // Mostly an address stands for one place.
    std::uint32_t* newest = nullptr;
    if (address.knows(row)) {
      newest = &by_address_[static_cast<std::size_t>(addresses[row])];
      if (*newest != 0 && same(first_rows_[*newest - 1], row)) {
        places_[row] = *newest - 1;
        continue;
      }
    }
    std::uint64_t hash = static_cast<std::uint64_t>(ports[row]);
    hash = hash * 1'000'003 + static_cast<std::uint64_t>(name.knows(row) ? names[row] : -1);
    hash = hash * 1'000'003 + static_cast<std::uint64_t>(address.knows(row) ? addresses[row] : -1);
    hash = (hash * 2 + static_cast<std::uint64_t>(protocols[row])) * 0x9e3779b97f4a7c15ULL;
    std::size_t at = (hash >> 32) & (size - 1);
    while (table_[at] != 0 && !same(first_rows_[table_[at] - 1], row)) at = (at + 1) & (size - 1);
    if (table_[at] == 0) {
      first_rows_.push_back(static_cast<std::uint32_t>(row));
      table_[at] = static_cast<std::uint32_t>(first_rows_.size());
    }
    places_[row] = table_[at] - 1;
    if (newest != nullptr) *newest = table_[at];
  }
}

}  // namespace sockwatch::model
