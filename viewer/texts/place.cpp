#include "viewer/texts/place.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <utility>
#include <vector>

#include "viewer/texts/letters.h"
#include "viewer/texts/match.h"

namespace sockwatch::texts {
namespace {

using namespace std::string_view_literals;

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

// "(node:4711)" is a process, "line:45" a place in a file.
bool is_no_host(std::string_view text) {
  constexpr std::array kWords = {"node", "pid",    "line",    "error",  "code",   "errno",
                                 "port", "status", "timeout", "thread", "worker", "level"};
  return std::ranges::any_of(kWords, [&](const char* word) { return text == word; });
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
  // Envoy: "remote address:10.0.0.1:443"; gRPC: "ipv4:10.0.0.1:50051"
  for (const std::string_view label : {"address:"sv, "ipv4:"sv}) {
    if (word.starts_with(label)) word.remove_prefix(label.size());
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
    if (word.ends_with(']') && word.find('[') == word.npos) word.remove_suffix(1);  // "[tcp://a:1]"
    from_url = true;
  } else if (word.starts_with("/dev/tcp/") || word.starts_with("/dev/udp/")) {
    const std::string_view rest = word.substr(9);
    const std::size_t slash = rest.find('/');
    if (slash == std::string_view::npos) return {};
    place.port = port_of(rest.substr(slash + 1));
    word = rest.substr(0, slash);
    from_url = true;
  } else if (const std::size_t slash = word.find('/'); slash != std::string_view::npos) {
    // Java says "name/address:port", StackExchange.Redis "host:port/Interactive".
    const std::string_view before = word.substr(0, slash);
    const std::size_t colon = before.rfind(':');
    const bool ahead = colon != std::string_view::npos && port_of(before.substr(colon + 1)) != 0;
    word = ahead ? before : word.substr(slash + 1);
  }
  std::string host(word);
  if (const std::size_t bracket = word.find(']'); word.starts_with('[')) {
    if (bracket == std::string_view::npos) return {};
    host = word.substr(1, bracket - 1);
    if (!is_address(host)) return {};  // "[ETIMEDOUT]"
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
  if (!is_address(host) && (!is_host_name(host) || is_source_file(host) || is_no_host(host))) {
    return {};
  }
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
    std::string_view next_word = words[i + 1];
    if (words[i] == "port" && next_word.starts_with(':')) next_word.remove_prefix(1);  // JSON
    const std::string next(next_word);
    if (words[i] == "port" && place.port == 0) {
      place.port = port_of(next);
      // curl: "Failed to connect to localhost port 9".
      const std::string before(i > 0 ? words[i - 1] : "");
      if (place.host.empty() && (is_host_name(before) || is_address(before))) place.host = before;
    }
    // Python: ('127.0.0.1', 9). Not MySQL's '127.0.0.1' (111). A text ends with 0.
    const char* behind = words[i].data() + words[i].size();
    const bool pair = behind[0] == '\'' && behind[1] == ',';
    if (place.port == 0 && place.host == words[i] && pair) place.port = port_of(next);
    if (!place.host.empty()) continue;
    const bool names_host = words[i] == "host" || words[i] == "host:" || words[i] == "server";
    if (names_host && (is_address(next) || (is_host_name(next) && next.find('.') != next.npos))) {
      place.host = next;
    }
  }
}

using Words = std::vector<std::string_view>;

// Go says which name server it asked: "lookup a.example on 10.0.0.2:53: read udp
// 10.1.1.1:40001->10.0.0.2:53: i/o timeout". That one is not what the program wanted to reach.
std::vector<Place> name_servers(const Words& words) {
  std::vector<Place> asked;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    std::string_view next;
    if (words[i] == "lookup" && i + 3 < words.size() && words[i + 2] == "on") next = words[i + 3];
    if (words[i] == "udp" && words[i + 1].ends_with(":53")) next = words[i + 1];
    if (Place place = place_of(next); !place.host.empty()) asked.push_back(std::move(place));
  }
  return asked;
}

// What Go dialled, or read from, or wrote to. Before it stands a URL that it asked for, which it
// may want to reach by a proxy.
Place dialled(const Words& words) {
  for (std::size_t i = 0; i + 2 < words.size(); ++i) {
    const bool verb = words[i] == "dial" || words[i] == "read" || words[i] == "write";
    if (!verb || !words[i + 1].starts_with("tcp")) continue;
    // Of "a:1->b:2" the words are two.
    const std::size_t far = words[i + 2].ends_with('-') && i + 3 < words.size() ? i + 3 : i + 2;
    if (Place place = place_of(words[far]); !place.host.empty()) return place;
  }
  return {};
}

// Whether the word behind `words[at]` is the name that was looked up. One without a dot must stand
// where nothing else can: "lookup redis on", "lookup redis:", "getaddrinfo ENOTFOUND redis".
bool announces_name(const Words& words, std::size_t at) {
  constexpr std::array kBefore = {"lookup",  "ENOTFOUND", "EAI_AGAIN",
                                  "resolve", "Resolving", "getaddrinfo",
                                  "name",    "host",      "UnknownHostException"};
  constexpr std::array kBeforeAny = {"ENOTFOUND", "EAI_AGAIN", "UnknownHostException"};
  std::string_view before = words[at];
  before.remove_prefix(before.rfind('.') == before.npos ? 0 : before.rfind('.') + 1);
  const std::string_view name = words[at + 1];
  const auto is_before = [&](std::string_view word) { return word == before; };
  if (!is_host_name(name) || std::ranges::none_of(kBefore, is_before)) return false;
  if (name.find('.') != name.npos || std::ranges::any_of(kBeforeAny, is_before)) return true;
  const bool asks = at + 2 < words.size() && words[at + 2] == "on";
  return before == "lookup" && (asks || name.data()[name.size()] == ':');  // a text ends with 0
}

// The name that was not found stands behind one of these, mostly in quotes.
constexpr std::array kBeforeName = {"could not resolve host: "sv,
                                    "could not resolve proxy: "sv,
                                    "could not resolve hostname "sv,
                                    "unable to resolve host address "sv,
                                    "unable to resolve host "sv,
                                    "could not translate host name "sv,
                                    "unknown mysql server host "sv,
                                    "unknown server host "sv,
                                    "getaddrinfo for "sv,
                                    "failed to resolve "sv,
                                    "host not found in upstream "sv,
                                    "temporary failure resolving "sv,
                                    "could not resolve "sv,
                                    "bad address "sv};

// Clients of MySQL, and BusyBox: the server, without a port.
constexpr std::array kBeforeHost = {"can't connect to mysql server on "sv,
                                    "can't connect to server on "sv, "remote host ("sv};

std::string name_behind(std::string_view text, std::span<const std::string_view> befores) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  for (const std::string_view before : befores) {
    const std::size_t at = lower.find(before);
    if (at == std::string::npos) continue;
    const Words words = words_of(text.substr(at + before.size(), 300));
    if (words.empty()) continue;
    const std::string_view name = words[0].substr(0, words[0].find(':'));
    if (is_host_name(name) || is_address(std::string(name))) return std::string(name);
  }
  return "";
}

