// Where attempts went, as small numbers: rules count by them instead of comparing strings.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "collector/store/rows.h"

namespace sockwatch::diagnose {

using PlaceId = std::uint32_t;
using ServiceId = std::uint32_t;
using ProgramId = std::uint32_t;

// How attempts fared: when a rule concludes, in the whole trace.
struct Fared {
  void add(bool is_connected, bool has_failed, std::int64_t times) {
    attempts += times;
    connected += is_connected ? times : 0;
    failed += has_failed ? times : 0;
  }

  std::int64_t attempts = 0;
  std::int64_t connected = 0;
  std::int64_t failed = 0;  // before or after connecting
};

// One address and port, under the name it was looked up by.
struct Place {
  store::OptText name;
  std::string address;  // empty: not known
  store::OptInt port;
  std::string protocol;
  ServiceId service = 0;  // the same for all addresses of a name on one port
  std::string endpoint;   // "10.0.7.13:443", "[::1]:8080", "10.0.0.2:53/udp", "/run/db.sock"
  Fared fared = {};
};

class Places {
 public:
  // Attempts to places beyond this many are not examined, so that a scan of a network cannot fill
  // the memory.
  static constexpr std::size_t kLimit = 50'000;

  std::optional<PlaceId> of(const store::ConnectionRow& row);

  std::size_t size() const { return places_.size(); }
  const Place& operator[](PlaceId place) const { return places_[place]; }
  // What a finding of the whole service is called: the name with the port, else the endpoint.
  const std::string& service(ServiceId service) const { return services_[service]; }
  const Fared& fared(ServiceId service) const { return fared_[service]; }
  void count(PlaceId place, bool connected, bool failed, std::int64_t times = 1) {
    places_[place].fared.add(connected, failed, times);
    fared_[places_[place].service].add(connected, failed, times);
  }
  std::optional<ServiceId> find_service(std::string_view label) const;

 private:
  PlaceId add(const store::ConnectionRow& row);

  std::deque<Place> places_;
  std::deque<std::string> services_;
  std::vector<Fared> fared_;  // by service
  std::unordered_map<std::string, ServiceId> service_ids_;
  std::unordered_multimap<std::size_t, PlaceId> ids_;  // by hash of what makes a place
};

// "host:port" as findings write it.
std::string endpoint_label(std::string_view host, const store::OptInt& port,
                           std::string_view protocol);

// Processes, and what they are called. All runs of one file count as one program.
class Programs {
 public:
  void add(const store::ProcessRow& row);

  ProgramId of(std::int64_t process_id) const;                      // kUnknown if never added
  const store::ProcessRow* process(std::int64_t process_id) const;  // nullptr likewise
  std::string_view name(ProgramId program) const { return names_[program]; }  // "curl"
  std::string_view name_of(std::int64_t process_id) const { return name(of(process_id)); }

  static constexpr ProgramId kUnknown = 0;

 private:
  std::unordered_map<std::int64_t, store::ProcessRow> processes_;
  std::unordered_map<std::int64_t, ProgramId> ids_;
  std::unordered_map<std::string, ProgramId> by_file_;
  std::vector<std::string> names_{"a program not known by name"};
};

}  // namespace sockwatch::diagnose
