#include "viewer/texts/place.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "viewer/texts/letters.h"
#include "viewer/texts/match.h"

namespace sockwatch::texts {
namespace {

bool is_address(const std::string& text) {
  if (text.find('\0') != text.npos) return false;  // where inet_pton stops reading
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  return inet_pton(AF_INET, text.c_str(), bytes.data()) == 1 ||
         inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1;
}

bool is_host_name(std::string_view text) {
  if (text.empty() || text.size() > 253 || !is_letter(text.back()) || text.front() == '-') {
    return false;
  }
  return std::ranges::all_of(
      text, [](char c) { return is_letter(c) || is_digit(c) || c == '.' || c == '-' || c == '_'; });
}

// "main.go:45" is no server.
bool is_source_file(std::string_view text) {
  constexpr std::array kEndings = {".go", ".py", ".js", ".ts",  ".c",    ".h",   ".cc",  ".cpp",
                                   ".rb", ".rs", ".cs", ".php", ".java", ".lua", ".mjs", ".conf"};
  return std::ranges::any_of(kEndings, [&](const char* end) { return text.ends_with(end); });
}

int port_of(std::string_view text) {
  int port = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), port);
  const bool whole = read.ec == std::errc() && read.ptr == text.data() + text.size();
  return whole && port > 0 && port <= 65'535 ? port : 0;
}

std::string_view trimmed(std::string_view word) {
  constexpr std::string_view kAround = "\"'(){}<>,;.=`!?";
  const std::size_t first = word.find_first_not_of(kAround);
  if (first == std::string_view::npos) return {};
  word = word.substr(first, word.find_last_not_of(kAround) - first + 1);
  while (word.ends_with(':')) word.remove_suffix(1);
  return word;
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(" ,()<>'\"=|"), text.size());
    if (const auto word = trimmed(text.substr(0, end)); !word.empty()) words.push_back(word);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

// "host:port", "[address]:port", "address", a URL, "tcp://host:port", "name/address:port".
Place place_of(std::string_view word) {
  Place place;
  if (word.ends_with('-')) return {};  // the near end of "a:1->b:2"
  if (const std::size_t arrow = word.find("->"); arrow != std::string_view::npos) {
    word.remove_prefix(arrow + 2);
  }
  bool from_url = false;
  if (const std::size_t scheme = word.find("://"); scheme != std::string_view::npos) {
    place.tls = word.substr(0, scheme) == "https";
    place.port = place.tls ? 443 : word.substr(0, scheme) == "http" ? 80 : 0;
    word.remove_prefix(scheme + 3);
    word = word.substr(0, word.find_first_of("/?#"));
    if (const std::size_t at = word.rfind('@'); at != std::string_view::npos) {
      word.remove_prefix(at + 1);
    }
    from_url = true;
  } else if (const std::size_t slash = word.find('/'); slash != std::string_view::npos) {
    word.remove_prefix(slash + 1);  // Java says "name/address:port"
  }
  std::string host(word);
  if (const std::size_t bracket = word.find(']'); word.starts_with('[')) {
    if (bracket == std::string_view::npos) return {};
    host = word.substr(1, bracket - 1);
    if (word.substr(bracket + 1).starts_with(':')) place.port = port_of(word.substr(bracket + 2));
  } else if (const std::size_t colon = word.rfind(':');
             colon != std::string_view::npos && !is_address(host)) {
    host = word.substr(0, colon);
    const int port = port_of(word.substr(colon + 1));
    if (port == 0) return {};
    place.port = port;
  } else if (!is_address(host) && !from_url) {
    return {};  // a bare word
  }
  if (!is_address(host) && (!is_host_name(host) || is_source_file(host))) return {};
  place.host = host;
  return place;
}

