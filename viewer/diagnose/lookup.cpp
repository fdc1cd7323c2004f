#include "viewer/diagnose/lookup.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>

#include <algorithm>
#include <array>

#include "viewer/diagnose/phrase.h"
#include "viewer/model/shell_word.h"

namespace sockwatch::diagnose {
namespace {

bool is_address(const std::string& name) {
  // Hardly any name has letters of numbers only, and this is asked of every lookup by many.
  if (name.find_first_not_of("0123456789abcdefABCDEF:.") < name.find('%')) return false;
  std::array<unsigned char, sizeof(in6_addr)> address{};
  const std::string whole = name.substr(0, name.find('%'));
  return inet_pton(AF_INET, whole.c_str(), address.data()) == 1 ||
         inet_pton(AF_INET6, whole.c_str(), address.data()) == 1;
}

// What dig would take for an option or a server goes behind -q.
std::string dig_name(std::string_view name) {
  const bool special =
      !name.empty() && std::string_view("-+@").find(name[0]) != std::string_view::npos;
  return (special ? "-q " : "") + model::shell_word(name);
}

bool took(store::Ns duration, store::Ns whole) {
  return duration >= whole - whole / 200 && duration <= whole + whole / 100 * 3;
}

}  // namespace

bool asks_a_nameserver(const store::ResolutionRow& row) {
  return row.name && !row.name->empty() && *row.name != "localhost" && !is_address(*row.name);
}

bool found(const store::ResolutionRow& row) { return row.result == 0; }

bool try_again(const store::ResolutionRow& row) {
  return row.result == EAI_AGAIN || row.result == TRY_AGAIN;
}

bool failed_for_good(const store::ResolutionRow& row) {
  return row.result == EAI_FAIL || row.result == NO_RECOVERY;
}

bool no_such_name(const store::ResolutionRow& row) {
  return row.result == EAI_NONAME || row.result == HOST_NOT_FOUND;
}

bool no_address(const store::ResolutionRow& row) {
  return row.result == EAI_NODATA || row.result == NO_DATA;
}

bool never_ended(const store::ResolutionRow& row) { return row.result == EAI_INPROGRESS; }

bool only_ipv4(const store::ResolutionRow& row) {
  return !row.addresses.empty() && row.addresses.find(':') == std::string::npos;
}

int timeouts_taken(store::Ns duration, store::Ns timeout) {
  for (int times = 1; times <= 3; ++times) {
    if (took(duration, times * timeout)) return times;
  }
  return 0;
}

std::string gave_up_on_first(const store::ResolutionRow& row, const Settings& settings) {
  const std::string& name = *row.name;
  const auto dots = std::count(name.begin(), name.end(), '.');
  if (settings.search.empty() || dots == 0 || dots >= settings.ndots || name.back() == '.') {
    return "";
  }
  const store::Ns tries = settings.resolver_attempts * settings.nameservers;
  if (!took(row.duration_ns, tries * settings.resolver_timeout)) return "";
  return name + "." + settings.search.front();
}

std::string subject_of(const std::vector<std::string>& names) {
  if (names.size() == 1) return names.front();
  return counted(static_cast<std::int64_t>(names.size()), "name");
}

std::string dig(std::string_view name, std::string_view rest) {
  return fmt::format("dig {} {}", dig_name(name), rest);
}

std::vector<std::string> dig_commands(const Settings& settings, std::string_view name) {
  std::vector<std::string> commands;
  const std::string word = dig_name(name);
  for (const std::string& server : settings.nameserver_addresses) {
    commands.push_back(
        fmt::format("dig {0} {1} A; dig {0} {1} AAAA", model::shell_word("@" + server), word));
  }
  if (commands.empty()) commands.push_back(fmt::format("dig {0} A; dig {0} AAAA", word));
  return commands;
}

std::string getent_command(std::string_view name) {
  return fmt::format("getent ahosts {}{}", name.starts_with('-') ? "-- " : "",
                     model::shell_word(name));
}

void add_lookup_rules(Rules& rules) {
  add_slow_lookup_rules(rules);
  add_failed_lookup_rules(rules);
  add_lookup_cost_rules(rules);
  add_lookup_pool_rules(rules);
  add_stale_lookup_rules(rules);
}

}  // namespace sockwatch::diagnose
