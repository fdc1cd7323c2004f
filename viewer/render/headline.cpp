#include "viewer/render/headline.h"

#include <fmt/format.h>

#include <algorithm>

#include "viewer/render/clean_text.h"
#include "viewer/render/evidence_text.h"
#include "viewer/render/format.h"
#include "viewer/render/labels.h"

namespace sockwatch::render {
namespace {

using model::NameGroup;
using model::Outcome;
using model::Summary;

constexpr std::int64_t kSlowLookupNs = 1'000'000'000;
constexpr std::int64_t kSlowConnectNs = 1'000'000'000;

const model::FailureGroup* worst_failure_of(const Summary& summary, std::size_t destination) {
  const auto found =
      std::find_if(summary.failures.begin(), summary.failures.end(),
                   [&](const auto& group) { return group.key.destination == destination; });
  return found == summary.failures.end() ? nullptr : &*found;
}

// " It is 1 of 3 addresses of payments.internal; the other 2 had no failures."
std::string among_siblings(const Summary& summary, const NameGroup& group, const TextStyle& style) {
  const std::size_t all = group.members.size();
  const auto healthy = static_cast<std::size_t>(std::count_if(
      group.members.begin(), group.members.end(),
      [&](std::size_t member) { return summary.destinations[member].tally.failures() == 0; }));
  if (all < 2 || healthy == 0) return "";
  const std::string name =
      clean(summary.destinations[group.members.front()].name.value_or(""), style.ascii);
  if (healthy == all - 1) {
    return fmt::format(" It is 1 of {} addresses of {}; the other {} had no failures.", number(all),
                       name, healthy == 1 ? "one" : number(healthy));
  }
  return fmt::format(" {} of {} addresses of {} had no failures.", number(healthy), number(all),
                     name);
}

std::string worst_sentence(const Summary& summary, const NameGroup& group, const TextStyle& style) {
  const std::size_t place_index = group.members.front();
  const model::Destination& worst = summary.destinations[place_index];
  const model::FailureGroup* failure = worst_failure_of(summary, place_index);
  if (failure == nullptr) return "";  // beyond the limit of groups
  const std::string siblings = among_siblings(summary, group, style);
  const std::string subject = siblings.empty()
                                  ? short_label(worst, style)
                                  : place(worst.address, worst.port, worst.protocol, style);
  const std::uint64_t count = failure->evidence.count;
  const std::string often =
      worst.tally.attempts == 1
          ? ""
          : fmt::format("in {} ", share(count, worst.tally.attempts, "attempt"));
  return fmt::format(
      ": {}{} {}.{}", often, subject,
      failure_sentence(failure->key, failure->evidence, worst.protocol == "unix", style), siblings);
}

// "4 destinations"; a summary that counted some together does not know how many they are.
std::string destinations(const std::vector<NameGroup>& groups) {
  const bool more = !groups.empty() && groups.back().others;
  return (more ? "more than " : "") + counted(groups.size() - (more ? 1 : 0), "destination");
}

// Connects under way when their process ended, among others that came up: nobody knows whether they
// would have.
std::string ended_sentence(const model::Tally& total) {
  return fmt::format("{} connected; {} not known to be connected when the process ended.",
                     share(total.ok(), total.attempts, "attempt"),
                     total.failures() == 1 ? "1 was" : number(total.failures()) + " were");
}

std::string failed_sentence(const Summary& summary, const std::vector<NameGroup>& groups,
                            std::size_t failing, const TextStyle& style) {
  const model::Tally& total = summary.total;
  if (total.ok() > 0 && total.failures() == total.count(Outcome::abandoned)) {
    return ended_sentence(total);
  }
  const bool all_dead = std::all_of(groups.begin(), groups.end(), [](const NameGroup& group) {
    return group.tally.failures() == 0 || group.tally.ok() == 0;
  });
  std::string text = fmt::format("{} of {} {}", number(failing), destinations(groups),
                                 all_dead ? "failed" : "had failures");
  text += worst_sentence(summary, groups.front(), style);
  if (failing > 1) text += fmt::format(" {} failed too, see below.", counted(failing - 1, "other"));
  return text;
}

bool only_udp(const Summary& summary) {
  return std::all_of(summary.destinations.begin(), summary.destinations.end(),
                     [](const model::Destination& place) { return place.protocol == "udp"; });
}

// Nothing is asked of the other side when a datagram socket connects, so nothing has succeeded.
std::string udp_sentence(const Summary& summary, const std::vector<NameGroup>& groups) {
  const std::uint64_t answered = summary.total.first_byte.count();
  return fmt::format(
      "Only UDP was used, which has no handshake to fail: {} to {}, of which {} had an answer.",
      counted(summary.total.attempts, "socket"), destinations(groups),
      answered == 0 ? "none" : number(answered));
}

std::string healthy_sentence(const Summary& summary, const std::vector<NameGroup>& groups) {
  const model::Tally& total = summary.total;
  if (only_udp(summary)) return udp_sentence(summary, groups);
  const std::uint64_t connected = total.ok();
  std::string text = connected == 1 && total.attempts == 1
                         ? "The only attempt to connect succeeded."
                     : connected == total.attempts
                         ? fmt::format("All connects succeeded: {} attempts to {}.",
                                       number(connected), destinations(groups))
                         : fmt::format("{}: {} of {} connected",
                                       connected == 0 ? "Nothing connected" : "No failures",
                                       number(connected), counted(total.attempts, "attempt"));
  if (connected < total.attempts) {
    for (const Outcome outcome : {Outcome::superseded, Outcome::cancelled, Outcome::pending}) {
      if (total.count(outcome) == 0) continue;
      const std::string_view words =
          outcome == Outcome::superseded  ? "lost to a faster address of the same name"
          : outcome == Outcome::cancelled ? "closed by the program before there was a result"
                                          : "undecided when the recording ended";
      text += fmt::format(", {} {}", number(total.count(outcome)), words);
    }
    if (total.unrecognised > 0) {
      text += fmt::format(", {} with an outcome this version does not know",
                          number(total.unrecognised));
    }
    text += ".";
  }
  const auto slowest = total.connect.largest();
  if (total.syn_retransmits > 0 && slowest) {
    text += fmt::format(" {}; the slowest connect took {}.",
                        total.syn_retransmits == 1
                            ? "1 SYN had to be sent again"
                            : number(total.syn_retransmits) + " SYNs had to be sent again",
                        duration(*slowest));
  } else if (slowest && *slowest >= kSlowConnectNs) {
    text += fmt::format(" The slowest connect took {}", duration(*slowest));
    // Until the program learned of it, that is; the network may have been done long before.
    const auto handshake = total.handshake.largest();
    const bool all_known = total.handshake.count() == total.connect.count();
    if (handshake && all_known && *handshake < *slowest / 2) {
      text += fmt::format(", but no handshake more than {}: the rest is the program's own time",
                          duration(*handshake));
    }
    text += ".";
  }
  return text;
}

std::string lookup_sentence(const Summary& summary, const TextStyle& style) {
  std::size_t failing = 0;
  const model::Lookup* slowest = nullptr;
  for (const auto& lookup : summary.lookups) {
    if (lookup.failures > 0) ++failing;
    if (slowest == nullptr ||
        lookup.duration.largest().value_or(0) > slowest->duration.largest().value_or(0)) {
      slowest = &lookup;
    }
  }
  const auto name_of = [&](const model::Lookup& lookup) {
    return lookup.name ? clean(*lookup.name, style.ascii) : std::string("an empty name");
  };
  if (failing > 0 && !summary.lookups.front().errors.empty()) {
    const model::Lookup& worst = summary.lookups.front();
    const auto& [error, count] =
        *std::max_element(worst.errors.begin(), worst.errors.end(),
                          [](const auto& a, const auto& b) { return a.second < b.second; });
    std::string text = fmt::format(" Lookups of {} failed: {}", name_of(worst),
                                   lookup_error(error.first, error.second));
    text += fmt::format(", {}", share(worst.failures, worst.count));
    if (failing > 1)
      text += fmt::format("; so did those of {}", counted(failing - 1, "other name"));
    return text + ".";
  }
  if (slowest != nullptr && slowest->duration.largest().value_or(0) >= kSlowLookupNs) {
    return fmt::format(" The slowest name lookup took {}: {}.",
                       duration(*slowest->duration.largest()), name_of(*slowest));
  }
  return "";
}

}  // namespace

std::string headline(const Summary& summary, const std::vector<NameGroup>& groups,
                     const TextStyle& style) {
  const auto failing = static_cast<std::size_t>(std::count_if(
      groups.begin(), groups.end(),
      [](const NameGroup& group) { return !group.others && group.tally.failures() > 0; }));
  std::string text;
  if (summary.total.attempts == 0) {
    text = summary.filtered ? "No attempt to connect matches the filter."
                            : "No attempt to connect was recorded.";
  } else if (failing > 0) {
    text = failed_sentence(summary, groups, failing, style);
  } else {
    text = healthy_sentence(summary, groups);
  }
  text += lookup_sentence(summary, style);
  if (summary.unfinished()) {
    text += " The recording has no end: what came later is not here.";
  }
  if (summary.lost() > 0) {
    text += fmt::format(
        " {} lost, so this is not the whole picture.",
        summary.lost() == 1 ? "1 record was" : number(summary.lost()) + " records were");
  }
  return text;
}

}  // namespace sockwatch::render