std::string looked_up(std::string_view text, const Words& words) {
  if (std::string name = name_behind(text, kBeforeName); !name.empty()) return name;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    // nginx: "api.example could not be resolved"
    if (i + 4 < words.size() && words[i + 1] == "could" && words[i + 2] == "not" &&
        words[i + 3] == "be" && words[i + 4] == "resolved" && is_host_name(words[i])) {
      return std::string(words[i]);
    }
    if (announces_name(words, i)) return std::string(words[i + 1]);
  }
  return "";
}

// What is no server though it looks like one: who asked, and where to read more.
std::string without_others(const std::string& text) {
  std::string out = text;
  const auto cut = [&](std::size_t begin, std::size_t end) {
    out.replace(begin, std::min(end, out.size()) - begin, " ");
  };
  // nginx: the client, the request and its host; the upstream if there is one.
  if (const std::size_t client = out.find(", client: "); client != out.npos) {
    const std::size_t upstream = out.find("upstream: \"", client);
    cut(client, upstream == out.npos ? out.size() : upstream + 9);
    if (upstream != out.npos) {
      if (const std::size_t host = out.find(", host: \"", client); host != out.npos) {
        cut(host, out.size());
      }
    }
  }
  // What a server says of its client: "user 'app'@'10.1.1.1'", "Host '10.1.1.1' is blocked".
  for (const std::string_view before : {"'@'", "Host '", "entry for host \""}) {
    const std::size_t at = out.find(before);
    if (at == out.npos) continue;
    const std::size_t begin = at + before.size();
    cut(begin, out.find_first_of("'\"", begin));
  }
  // Python's requests: the pool is for the server, what failed is the proxy.
  if (const std::size_t proxy = out.find("ProxyError("); proxy != out.npos) cut(0, proxy);
  // Guzzle: "(see https://curl.haxx.se/libcurl/c/libcurl-errors.html)"
  for (const std::string_view link : {"(see http", "see http", "See http", "docs at http"}) {
    for (std::size_t at = out.find(link); at != out.npos; at = out.find(link, at + 1)) {
      cut(at, std::min(out.find_first_of(" )", at + link.size()), out.size()));
    }
  }
  // HAProxy: "10.0.0.9:5000 [06/Feb/2026:12:14:14.655] web app/s1 ..."
  for (std::size_t at = out.find(" ["); at != out.npos; at = out.find(" [", at + 2)) {
    const bool time = at + 6 < out.size() && is_digit(out[at + 2]) && is_digit(out[at + 3]) &&
                      out[at + 4] == '/' && is_letter(out[at + 5]);
    if (!time) continue;
    const std::size_t blank = at == 0 ? out.npos : out.rfind(' ', at - 1);
    const std::size_t begin = blank == out.npos ? 0 : blank;
    cut(begin, at);
    at = begin;
  }
  for (const std::string_view unresolved : {"/<unresolved>", "/\\<unresolved\\>"}) {
    for (std::size_t at = out.find(unresolved); at != out.npos; at = out.find(unresolved, at)) {
      out.erase(at, unresolved.size());
    }
  }
  return out;
}

