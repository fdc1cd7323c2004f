// One place connections went to, and how they fared there.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "collector/store/rows.h"
#include "viewer/model/histogram.h"
#include "viewer/model/words.h"

namespace sockwatch::model {

// From one moment to a later one; empty where either is unknown or they are in the wrong order.
inline store::OptInt time_between(const store::OptInt& from, const store::OptInt& to) {
  std::int64_t difference = 0;
  if (!from || !to || *to < *from || __builtin_sub_overflow(*to, *from, &difference)) {
    return std::nullopt;
  }
  return difference;
}

// What a row says of how it went; empty where it has none, or a word this version does not know.
// A datagram socket has no connection that could be reset: where a trace says so, an ICMP message
// came back for what was sent. That is a refusal (port unreachable) or a rejection.
struct Course {
  std::optional<Outcome> outcome;
  std::optional<Ending> ending;  // where the outcome is `connected`
};
Course course_of(const store::ConnectionRow& row);

// Moments of one connection, or empty where the recording does not have them.
store::OptInt connect_ns(const store::ConnectionRow& row);     // start to decided, connected only
store::OptInt handshake_ns(const store::ConnectionRow& row);   // the kernel's round trip of the SYN
store::OptInt resends(const store::ConnectionRow& row);        // of its SYN, as the kernel counts
store::OptInt first_byte_ns(const store::ConnectionRow& row);  // see Tally::first_byte
store::OptInt attempt_ns(const store::ConnectionRow& row);     // start to the end of the attempt

// Of a connected one.
inline store::OptInt handshake_ns(const store::OptInt& rtt_us) {
  // 0 means the kernel had no sample: no handshake takes less than a microsecond. It counts in 32
  // bits: a larger number is nobody's, and must not be computed with.
  if (rtt_us.value_or(0) <= 0 || *rtt_us > UINT32_MAX) return std::nullopt;
  return *rtt_us * 1000;
}
inline store::OptInt first_byte_ns(const store::OptInt& decided, const store::OptInt& sent,
                                   const store::OptInt& received) {
  const bool peer_spoke_first = !sent || (received && *received < *sent);
  return time_between(peer_spoke_first ? decided : sent, received);
}

// What is counted of one attempt.
struct Measured {
  Course course;
  store::OptInt connect_ns;
  store::OptInt handshake_ns;
  store::OptInt first_byte_ns;
  std::int64_t turns = 0;
  store::Ns turn_total_ns = 0;
  store::Ns turn_max_ns = 0;
  std::int64_t syn_retransmits = 0;
  std::int64_t retransmits = 0;
};
Measured measure(const store::ConnectionRow& row);

// Counts and times over any set of connections: one address, or all addresses of a name.
struct Tally {
  std::uint64_t attempts = 0;
  std::array<std::uint64_t, kOutcomeWords.size()> outcomes{};
  std::array<std::uint64_t, kEndingWords.size()> endings{};
  std::uint64_t unrecognised = 0;  // outcome is a word this version does not know

  Histogram connect;     // of connected attempts, ns: started → decided
  Histogram handshake;   // of connected attempts, ns: round trip of SYN and answer
  Histogram first_byte;  // ns: first byte sent → first received; end of connect → first received
                         // where the peer speaks first
  Histogram turn;  // ns: one value a connection, the mean of its request → reply times
  std::uint64_t turns = 0;
  store::Ns longest_turn = 0;  // a single one, over all connections
  std::uint64_t syn_retransmits = 0;
  std::uint64_t retransmits = 0;

  void add(const Measured& attempt) {
    ++attempts;
    const Course& course = attempt.course;
    if (course.outcome) {
      ++outcomes[static_cast<std::size_t>(*course.outcome)];
    } else {
      ++unrecognised;
    }
    if (course.ending) ++endings[static_cast<std::size_t>(*course.ending)];
    if (attempt.connect_ns) connect.add(*attempt.connect_ns);
    if (attempt.handshake_ns) handshake.add(*attempt.handshake_ns);
    if (attempt.first_byte_ns) first_byte.add(*attempt.first_byte_ns);
    if (attempt.turns > 0) {
      turn.add(attempt.turn_total_ns / attempt.turns);
      turns += static_cast<std::uint64_t>(attempt.turns);
      longest_turn = std::max(longest_turn, attempt.turn_max_ns);
    }
    syn_retransmits += not_negative(attempt.syn_retransmits);
    retransmits += not_negative(attempt.retransmits);
  }
  void add(const store::ConnectionRow& row) { add(measure(row)); }
  void merge(const Tally& other);

  std::uint64_t count(Outcome outcome) const { return outcomes[static_cast<std::size_t>(outcome)]; }
  std::uint64_t count(Ending ending) const { return endings[static_cast<std::size_t>(ending)]; }
  std::uint64_t failures() const;  // attempts that failed, before or after connecting
  std::uint64_t ok() const;        // connected and not failed afterwards

 private:
  static std::uint64_t not_negative(std::int64_t value) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(value, 0));
  }
};

struct Destination {
  store::OptText name;
  store::OptText address;
  store::OptInt port;
  std::string protocol;
  bool others = false;  // stands for all destinations beyond the limit of a summary
  Tally tally;
};

// Of two with as many failures: where these are the larger share; without failures: more attempts.
bool worse_share(const Tally& a, const Tally& b);

// Worst first: more failures, then their larger share, then by name so that the order is stable.
// `others` is no place and comes last.
bool worse(const Destination& a, const Destination& b);

}  // namespace sockwatch::model
