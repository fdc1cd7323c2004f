// Small traces made by hand, as rows: to be summarised directly, or written to a file first.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "collector/store/rows.h"
#include "viewer/model/summary.h"

namespace sockwatch::testing {

inline constexpr store::Ns kMs = 1'000'000;
inline constexpr store::Ns kS = 1'000'000'000;
// All traces begin at this moment, 14:02:10 UTC on 2026-11-21.
inline constexpr store::Ns kStart = 1'000 * kS;
inline constexpr store::Ns kStartUnix = 1'795'269'730 * kS;

struct Trace {
  std::map<std::string, std::string> facts;
  std::vector<store::ProcessRow> processes;
  std::deque<store::ConnectionRow> connections;  // a deque: what `tcp` returned stays valid
  std::deque<store::ResolutionRow> resolutions;
  std::vector<store::LossRow> losses;

  Trace();
  store::ProcessRow& process(std::int64_t pid, std::string exe, std::string coverage = "preload");
  // Starts `at` after the beginning; numbered in the order they are made.
  store::ConnectionRow& tcp(store::Ns at, std::string address, std::int64_t port,
                            store::OptText name = std::nullopt);
  store::ResolutionRow& lookup(store::Ns at, store::OptText name, store::Ns took,
                               std::int64_t result = 0);
};

// What happened to a connection.
store::ConnectionRow& connect_in(store::ConnectionRow& row, store::Ns took);
store::ConnectionRow& exchange(store::ConnectionRow& row, store::Ns reply_after);
store::ConnectionRow& refuse(store::ConnectionRow& row);
// Nothing came back; the program's own poll ended it.
store::ConnectionRow& black_hole(store::ConnectionRow& row, store::Ns budget, std::int64_t resends);

model::Summary summarise(const Trace& trace, model::Limits limits = {});

Trace healthy();   // 25 connections of curl to one name with two addresses that fare alike
Trace incident();  // a black hole, a refusing port, a slow server, one bad address, bad lookups
Trace everything_lost();  // records lost, processes not seen, no attempt recorded
Trace hostile();          // names and paths full of escape sequences

}  // namespace sockwatch::testing