// Node writes "ECONNREFUSED ::1:3000": an IPv6 address without brackets, and a port.
Place after_error_code(std::string_view code, std::string_view word) {
  const bool is_code = code.size() > 4 && code.front() == 'E' &&
                       std::ranges::all_of(code, [](char c) { return c >= 'A' && c <= 'Z'; });
  const std::size_t colon = word.rfind(':');
  if (!is_code || colon == std::string_view::npos) return {};
  const std::string host(word.substr(0, colon));
  const int port = port_of(word.substr(colon + 1));
  if (!is_address(host) || port == 0) return {};
  Place place;
  place.host = host;
  place.port = port;
  return place;
}

// Some programs say the two apart: "host 10.0.0.1 port 80", "host='a', port=9", "at "a", port 9".
void add_spoken_parts(const std::vector<std::string_view>& words, Place& place) {
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    const std::string next(words[i + 1]);
    if (words[i] == "port" && place.port == 0) {
      place.port = port_of(next);
      // curl: "Failed to connect to localhost port 9".
      const std::string before(i > 0 ? words[i - 1] : "");
      if (place.host.empty() && (is_host_name(before) || is_address(before))) place.host = before;
    }
    // Python: ('127.0.0.1', 9)
    if (place.port == 0 && place.host == words[i]) place.port = port_of(next);
    if (!place.host.empty()) continue;
    const bool names_host = words[i] == "host" || words[i] == "host:" || words[i] == "server";
    if (names_host && (is_address(next) || (is_host_name(next) && next.find('.') != next.npos))) {
      place.host = next;
    }
  }
}

// Go says which name server it asked: "lookup a.example on 10.0.0.2:53: read udp
// 10.1.1.1:40001->10.0.0.2:53: i/o timeout". That one is not what the program wanted to reach.
std::string_view name_server(const std::vector<std::string_view>& words) {
  for (std::size_t i = 0; i + 3 < words.size(); ++i) {
    if (words[i] == "lookup" && words[i + 2] == "on") return words[i + 3];
  }
  return {};
}

std::string looked_up(const std::vector<std::string_view>& words) {
  constexpr std::array kBefore = {
      "lookup", "ENOTFOUND", "EAI_AGAIN", "resolve", "UnknownHostException", "getaddrinfo", "name"};
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    std::string_view word = words[i];
    word.remove_prefix(word.rfind('.') == word.npos ? 0 : word.rfind('.') + 1);
    const bool announces = std::ranges::any_of(kBefore, [&](auto w) { return word == w; });
    const std::string_view next = words[i + 1];
    if (announces && is_host_name(next) && next.find('.') != next.npos) return std::string(next);
  }
  // "Could not resolve host: name", "unable to resolve host address 'name'"
  for (std::size_t i = 0; i + 2 < words.size(); ++i) {
    if (words[i] != "resolve" || words[i + 1] != "host") continue;
    const std::size_t at = words[i + 2] == "address" && i + 3 < words.size() ? i + 3 : i + 2;
    if (is_host_name(words[at])) return std::string(words[at]);
  }
  return "";
}

}  // namespace

Place find_place(std::string_view said) {
  const std::string text = tidy(said);
  std::string_view from = text;
  // What a proxy says of its upstream comes after what it says of its client.
  if (const std::size_t upstream = from.find("upstream: \""); upstream != from.npos) {
    from.remove_prefix(upstream + 9);
  }
  const auto words = words_of(from);
  const Place asked = place_of(name_server(words));
  Place found;
  for (std::size_t i = 0; i < words.size(); ++i) {
    Place place = after_error_code(i > 0 ? words[i - 1] : "", words[i]);
    if (place.host.empty()) place = place_of(words[i]);
    // An address with a port beats all, then a name with a port, then a bare address.
    if (place.host.empty() || place == asked) continue;
    const bool better = found.host.empty() || (found.port == 0 && place.port != 0);
    if (better) found = place;
  }
  add_spoken_parts(words, found);
  found.name = looked_up(words_of(text));
  if (found.host.empty() && !asked.host.empty()) found.host = found.name;
  if (found.name.empty() && !found.host.empty() && !is_address(found.host)) {
    found.name = found.host;
  }
  return found;
}

}  // namespace sockwatch::texts
