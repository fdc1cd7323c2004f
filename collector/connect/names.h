// Lookups of a process, kept to give a connection the name of its peer.
//
// A name is attached by address: the latest lookup that was over when the connect began and that
// returned the peer's address, on whatever thread it ran. Bounded: the kRemembered newest lookups;
// a connection that reuses an older answer has no name.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "collector/connect/observation.h"
#include "collector/store/rows.h"

namespace sockwatch::connect {

class Names {
 public:
  static constexpr std::size_t kRemembered = 4096;

  struct Match {
    std::int64_t resolution_id = 0;
    store::OptText name;  // empty: the program looked up the address itself, written as text
  };

  // Returns the row of the lookup.
  store::ResolutionRow add(const Observation& lookup, std::int64_t id, std::int64_t process_id);

  // A real name wins over a later lookup of the bare address: libraries resolve a name, then pass
  // the text of the address through getaddrinfo once more. A lookup that was given another port as
  // a number was for another connection.
  std::optional<Match> find(const std::string& address, std::uint16_t port,
                            store::Ns before_ns) const;

  auto fields() { return fields_are(lookups_, first_, by_address_); }

 private:
  struct Lookup {
    std::int64_t id = 0;
    store::Ns end_ns = 0;
    std::string name;
    std::optional<std::uint16_t> port;  // the service, where it was a number
    std::vector<std::string> addresses;
    auto fields() { return fields_are(id, end_ns, name, port, addresses); }
  };
  void forget_oldest();

  std::deque<Lookup> lookups_;
  std::uint64_t first_ = 0;  // number of lookups_.front()
  std::unordered_map<std::string, std::vector<std::uint64_t>> by_address_;  // numbers, oldest first
};

}  // namespace sockwatch::connect
