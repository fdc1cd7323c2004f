// What people type and paste, and the small files that are read as text.
#include <array>
#include <string>

#include "collector/drain/facts.h"
#include "collector/drain/resolver_settings.h"
#include "collector/drain/segment_file.h"
#include "collector/store/filter.h"
#include "collector/support/clean_text.h"
#include "tests/fuzz/input.h"
#include "viewer/cli/fail_on.h"
#include "viewer/cli/filters.h"
#include "viewer/render/clean_text.h"
#include "viewer/render/text_explained.h"
#include "viewer/texts/match.h"
#include "viewer/texts/place.h"

namespace sockwatch::fuzz {
namespace {

void check_clean(const std::string& text) {
  for (const bool ascii : {false, true}) {
    const std::string cleaned = clean(text, ascii);
    require(clean(cleaned, ascii) == cleaned, "clean text is left as it is");
    require(render::columns(cleaned) <= cleaned.size(), "no character is wider than its bytes");
    for (const char c : cleaned)
      require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f, "no control character");
  }
}

void check_explained(const std::string& text) {
  const texts::Place place = texts::find_place(text);
  for (const char c : place.host + place.name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '.' || c == ':' || c == '-' || c == '_';
    require(plain, "a place can be pasted into a shell");
  }
  require(place.port >= 0 && place.port <= 65535, "a port is a port");
  const std::string page = render::explained_text(text, {});
  std::size_t begin = 0;
  while (begin < page.size()) {
    const std::size_t end = std::min(page.find('\n', begin), page.size());
    const std::string line = page.substr(begin, end - begin);
    require(clean(line) == line, "explain is harmless");
    begin = end + 1;
  }
}

void check_destination(Input& input) {
  store::Filter filter;
  filter.destination = input.text(40);
  filter.outcome = input.text(40);
  filter.exe = input.rest();
  (void)store::condition_of(
      filter, [](const std::string& word) -> Result<bool> { return word.size() % 2 == 0; });
}

void run(Input input) {
  switch (input.below(10)) {
    case 0:
      check_clean(input.rest());
      break;
    case 1:
    case 2:
      check_explained(input.rest());
      break;
    case 3:
      if (const auto terms = cli::parse_fail_on(input.rest())) {
        for (const cli::FailTerm& term : *terms)
          require(term.limit >= 0, "a limit is no less than nothing");
      }
      break;
    case 4:
      if (const auto since = cli::parse_since(input.rest())) {
        require(!since->from_start_ns || *since->from_start_ns >= 0,
                "since is a time after the start");
        require(since->second_of_day >= 0 && since->second_of_day < 86400, "a second of the day");
      }
      break;
    case 5:
      check_destination(input);
      break;
    case 6: {
      const std::string options = input.text(30);
      const auto settings = drain::parse_resolver_settings(input.rest(), options);
      require(!settings.nameservers.empty() && settings.nameservers.size() <= 3,
              "one to three name servers");
      require(settings.timeout_s >= 1 && settings.timeout_s <= 30,
              "the resolver's time is glibc's");
      break;
    }
    case 7:
      if (const auto proxy = drain::proxy_host_port(input.rest())) {
        require(proxy->find_first_of("@/ \n\x1b") == std::string::npos,
                "nothing but host and port is kept of a proxy");
      }
      break;
    case 8:
      if (const auto name = drain::parse_segment_name(input.rest())) {
        require(name->pid > 0 && name->created_ns >= 0, "a segment is of a process and a time");
      }
      break;
    default: {
      cli::FilterFlags flags;
      flags.since = input.text(12);
      flags.dst = input.text(12);
      flags.outcome = input.rest();
      (void)cli::check_filter_flags(flags);
    }
  }
}

}  // namespace
}  // namespace sockwatch::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t count) {
  sockwatch::fuzz::run(sockwatch::fuzz::Input(bytes, count));
  return 0;
}
