#include "collector/store/filter.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <set>
#include <unordered_map>

namespace sockwatch::store {
namespace {

constexpr std::array<std::string_view, 13> kOutcomes = {
    "connected",        "refused",    "rejected",  "unreachable", "timed_out_kernel",
    "timed_out_caller", "superseded", "cancelled", "reset",       "local_error",
    "abandoned",        "pending",    "failed"};
constexpr std::array<std::string_view, 6> kEndings = {
    "closed", "peer_closed", "reset", "response_timed_out", "no_response", "open"};

constexpr std::string_view kDigits = "0123456789";

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& character : result) {
    if (character >= 'A' && character <= 'Z') character = static_cast<char>(character - 'A' + 'a');
  }
  return result;
}

struct Destination {
  std::string part;                    // of name or address, lower case
  std::optional<std::string> address;  // whole, instead of `part`
  std::optional<std::int64_t> port;
};

Result<std::int64_t> parse_port(std::string_view digits, const std::string& whole) {
  std::int64_t port = -1;
  if (!digits.empty() && digits.size() <= 5 &&
      digits.find_first_not_of(kDigits) == std::string_view::npos) {
    port = std::stoll(std::string(digits));
  }
  if (port < 0 || port > 65535) {
    return Error{fmt::format("'{}' is not a port in destination '{}'", digits, whole),
                 "ports are 0 to 65535"};
  }
  return port;
}

// As the trace writes an address: shortest form, IPv4-mapped as IPv4, no scope.
std::optional<std::string> canonical_ipv6(std::string text) {
  text.resize(std::min(text.find('%'), text.size()));
  in6_addr address{};
  if (inet_pton(AF_INET6, text.c_str(), &address) != 1) return std::nullopt;
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  if (IN6_IS_ADDR_V4MAPPED(&address)) {
    return std::string(inet_ntop(AF_INET, &address.s6_addr[12], buffer.data(), buffer.size()));
  }
  return std::string(inet_ntop(AF_INET6, &address, buffer.data(), buffer.size()));
}

Result<Destination> parse_bracketed(const std::string& text) {
  const std::size_t end = text.find(']');
  const std::optional<std::string> address =
      end == std::string::npos ? std::nullopt : canonical_ipv6(text.substr(1, end - 1));
  if (!address || (end + 1 < text.size() && text[end + 1] != ':')) {
    return Error{fmt::format("'{}' is not a destination", text),
                 "write an IPv6 address and port as [ADDRESS]:PORT"};
  }
  Destination destination{"", address, std::nullopt};
  if (end + 1 < text.size()) {
    const Result<std::int64_t> port = parse_port(std::string_view(text).substr(end + 2), text);
    if (!port) return port.error();
    destination.port = *port;
  }
  return destination;
}

// "::1" and "fe80::1" have more than one colon, paths and abstract names have their own first
// character: in these no colon introduces a port.
Result<Destination> parse_destination(const std::string& text) {
  if (!text.empty() && text[0] == '[') return parse_bracketed(text);
  const std::size_t colon = text.rfind(':');
  const bool has_port = colon != std::string::npos && text.find(':') == colon && text[0] != '/' &&
                        text[0] != '@' && colon + 1 < text.size() &&
                        text.find_first_not_of(kDigits, colon + 1) == std::string::npos;
  if (!has_port) return Destination{lower(text), std::nullopt, std::nullopt};
  const Result<std::int64_t> port = parse_port(std::string_view(text).substr(colon + 1), text);
  if (!port) return port.error();
  return Destination{lower(text.substr(0, colon)), std::nullopt, *port};
}

Result<std::set<std::string>> parse_outcomes(
    const std::string& list, const std::function<Result<bool>(const std::string&)>& occurs) {
  std::set<std::string> words;
  std::size_t begin = 0;
  while (begin <= list.size()) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    std::string word = list.substr(begin, end - begin);
    begin = end + 1;
    word.erase(0, std::min(word.find_first_not_of(' '), word.size()));
    word.resize(word.find_last_not_of(' ') + 1);
    if (word.empty() || words.contains(word)) continue;
    bool known = std::find(kOutcomes.begin(), kOutcomes.end(), word) != kOutcomes.end() ||
                 std::find(kEndings.begin(), kEndings.end(), word) != kEndings.end();
    if (!known) {
      const Result<bool> found = occurs(word);
      if (!found) return found.error();
      known = *found;
    }
    if (!known) {
      return Error{fmt::format("no outcome or ending is called '{}'", word),
                   fmt::format("outcomes: {}; endings: {}", fmt::join(kOutcomes, " "),
                               fmt::join(kEndings, " "))};
    }
    words.insert(std::move(word));
  }
  return words;
}

class Builder {
 public:
  // Returns the name under which the value is bound.
  template <typename Value>
  std::string bind(Value value) {
    condition_.values.emplace_back(std::move(value));
    return fmt::format("?{}", condition_.values.size());
  }
  void require(std::string_view term) {
    condition_.where += fmt::format("{}({})", condition_.where.empty() ? "WHERE " : " AND ", term);
  }
  Condition take() { return std::move(condition_); }

 private:
  Condition condition_;
};

