// Rows made by hand, and rules run over them. Rows are shown in the order of their members; inside
// one kind in the order they stand in.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "collector/store/block.h"
#include "collector/store/rows.h"
#include "viewer/diagnose/diagnose.h"

namespace sockwatch::testing {

inline constexpr store::Ns kMs = 1'000'000;
inline constexpr store::Ns kS = 1'000'000'000;
inline constexpr store::Ns kStart = 1'000 * kS;  // times given to the builders count from here

struct Rows {
  diagnose::Settings settings;  // 6 resends, no linear part, resolver 5 s twice
  bool filtered = false;
  std::deque<store::ProcessRow> processes;
  std::deque<store::LossRow> losses;
  std::deque<store::ListenerRow> listeners;
  std::deque<store::FailedCallRow> failed_calls;
  std::deque<store::ResolutionRow> resolutions;
  std::deque<store::ConnectionRow> connections;  // deques: references stay valid

  store::ProcessRow& process(std::string exe, std::string coverage = "preload");
  store::ListenerRow& listener(std::string address, std::int64_t port);
  store::FailedCallRow& failed_call(std::string call, std::int64_t error, std::int64_t count = 1);
  store::ResolutionRow& lookup(store::Ns at, std::string name, store::Ns took,
                               std::int64_t result = 0, std::string addresses = "10.0.0.7");

  // Of process 1, thread 1, to a TCP port; outcome `pending`, nothing known of it.
  store::ConnectionRow& attempt(store::Ns at, std::string address, std::int64_t port,
                                store::OptText name = std::nullopt);
  // Healthy: connected in `took`, sent a request, had a reply after 5 ms, closed.
  store::ConnectionRow& connected(store::Ns at, std::string address, std::int64_t port,
                                  store::OptText name = std::nullopt, store::Ns took = 2 * kMs);
  // Non-blocking, nothing came back, the program's poll of `budget` ended it.
  store::ConnectionRow& syn_dropped(store::Ns at, std::string address, std::int64_t port,
                                    store::Ns budget = 3 * kS, std::int64_t resends = 1,
                                    store::OptText name = std::nullopt);
  store::ConnectionRow& refused(store::Ns at, std::string address, std::int64_t port,
                                store::OptText name = std::nullopt);
  // connect failed with `error` before anything was sent.
  store::ConnectionRow& at_once(store::Ns at, std::string address, std::int64_t port,
                                std::int64_t error, std::string outcome = "local_error");
  store::ConnectionRow& unix_socket(store::Ns at, std::string path, std::int64_t error,
                                    std::string outcome = "local_error");
};

std::vector<diagnose::Finding> run(diagnose::Rules rules, const Rows& rows);
// As of a long trace: the attempts in blocks of `block_rows`, which must come as they started.
std::vector<diagnose::Finding> run_in_blocks(diagnose::Rules rules, const Rows& rows,
                                             std::size_t block_rows);
void show_in_blocks(const std::deque<store::ConnectionRow>& rows, std::size_t block_rows,
                    const std::function<void(store::Block&)>& see);

template <typename Rule>
std::vector<diagnose::Finding> run(const Rows& rows) {
  diagnose::Rules rules;
  rules.push_back(std::make_unique<Rule>());
  return run(std::move(rules), rows);
}

// All rules of a family, or of the product: run(&diagnose::add_lookup_rules, rows). Where the
// attempts come as they started, also as of a long trace: the same must be found.
std::vector<diagnose::Finding> run(void (*add)(diagnose::Rules&), const Rows& rows);
std::vector<diagnose::Finding> run_all(const Rows& rows);

// All that is in them, one line each.
std::string described(const std::vector<diagnose::Finding>& findings);
// "SYNDROP", in the order of the list; without those inside others.
std::vector<std::string> ids(const std::vector<diagnose::Finding>& findings);
// The finding of that rule, also inside others; fails the test and returns an empty one without.
diagnose::Finding find(const std::vector<diagnose::Finding>& findings, std::string_view rule);
bool has(const std::vector<diagnose::Finding>& findings, std::string_view rule);

}  // namespace sockwatch::testing
