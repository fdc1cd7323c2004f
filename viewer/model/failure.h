// Failed attempts that failed in the same way at the same place, and the evidence they share.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "collector/store/rows.h"
#include "viewer/model/words.h"

namespace sockwatch::model {

// Smallest and largest of what was seen, and how many rows had it at all.
struct Range {
  std::uint64_t known = 0;
  std::int64_t smallest = 0;
  std::int64_t largest = 0;

  void add(std::int64_t value);
  void add(const store::OptInt& value) {
    if (value) add(*value);
  }
};

// A statement of evidence may speak for a group only if it holds for every attempt of it; the
// counters are there to find out.
struct Evidence {
  std::uint64_t count = 0;
  std::vector<std::int64_t> ids;    // of the rows added first, at most kIdsKept
  std::uint64_t silent = 0;         // proven: a packet went out and none came back
  std::uint64_t answered = 0;       // at least one packet came back
  std::uint64_t established = 0;    // the kernel had finished the handshake
  std::uint64_t all_acked = 0;      // the peer's kernel acknowledged every byte sent
  std::uint64_t earlier_reply = 0;  // bytes had come back before the failure
  std::uint64_t unread = 0;         // they lay there, and the program had read none
  std::uint64_t reply_begun = 0;    // bytes of the very reply that was given up on
  std::uint64_t expired_waits = 0;
  Range started_ns;  // moments, not durations
  Range elapsed_ns;  // start to the end of the attempt
  Range budget_ns;
  Range syns;          // sent, the first included
  Range handshake_ns;  // as the kernel measured it
  Range notice_ns;     // the result was there → the program learned it
  Range bytes_sent;
  Range bytes_acked;
  Range retransmits;
  std::set<std::string> budget_sources;
  std::set<std::int64_t> processes;  // ids, of at most kProcessesKept
  static constexpr std::size_t kProcessesKept = 4;
  static constexpr std::size_t kIdsKept = 64;

  void add(const store::ConnectionRow& row);
};

struct FailureKey {
  std::size_t destination = 0;  // index into Summary::destinations
  Outcome outcome = Outcome::failed;
  std::optional<Ending> ending;  // where the outcome is `connected`
  store::OptInt error;
  bool operator==(const FailureKey&) const = default;
  bool operator<(const FailureKey& other) const {
    return std::tie(destination, outcome, ending, error) <
           std::tie(other.destination, other.outcome, other.ending, other.error);
  }
};

struct FailureGroup {
  FailureKey key;
  Evidence evidence;
};

// The key of a row without its destination; empty where the attempt did not fail.
std::optional<FailureKey> failure_of(const store::ConnectionRow& row);

}  // namespace sockwatch::model
