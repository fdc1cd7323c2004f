#include "collector/store/pseudonyms.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace sockwatch::store {
namespace {

// Facts about the machine that say nothing about whose it is.
constexpr std::array<std::string_view, 19> kHarmlessFacts = {"schema_version",
                                                             "sockwatch_version",
                                                             "kernel",
                                                             "started",
                                                             "ended",
                                                             "finished",
                                                             "monotonic_to_unix_ns",
                                                             "detail",
                                                             "tcp_syn_retries",
                                                             "tcp_syn_linear_timeouts",
                                                             "tcp_retries2",
                                                             "tcp_tw_reuse",
                                                             "somaxconn",
                                                             "ip_local_port_range",
                                                             "resolver_nameserver_count",
                                                             "resolver_timeout_s",
                                                             "resolver_attempts",
                                                             "collector_restarts",
                                                             "command_lines"};

// Programs of these folders are everybody's.
constexpr std::array<std::string_view, 7> kSystemFolders = {
    "/bin/", "/sbin/", "/usr/bin/", "/usr/sbin/", "/usr/lib/", "/usr/libexec/", "/lib/"};
// And these wherever they lie; rules and readers know them by name.
constexpr std::array<std::string_view, 16> kWellKnown = {
    "bun",  "curl",   "deno", "dotnet", "envoy",  "haproxy", "java", "nginx",
    "node", "nodejs", "perl", "php",    "python", "python3", "ruby", "wget"};

bool listed(const auto& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

struct Inet {
  int family = 0;  // 0: no address
  std::array<unsigned char, 16> bytes{};
};

Inet parse(const std::string& text) {
  Inet inet;
  if (inet_pton(AF_INET, text.c_str(), inet.bytes.data()) == 1) {
    inet.family = AF_INET;
  } else if (inet_pton(AF_INET6, text.substr(0, text.find('%')).c_str(), inet.bytes.data()) == 1) {
    inet.family = AF_INET6;
  }
  return inet;
}

bool is_address(const std::string& text) { return parse(text).family != 0; }

// They mean the same on every machine, and rules know them.
bool is_everywhere(const Inet& inet) {
  const auto& bytes = inet.bytes;
  if (inet.family == AF_INET) {
    const bool none = bytes[0] == 0 && bytes[1] == 0 && bytes[2] == 0 && bytes[3] == 0;
    return bytes[0] == 127 || none;
  }
  return std::all_of(bytes.begin(), bytes.end() - 1,
                     [](unsigned char byte) { return byte == 0; }) &&
         bytes[15] <= 1;
}

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

}  // namespace

template <typename Make>
std::string Pseudonyms::replacement(const std::string& key, const std::string& original,
                                    std::size_t& count, Make&& make) {
  if (collecting_) {
    taken_.insert(original);
    return original;
  }
  const auto known = pseudonyms_.find(key + original);
  if (known != pseudonyms_.end()) return known->second;
  std::string made;
  do made = make(++count);
  while (taken_.contains(made));
  pseudonyms_.emplace(key + original, made);
  originals_.emplace(made, original);
  return made;
}

std::string Pseudonyms::address(const std::string& text) {
  const Inet inet = parse(text);
  if (inet.family == 0) return text.empty() ? text : name(text);
  if (is_everywhere(inet)) return text;
  if (inet.family == AF_INET) {  // class E: no network has them
    return replacement("4", text, inet4_, [](std::size_t n) {
      return fmt::format("{}.{}.{}.{}", 240 + (n >> 24) % 15, n >> 16 & 255, n >> 8 & 255, n & 255);
    });
  }
  if (inet.bytes[0] == 0xfe && (inet.bytes[1] & 0xc0) == 0x80) {
    return replacement("l", text, link_local_, [](std::size_t n) {
      return fmt::format("fe80::{:x}:{:x}", n >> 16, n & 0xffff);
    });
  }
  return replacement(
      "6", text, inet6_,  // of documentation
      [](std::size_t n) { return fmt::format("2001:db8::{:x}:{:x}", n >> 16, n & 0xffff); });
}

// Label by label: a name with a suffix of the search list stays one.
std::string Pseudonyms::name(const std::string& text) {
  if (is_address(text)) return address(text);
  if (lower(text) == "localhost") return text;
  std::string result;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('.', begin), text.size());
    const std::string label = lower(text.substr(begin, end - begin));
    if (!label.empty())
      result +=
          replacement("n", label, labels_, [](std::size_t n) { return fmt::format("n{}", n); });
    if (end < text.size()) result += '.';
    begin = end + 1;
  }
  if (!collecting_) originals_.emplace(result, text);
  return result;
}