Place best_of(const Words& words) {
  const std::vector<Place> asked = name_servers(words);
  Place found;
  for (std::size_t i = 0; i < words.size(); ++i) {
    Place place = after_error_code(i > 0 ? words[i - 1] : "", words[i]);
    if (place.host.empty()) place = place_of(words[i]);
    // wget: "host|10.0.0.1|:443"
    if (place.host.empty() && words[i].starts_with(':') && i > 0 && found.port == 0 &&
        found.host == words[i - 1]) {
      found.port = port_of(words[i].substr(1));
    }
    // An address with a port beats all, then a name with a port, then a bare address.
    if (place.host.empty() || std::ranges::find(asked, place) != asked.end()) continue;
    const bool better = found.host.empty() || (found.port == 0 && place.port != 0);
    if (better) found = place;
  }
  return found;
}

bool by_proxy(const Words& words) {
  return std::ranges::any_of(words,
                             [](auto word) { return word == "proxyconnect" || word == "socks"; });
}

}  // namespace

Place find_place(std::string_view said) {
  const std::string text = without_others(tidy(said));
  const Words words = words_of(text);
  Place found = best_of(words);
  add_spoken_parts(words, found);
  std::string name = looked_up(text, words);
  const std::vector<Place> asked = name_servers(words);
  if (const Place far = dialled(words);
      !far.host.empty() && std::ranges::find(asked, far) == asked.end()) {
    // The URL before it says by which name it was asked for, unless it was not asked directly.
    const bool same_port = found.port == far.port && !by_proxy(words);
    const Place url = std::exchange(found, far);
    if (same_port && !is_address(url.host)) {
      name = url.host;
      found.tls = url.tls;
    }
  }
  if (by_proxy(words) && dialled(words).host.empty()) found = {};  // the URL is for the proxy
  if (found.host.empty()) found.host = name_behind(text, kBeforeHost);
  // The name server that was asked, or nothing at all: it was to be the name.
  if (found.host.empty() && !name.empty()) found.host = name;
  found.name = std::move(name);
  if (found.name.empty() && !found.host.empty() && !is_address(found.host)) {
    found.name = found.host;
  }
  return found;
}

}  // namespace sockwatch::texts
