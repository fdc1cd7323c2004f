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

// What SQL's instr(lower(text), part) > 0 says.
bool contains(const std::string& text, const std::string& part) {
  const auto same = [](char have, char wanted) {
    return (have >= 'A' && have <= 'Z' ? static_cast<char>(have - 'A' + 'a') : have) == wanted;
  };
  return std::search(text.begin(), text.end(), part.begin(), part.end(), same) != text.end() ||
         part.empty();
}

}  // namespace

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
  if (filter.may_have_failed) {
    // No ending at all is none in an error.
    builder.require("outcome <> 'connected' OR ending NOT IN ('closed', 'peer_closed', 'open')");
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

Result<BlockTest> BlockTest::of(const Filter& filter,
                                const std::function<Result<bool>(const std::string&)>& occurs,
                                const std::vector<ProcessRow>& processes) {
  BlockTest test;
  test.since_ = filter.since_ns;
  test.least_ = filter.min_connect_ns;
  if (filter.destination) {
    const Result<Destination> parsed = parse_destination(*filter.destination);
    if (!parsed) return parsed.error();
    test.port_ = parsed->port;
    if (parsed->address) {
      test.is_address_ = [address = *parsed->address](const auto& word) { return word == address; };
      test.is_name_ = [](const auto&) { return false; };
    } else if (!parsed->part.empty()) {
      test.is_address_ = [part = parsed->part](const auto& word) { return contains(word, part); };
      test.is_name_ = test.is_address_;
    }
  }
  if (filter.outcome) {
    const Result<std::set<std::string>> parsed = parse_outcomes(*filter.outcome, occurs);
    if (!parsed) return parsed.error();
    if (!parsed->empty()) {
      test.is_outcome_ = [all = *parsed](const auto& word) { return all.contains(word); };
    }
  }
  test.may_have_failed_ = filter.may_have_failed;
  test.by_program_ = filter.exe && !filter.exe->empty();
  for (const ProcessRow& process : processes) {
    test.ends_[process.id] = process.ended_ns;
    if (test.by_program_ && process.exe && process.exe->find(*filter.exe) != std::string::npos) {
      test.programs_.insert(process.id);
    }
  }
  return test;
}

BlockTest::Words BlockTest::words(BlockColumn& column, const Wanted& wanted) {
  Words words{{}, &column, column.values()};
  for (const std::string& word : column.words()) words.wanted.push_back(wanted(word));
  return words;
}

bool BlockTest::is_any() const {
  return !since_ && !least_ && !by_program_ && !may_have_failed_ && !is_outcome_ && !is_name_ &&
         !port_;
}

void BlockTest::begin(Block& block) {
  started_ = numbers(block.column<&ConnectionRow::started_ns>());
  if (by_program_ || least_) process_ = numbers(block.column<&ConnectionRow::process_id>());
  if (port_) ports_ = numbers(block.column<&ConnectionRow::peer_port>());
  if (is_outcome_) {
    outcome_ = words(block.column<&ConnectionRow::outcome>(), is_outcome_);
    ending_ = words(block.column<&ConnectionRow::ending>(), is_outcome_);
  }
  if (may_have_failed_) {
    unconnected_ = words(block.column<&ConnectionRow::outcome>(),
                         [](const auto& word) { return word != "connected"; });
    ended_badly_ = words(block.column<&ConnectionRow::ending>(), [](const auto& word) {
      return word != "closed" && word != "peer_closed" && word != "open";
    });
  }
  if (is_name_) {
    name_ = words(block.column<&ConnectionRow::peer_name>(), is_name_);
    address_ = words(block.column<&ConnectionRow::peer_address>(), is_address_);
  }
  if (least_) {
    decided_ = numbers(block.column<&ConnectionRow::decided_ns>());
    closed_ = numbers(block.column<&ConnectionRow::closed_ns>());
  }
}

std::vector<std::uint8_t> BlockTest::of_all(Block& block) {
  begin(block);
  std::vector<std::uint8_t> chosen(block.rows());
  for (std::size_t i = 0; i < chosen.size(); ++i) chosen[i] = (*this)(i) ? 1 : 0;
  return chosen;
}

// One that never ended as far as the trace goes may have taken any time.
bool BlockTest::took_at_least(std::size_t at) const {
  OptInt end = decided_.at(at);
  if (!end) end = closed_.at(at);
  if (!end) {
    const auto process = ends_.find(process_.values[at]);
    if (process != ends_.end()) end = process->second;
  }
  // SQL goes over to floating point where a difference does not fit.
  Ns took = 0;
  const Ns started = started_.values[at];
  return !end || (__builtin_sub_overflow(*end, started, &took) ? *end > started : took >= *least_);
}

bool BlockTest::operator()(std::size_t at) const {
  if (since_ && started_.values[at] < *since_) return false;
  if (may_have_failed_ && !unconnected_.holds(at) && !ended_badly_.holds(at)) return false;
  if (by_program_ && !programs_.contains(process_.values[at])) return false;
  if (is_outcome_ && !outcome_.holds(at) && !ending_.holds(at)) return false;
  if (port_ && ports_.at(at) != port_) return false;
  if (is_name_ && !name_.holds(at) && !address_.holds(at)) return false;
  return !least_ || took_at_least(at);
}

}  // namespace sockwatch::store