std::string Pseudonyms::path(const std::string& text) {
  if (text.empty()) return text;
  const char first = text[0] == '@' ? '@' : '/';
  return replacement("p", text, paths_,
                     [&](std::size_t n) { return fmt::format("{}path{}", first, n); });
}

std::string Pseudonyms::program(const std::string& path) {
  std::string file = path.substr(path.rfind('/') + 1);  // npos + 1 is 0
  const bool of_system =
      std::any_of(kSystemFolders.begin(), kSystemFolders.end(), [&](std::string_view folder) {
        return path.starts_with(folder) && path.find("/../") == std::string::npos;
      });
  if (file.empty()) return path;
  if (of_system || listed(kWellKnown, file)) {
    if (!collecting_) originals_.emplace(file, path);
    return file;
  }
  return replacement("x", path, programs_,
                     [](std::size_t n) { return fmt::format("program{}", n); });
}

std::string Pseudonyms::words(const std::string& list,
                              std::string (Pseudonyms::*each)(const std::string&)) {
  std::string result;
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(' ', begin), list.size());
    if (end > begin)
      result += (result.empty() ? "" : " ") + (this->*each)(list.substr(begin, end - begin));
    begin = end + 1;
  }
  return result;
}

std::string Pseudonyms::endpoint(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  const bool has_port = colon != std::string::npos && colon + 1 < text.size() &&
                        text.find_first_not_of("0123456789", colon + 1) == std::string::npos;
  std::string host = has_port ? text.substr(0, colon) : text;
  const bool brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (brackets) host = host.substr(1, host.size() - 2);
  return fmt::format("{}{}{}{}", brackets ? "[" : "", address(host), brackets ? "]" : "",
                     has_port ? text.substr(colon) : "");
}

void Pseudonyms::apply(ProcessRow& row) {
  // Programs that were never seen have no path, only a command line.
  if (row.command_line && !row.command_line->empty()) {
    const std::string first = row.command_line->substr(0, row.command_line->find(' '));
    const bool more = first.size() < row.command_line->size();
    row.command_line =
        program(row.exe && !row.exe->empty() ? *row.exe : first) + (more ? " [redacted]" : "");
  }
  if (row.exe) row.exe = program(*row.exe);
  if (row.proxies) row.proxies = words(*row.proxies, &Pseudonyms::endpoint);
}

void Pseudonyms::apply(ConnectionRow& row) {
  const bool is_path = row.family != "ipv4" && row.family != "ipv6";
  for (OptText* text : {&row.peer_address, &row.local_address}) {
    if (*text) *text = is_path ? path(**text) : address(**text);
  }
  if (row.peer_name) row.peer_name = name(*row.peer_name);
}

void Pseudonyms::apply(ResolutionRow& row) {
  if (row.name) row.name = name(*row.name);
  row.addresses = words(row.addresses, &Pseudonyms::address);
}

void Pseudonyms::apply(ListenerRow& row) {
  const bool is_path = row.family != "ipv4" && row.family != "ipv6";
  if (row.local_address)
    row.local_address = is_path ? path(*row.local_address) : address(*row.local_address);
}

void Pseudonyms::apply(FailedCallRow& row) {
  if (row.address) row.address = address(*row.address);
}

void Pseudonyms::apply(std::map<std::string, std::string>& facts) {
  std::map<std::string, std::string> kept;
  for (const auto& [key, value] : facts) {
    if (listed(kHarmlessFacts, key)) {
      kept[key] = value;
    } else if (key == "host") {
      kept[key] = name(value);
    } else if (key == "resolver_nameservers") {
      kept[key] = words(value, &Pseudonyms::address);
    } else if (key == "resolver_search") {
      kept[key] = words(value, &Pseudonyms::name);
    } else if (key == "proxy_http" || key == "proxy_https" || key == "proxy_all") {
      kept[key] = value == "set" ? value : endpoint(value);
    } else if (key == "proxy_no") {
      kept[key] = "set";
    } else if (key == "store_error") {  // that there was one must be said; its words name a path
      kept[key] = "it could not write (the words are redacted)";
    }
  }
  kept["redacted"] = "1";
  if (!collecting_) facts = std::move(kept);
}

std::string Pseudonyms::original(const std::string& shown) const {
  const auto found = originals_.find(shown);
  return found == originals_.end() ? shown : found->second;
}

}  // namespace sockwatch::store
