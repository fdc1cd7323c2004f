#include "collector/connect/names.h"

#include <netdb.h>

#include <algorithm>
#include <charconv>

namespace sockwatch::connect {

namespace {

constexpr std::size_t kLooksBack = 64;  // lookups of one address tried for a real name

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text += ' ';
    text += word;
  }
  return text;
}

std::optional<std::uint16_t> as_port(const std::string& service) {
  std::uint16_t port = 0;
  const char* const end = service.data() + service.size();
  const auto [rest, error] = std::from_chars(service.data(), end, port);
  if (error != std::errc() || rest != end || port == 0) return std::nullopt;
  return port;
}

store::OptText unless_empty(const std::string& text) {
  return text.empty() ? std::nullopt : store::OptText(text);
}

store::OptText asked_for(const Observation& lookup) {
  switch (lookup.payload.resolve.family) {
    case AF_UNSPEC:
      return "any";
    case AF_INET:
      return "ipv4";
    case AF_INET6:
      return "ipv6";
    default:
      return std::nullopt;
  }
}

}  // namespace

store::ResolutionRow Names::add(const Observation& lookup, std::int64_t id,
                                std::int64_t process_id) {
  store::ResolutionRow row;
  row.id = id;
  row.process_id = process_id;
  row.tid = lookup.tid;
  row.name = unless_empty(lookup.name);
  row.service = unless_empty(lookup.service);
  row.started_ns = lookup.start_ns();
  row.duration_ns = lookup.duration_ns;
  row.result = lookup.result;
  if (lookup.op == wire::Op::getaddrinfo && lookup.result == EAI_SYSTEM) row.error = lookup.error;
  row.addresses = joined(lookup.addresses);
  row.family = asked_for(lookup);

  if (lookup.addresses.empty()) return row;
  std::vector<std::string> addresses =
      lookup.addresses;  // once each: two socket types, one address
  std::ranges::sort(addresses);
  addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
  const std::uint64_t number = first_ + lookups_.size();
  for (const std::string& address : addresses) by_address_[address].push_back(number);
  lookups_.push_back({id, lookup.t_ns, lookup.name, as_port(lookup.service), std::move(addresses)});
  if (lookups_.size() > kRemembered) forget_oldest();
  return row;
}

void Names::forget_oldest() {
  for (const std::string& address : lookups_.front().addresses) {
    const auto found = by_address_.find(address);
    found->second.erase(found->second.begin());
    if (found->second.empty()) by_address_.erase(found);
  }
  lookups_.pop_front();
  ++first_;
}

std::optional<Names::Match> Names::find(const std::string& address, std::uint16_t port,
                                        store::Ns before_ns) const {
  const auto found = by_address_.find(address);
  if (found == by_address_.end()) return std::nullopt;
  std::optional<Match> bare;
  std::size_t looked = 0;
  for (auto number = found->second.rbegin(); number != found->second.rend(); ++number) {
    if (++looked > kLooksBack) break;
    const Lookup& lookup = lookups_[*number - first_];
    if (lookup.end_ns > before_ns || (lookup.port && *lookup.port != port)) continue;
    if (!lookup.name.empty() && lookup.name != address) return Match{lookup.id, lookup.name};
    if (!bare) bare = Match{lookup.id, std::nullopt};
  }
  return bare;
}

}  // namespace sockwatch::connect
