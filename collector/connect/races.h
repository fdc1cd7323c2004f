// Happy eyeballs: did a sibling win while this attempt was still connecting?
//
// Clients that try several addresses of one name at once close the losers as soon as one has
// connected. A pool that opens many connections to the same name looks alike from afar, and a
// loser there is a time-out, not a race. So a sibling's win counts only if all of this holds:
//   - same name or same lookup, same port, another address (an address is tried once in a race).
//     Without any lookup (c-ares and the like): same thread, same port, and the other of IPv4 and
//     IPv6, which is what such clients race;
//   - the two were started within kStagger of each other;
//   - the win was noticed while the loser was connecting, at most kPrompt before its close;
//   - no wait of the loser expired after the win: then it went on by itself and gave up by itself;
//   - it is the only such win, or the last connect the closing thread saw succeed.
#pragma once

#include <cstdint>
#include <deque>

#include "collector/store/rows.h"
#include "collector/support/fields.h"

namespace sockwatch::connect {

class Races {
 public:
  static constexpr store::Ns kStagger = 2'000'000'000;  // RFC 8305: the longest attempt delay
  static constexpr store::Ns kPrompt = 100'000'000;

  struct Loss {
    store::Ns closed_ns = 0;
    std::uint32_t tid = 0;  // of the close
    store::Ns last_expired_ns = 0;
  };

  void won(const store::ConnectionRow& row, std::uint32_t noticed_by);
  bool lost(const store::ConnectionRow& row, const Loss& loss) const;

  auto fields() { return fields_are(wins_); }

 private:
  static constexpr std::size_t kRemembered = 1024;
  struct Win {
    std::int64_t id = 0;
    std::string family;
    std::string protocol;
    store::OptText name;
    store::OptText address;
    store::OptInt port;
    store::OptInt resolution_id;
    store::Ns started_ns = 0;
    store::Ns noticed_ns = 0;
    std::uint32_t connected_by = 0;
    std::uint32_t noticed_by = 0;
    auto fields() {
      return fields_are(id, family, protocol, name, address, port, resolution_id, started_ns,
                        noticed_ns, connected_by, noticed_by);
    }
  };
  static bool siblings(const Win& win, const store::ConnectionRow& row);

  std::deque<Win> wins_;  // by noticed_ns, at most kPrompt old
};

}  // namespace sockwatch::connect
