#include "viewer/render/text_explained.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <vector>

#include "viewer/render/clean_text.h"
#include "viewer/render/labelled.h"
#include "viewer/texts/error_text.h"
#include "viewer/texts/match.h"
#include "viewer/texts/place.h"

namespace sockwatch::render {
namespace {

using texts::ErrorText;
using texts::Place;

constexpr std::size_t kMostInFull = 3;

std::string_view phase_words(texts::Phase phase) {
  switch (phase) {
    case texts::Phase::waiting:
      return "before any attempt: nothing was sent";
    case texts::Phase::lookup:
      return "name lookup: nothing was sent to the server";
    case texts::Phase::local:
      return "on this host: no packet was sent";
    case texts::Phase::connect:
      return "connecting: the TCP handshake was not done";
    case texts::Phase::tls:
      return "connected, in the TLS handshake";
    case texts::Phase::reply:
      return "connected, waiting for the answer";
    case texts::Phase::established:
      return "connected, later on";
    case texts::Phase::unknown:
      break;
  }
  return "not told by this text";
}

// A command can be copied as it stands; what the text does not say stays in capitals.
std::string filled(std::string_view command, const Place& place) {
  const bool v6 = place.host.find(':') != std::string::npos;
  const std::string host = place.host.empty() ? "HOST" : place.host;
  const std::string port = place.port == 0 ? "PORT" : std::to_string(place.port);
  const bool tls = place.tls || place.port == 443 || place.port == 8443 || place.port == 6443;
  // By the name, if the text has it as well: certificates and virtual hosts depend on it.
  const bool by_name = !place.name.empty();
  std::string url = tls ? "https://" : "http://";
  url += by_name ? place.name : v6 ? "[" + host + "]" : host;
  const bool usual = place.port == (tls ? 443 : 80);
  if (!usual) url += ":" + port;
  const std::array<std::pair<std::string_view, std::string>, 4> values = {
      {{"{host}", host},
       {"{port}", port},
       {"{url}", v6 && !by_name ? "'" + url + "/'" : url + "/"},
       {"{name}", place.name.empty() ? "NAME" : place.name}}};
  std::string text(command);
  for (const auto& [key, value] : values) {
    for (std::size_t at = text.find(key); at != std::string::npos;
         at = text.find(key, at + value.size())) {
      text.replace(at, key.size(), value);
    }
  }
  return text;
}

std::string comma_separated(std::string_view words) {
  std::string out(words);
  for (std::size_t at = out.find(' '); at != std::string::npos; at = out.find(' ', at + 2)) {
    out.replace(at, 1, ", ");
  }
  return out;
}

std::string in_full(const ErrorText& text, const Place& place, const TextStyle& style) {
  const texts::Meaning& meaning = *text.meaning;
  Labelled out(12, style);
  out.paragraph("printed by", text.printed_by);
  out.paragraph("phase", phase_words(meaning.phase));
  out.paragraph("meaning", meaning.what);
  if (!text.remark.empty()) out.paragraph("note", text.remark);
  if (!meaning.outcomes.empty()) {
    out.paragraph("in a trace", "outcome or ending " + comma_separated(meaning.outcomes));
  }
  if (!meaning.rules.empty()) {
    const std::string_view first = meaning.rules.substr(0, meaning.rules.find(' '));
    out.paragraph("diagnoses", "these can be behind it: " + comma_separated(meaning.rules) +
                                   " (sockwatch explain " + std::string(first) + ")");
  }
  out.line("record", filled(text.recording->command, place));
  if (!text.recording->remark.empty()) out.paragraph("", text.recording->remark);
  if (const std::string check = filled(meaning.check, place); check.find(" # ") != check.npos) {
    out.line("or look", check);
  } else if (!check.empty()) {
    out.paragraph("or look", check);
  }
  return out.text();
}

}  // namespace

std::string explained_text(std::string_view said, const TextStyle& style) {
  const std::vector<ErrorText> found = texts::find_texts(said);
  if (found.empty()) return "";
  const Place place = texts::find_place(said);
  std::string out;
  std::set<const texts::Meaning*> told;
  std::string more;
  std::size_t shown = 0;
  for (const ErrorText& text : found) {
    // One that tells the reason comes first. What does not tell it is no more than another name.
    const bool adds = !text.meaning->vague || found.front().meaning->vague;
    if (adds && shown < kMostInFull && told.insert(text.meaning).second) {
      if (shown > 0) out += "\n" + toned("It also fits:", Tone::heading, style) + "\n";
      out += in_full(text, place, style);
      ++shown;
    } else {
      more += more.empty() ? "" : "; ";
      more += text.printed_by;
    }
  }
  if (!more.empty()) {
    Labelled also(12, style);
    also.paragraph("also from", more);
    out += "\n" + also.text();
  }
  return out;
}

}  // namespace sockwatch::render
