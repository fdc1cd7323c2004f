// The life of one attempt as a bar drawn to scale.
//
//   dd────────s─────────s─────────x       looked up, no answer to three SYNs, given up
//   d─▐░░░░░░▒▒▒                          connected, waited for the answer, got it
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "collector/store/rows.h"
#include "viewer/diagnose/settings.h"
#include "viewer/render/style.h"

namespace sockwatch::render {

enum class Phase { lookup, connect, ready, wait, reply };

struct Span {
  Phase phase;
  store::Ns from = 0;  // since the start of the lookup, or of the attempt where there was none
  store::Ns to = 0;
};

struct Timeline {
  std::vector<Span> spans;         // in order; the last may reach beyond what is drawn
  std::vector<store::Ns> resends;  // of SYNs, computed from the kernel's settings
  std::optional<store::Ns> end;    // of the attempt or connection; empty: not seen
  char mark = '|';                 // how it ended, see the legend
  store::Ns start = 0;             // of the attempt, on this scale
  store::Ns told = 0;              // what a picture must reach: the connect phase and the first
                                   // reply, or the end of what failed
};

// `lookup`: of this attempt, if it had one of its own.
Timeline timeline(const store::ConnectionRow& row,
                  const std::optional<store::ResolutionRow>& lookup,
                  const diagnose::Settings& settings);

// `width` columns for [0, scale]. What lasts longer ends in an arrow at the edge.
std::string bar(const Timeline& timeline, store::Ns scale, std::size_t width,
                const TextStyle& style);

// "0        0.5s     1.0s": marks for the same scale, for the line above the bars.
std::string ruler(store::Ns scale, std::size_t width);

std::string bar_legend(const TextStyle& style);  // not wrapped

// The first SYN had not left this host: the kernel counts those that were due after it, and sends
// none of them.
bool syn_waited(const store::ConnectionRow& row);

}  // namespace sockwatch::render
