#include "viewer/render/entry_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "viewer/render/labelled.h"
#include "viewer/render/table.h"

namespace sockwatch::render {
namespace {

using diagnose::Entry;
using diagnose::Family;

constexpr std::array kFamilies = {Family::lookup, Family::local, Family::handshake,
                                  Family::connected, Family::client};

std::string_view heading(Family family) {
  switch (family) {
    case Family::lookup:
      return "Name lookup";
    case Family::local:
      return "This host, before any packet";
    case Family::handshake:
      return "SYN sent, no connection";
    case Family::connected:
      return "Connected, then trouble";
    case Family::client:
      break;
  }
  return "Behaviour of the client, and what was not seen";
}

std::vector<const Entry*> of_family(const std::vector<Entry>& entries, Family family) {
  std::vector<const Entry*> chosen;
  for (const Entry& entry : entries) {
    if (entry.family == family) chosen.push_back(&entry);
  }
  return chosen;
}

// A bar ends a cell of a table, an underscore begins an emphasis of scdoc.
std::string escaped(std::string_view text, std::string_view special) {
  std::string out;
  for (const char c : text) {
    if (special.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

std::string entry_page(const Entry& entry, const TextStyle& style) {
  constexpr std::size_t kLabel = 15;
  Labelled out(kLabel, style);
  out.paragraph("What happened", entry.meaning);
  out.paragraph("When we say so", entry.signature);
  out.paragraph("Mistaken for", entry.not_this);
  std::vector<std::string> next(entry.next.begin(), entry.next.end());
  out.numbered("Next", next);
  return toned(entry.id, Tone::heading, style) + "  " + own_words(entry.title, style) + "\n" +
         out.text();
}

std::string entry_list(const std::vector<Entry>& entries, const TextStyle& style) {
  std::string out;
  for (const Family family : kFamilies) {
    const auto chosen = of_family(entries, family);
    if (chosen.empty()) continue;
    if (!out.empty()) out += "\n";
    out += toned(heading(family), Tone::heading, style) + "\n";
    for (const Entry* entry : chosen) {
      out += fmt::format("  {} {}\n", pad_right(entry->id, 11), own_words(entry->title, style));
    }
  }
  return out;
}

std::string catalogue_markdown(const std::vector<Entry>& entries) {
  std::string out =
      "# The diagnoses\n\n"
      "What `sockwatch report` can say of a trace, and `sockwatch explain ID` explains. Made from "
      "the rules themselves in `viewer/diagnose`; a test compares.\n\n"
      "\"No answer\" is never called a firewall. What rests on fewer than five observations says "
      "so. What was not seen is told before any all-clear.\n";
  for (const Family family : kFamilies) {
    const auto chosen = of_family(entries, family);
    if (chosen.empty()) continue;
    out += fmt::format("\n## {}\n", heading(family));
    for (const Entry* entry : chosen) {
      out += fmt::format("\n### {}: {}\n\n{}\n\n", entry->id, entry->title, entry->meaning);
      out += fmt::format("**When we say so.** {}\n", entry->signature);
      if (!entry->not_this.empty()) out += fmt::format("\n**Mistaken for.** {}\n", entry->not_this);
      if (entry->next.empty()) continue;
      out += "\n**Next.**\n\n";
      for (const std::string_view step : entry->next) out += fmt::format("1. {}\n", step);
    }
  }
  return out;
}

std::string catalogue_manual(const std::vector<Entry>& entries) {
  constexpr std::string_view kSpecial = "\\*_#~<[";
  std::string out =
      "# DIAGNOSES\n\n"
      "*sockwatch explain* _ID_ tells each in full, *sockwatch explain --list* all of them.\n";
  for (const Family family : kFamilies) {
    const auto chosen = of_family(entries, family);
    if (chosen.empty()) continue;
    out += fmt::format("\n{}:\n", escaped(heading(family), kSpecial));
    for (const Entry* entry : chosen) {
      out += fmt::format("\n*{}*\n\t{}.\n", entry->id, escaped(entry->title, kSpecial));
    }
  }
  return out;
}

}  // namespace sockwatch::render