void require_destination(Builder& builder, const Destination& destination) {
  if (destination.address) {
    builder.require("peer_address = " + builder.bind(*destination.address));
  }
  if (!destination.part.empty()) {
    // instr, not LIKE: % and _ in what was typed mean themselves.
    const std::string part = builder.bind(destination.part);
    builder.require(fmt::format(
        "instr(lower(peer_name), {0}) > 0 OR instr(lower(peer_address), {0}) > 0", part));
  }
  if (destination.port) builder.require("peer_port = " + builder.bind(*destination.port));
}

// What SQL's instr(lower(text), part) > 0 says; NULL is no match.
bool contains(const OptText& text, const std::string& part) {
  if (!text) return false;
  const auto same = [](char have, char wanted) {
    return (have >= 'A' && have <= 'Z' ? static_cast<char>(have - 'A' + 'a') : have) == wanted;
  };
  return std::search(text->begin(), text->end(), part.begin(), part.end(), same) != text->end() ||
         part.empty();
}

bool is_at(const ConnectionRow& row, const Destination& destination) {
  if (destination.port && row.peer_port != destination.port) return false;
  if (destination.address && row.peer_address != destination.address) return false;
  return destination.part.empty() || contains(row.peer_name, destination.part) ||
         contains(row.peer_address, destination.part);
}

// One that never ended as far as the trace goes may have taken any time.
bool took_at_least(const ConnectionRow& row, Ns least,
                   const std::unordered_map<std::int64_t, OptInt>& process_ends) {
  OptInt end = row.decided_ns ? row.decided_ns : row.closed_ns;
  if (!end) {
    const auto process = process_ends.find(row.process_id);
    if (process != process_ends.end()) end = process->second;
  }
  // SQL goes over to floating point where a difference does not fit.
  Ns took = 0;
  return !end || (__builtin_sub_overflow(*end, row.started_ns, &took) ? *end > row.started_ns
                                                                      : took >= least);
}

}  // namespace

Result<RowTest> row_test_of(const Filter& filter,
                            const std::function<Result<bool>(const std::string&)>& occurs,
                            const std::vector<ProcessRow>& processes) {
  std::optional<Destination> destination;
  if (filter.destination) {
    const Result<Destination> parsed = parse_destination(*filter.destination);
    if (!parsed) return parsed.error();
    destination = *parsed;
  }
  std::set<std::string> words;
  if (filter.outcome) {
    const Result<std::set<std::string>> parsed = parse_outcomes(*filter.outcome, occurs);
    if (!parsed) return parsed.error();
    words = *parsed;
  }
  std::optional<std::set<std::int64_t>> programs;
  if (filter.exe && !filter.exe->empty()) programs.emplace();
  std::unordered_map<std::int64_t, OptInt> ends;
  for (const ProcessRow& process : processes) {
    ends[process.id] = process.ended_ns;
    if (programs && process.exe && process.exe->find(*filter.exe) != std::string::npos) {
      programs->insert(process.id);
    }
  }
  return RowTest([=, since = filter.since_ns, least = filter.min_connect_ns](const auto& row) {
    if (since && row.started_ns < *since) return false;
    if (programs && !programs->contains(row.process_id)) return false;
    if (!words.empty() && !words.contains(row.outcome) &&
        !(row.ending && words.contains(*row.ending))) {
      return false;
    }
    return (!destination || is_at(row, *destination)) &&
           (!least || took_at_least(row, *least, ends));
  });
}

Result<Condition> condition_of(const Filter& filter,
                               const std::function<Result<bool>(const std::string&)>& occurs) {
  Builder builder;
  if (filter.destination) {
    const Result<Destination> destination = parse_destination(*filter.destination);
    if (!destination) return destination.error();
    require_destination(builder, *destination);
  }
  if (filter.exe && !filter.exe->empty()) {
    builder.require(fmt::format(
        "process_id IN (SELECT process.id FROM process WHERE instr(process.exe, {}) > 0)",
        builder.bind(*filter.exe)));
  }
  if (filter.outcome) {
    const Result<std::set<std::string>> words = parse_outcomes(*filter.outcome, occurs);
    if (!words) return words.error();
    std::vector<std::string> places;
    for (const std::string& word : *words) places.push_back(builder.bind(word));
    if (!places.empty()) {
      builder.require(fmt::format("outcome IN ({0}) OR ending IN ({0})", fmt::join(places, ", ")));
    }
  }
  if (filter.since_ns) builder.require("started_ns >= " + builder.bind(*filter.since_ns));
  if (filter.min_connect_ns) {
    // One that never ended as far as the trace goes may have taken any time: it is kept, because
    // who looks for slow connects must not miss the one that hangs.
    builder.require(fmt::format(
        "coalesce(decided_ns, closed_ns, (SELECT process.ended_ns FROM process WHERE process.id = "
        "connection.process_id)) - started_ns >= {} OR coalesce(decided_ns, closed_ns, (SELECT "
        "process.ended_ns FROM process WHERE process.id = connection.process_id)) IS NULL",
        builder.bind(*filter.min_connect_ns)));
  }
  return builder.take();
}

}  // namespace sockwatch::store
