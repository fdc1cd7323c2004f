#include "tests/unit/viewer/diagnose/rows.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>

#include "collector/store/writer.h"

namespace sockwatch::testing {
namespace {

template <typename Row>
Row& append(std::deque<Row>& rows) {
  Row& row = rows.emplace_back();
  row.id = static_cast<std::int64_t>(rows.size());
  return row;
}

const diagnose::Finding* search(const std::vector<diagnose::Finding>& findings,
                                std::string_view rule) {
  for (const auto& finding : findings) {
    if (finding.rule == rule) return &finding;
    if (const auto* inside = search(finding.explained, rule)) return inside;
  }
  return nullptr;
}

void add_all_but_attempts(diagnose::Session& session, const Rows& rows) {
  for (const auto& row : rows.processes) session.add(row);
  for (const auto& row : rows.losses) session.add(row);
  for (const auto& row : rows.listeners) session.add(row);
  for (const auto& row : rows.failed_calls) session.add(row);
  for (const auto& row : rows.resolutions) session.add(row);
}

bool come_as_they_started(const std::deque<store::ConnectionRow>& rows) {
  return std::is_sorted(rows.begin(), rows.end(), [](const auto& a, const auto& b) {
    return std::pair(a.started_ns, a.id) < std::pair(b.started_ns, b.id);
  });
}

}  // namespace

store::ProcessRow& Rows::process(std::string exe, std::string coverage) {
  auto& row = append(processes);
  row.pid = 4710 + row.id;
  row.exe = std::move(exe);
  row.coverage = std::move(coverage);
  row.started_ns = kStart;
  return row;
}

store::ListenerRow& Rows::listener(std::string address, std::int64_t port) {
  auto& row = append(listeners);
  row.process_id = 1;
  row.fd = 3;
  row.family = address.find(':') == std::string::npos ? "ipv4" : "ipv6";
  row.protocol = "tcp";
  row.local_address = std::move(address);
  row.local_port = port;
  row.started_ns = kStart;
  return row;
}

store::FailedCallRow& Rows::failed_call(std::string call, std::int64_t error, std::int64_t count) {
  auto& row = append(failed_calls);
  row.process_id = 1;
  row.call = std::move(call);
  row.error = error;
  row.count = count;
  row.first_ns = kStart;
  row.last_ns = kStart;
  return row;
}

store::ResolutionRow& Rows::lookup(store::Ns at, std::string name, store::Ns took,
                                   std::int64_t result, std::string addresses) {
  auto& row = append(resolutions);
  row.process_id = 1;
  row.tid = 1;
  row.name = std::move(name);
  row.started_ns = kStart + at;
  row.duration_ns = took;
  row.result = result;
  if (result == 0) row.addresses = std::move(addresses);
  return row;
}

store::ConnectionRow& Rows::attempt(store::Ns at, std::string address, std::int64_t port,
                                    store::OptText name) {
  auto& row = append(connections);
  row.process_id = 1;
  row.tid = 1;
  row.fd = 5;
  row.family = address.find(':') == std::string::npos ? "ipv4" : "ipv6";
  row.protocol = "tcp";
  row.blocking = false;
  row.peer_name = std::move(name);
  row.peer_address = std::move(address);
  row.peer_port = port;
  row.local_address = row.family == "ipv4" ? "10.9.9.9" : "2001:db8::9";
  row.local_port = 40'000 + row.id % 20'000;
  row.started_ns = kStart + at;
  row.outcome = "pending";
  return row;
}

store::ConnectionRow& Rows::connected(store::Ns at, std::string address, std::int64_t port,
                                      store::OptText name, store::Ns took) {
  auto& row = attempt(at, std::move(address), port, std::move(name));
  row.outcome = "connected";
  row.ending = "closed";
  row.decided_ns = row.started_ns + took;
  row.noticed_ns = row.decided_ns;
  row.first_send_ns = *row.noticed_ns + kMs;
  row.first_receive_ns = *row.first_send_ns + 5 * kMs;
  row.closed_ns = *row.first_receive_ns + kMs;
  row.tcp_state = 1;
  row.syn_retransmits = 0;
  row.retransmits = 0;
  row.rtt_us = took / 1000;
  row.segs_out = 5;
  row.segs_in = 4;
  row.bytes_sent = 200;
  row.bytes_received = 1400;
  row.turns = 1;
  row.turn_total_ns = 5 * kMs;
  row.turn_max_ns = 5 * kMs;
  row.interrupted = false;
  row.fast_open = false;
  row.close_tcp_state = 1;
  row.close_unacked = 0;
  row.close_backoff = 0;
  row.close_bytes_acked = 201;
  return row;
}

store::ConnectionRow& Rows::syn_dropped(store::Ns at, std::string address, std::int64_t port,
                                        store::Ns budget, std::int64_t resends,
                                        store::OptText name) {
  auto& row = attempt(at, std::move(address), port, std::move(name));
  row.outcome = "timed_out_caller";
  row.decided_ns = row.started_ns + budget;
  row.noticed_ns = row.decided_ns;
  row.closed_ns = row.decided_ns;
  row.budget_ns = budget;
  row.budget_source = "poll";
  row.waits = 1;
  row.expired_waits = 1;
  row.tcp_state = 2;
  row.syn_retransmits = resends;
  row.segs_out = resends + 1;
  row.segs_in = 0;
  row.interrupted = false;
  return row;
}

store::ConnectionRow& Rows::refused(store::Ns at, std::string address, std::int64_t port,
                                    store::OptText name) {
  auto& row = attempt(at, std::move(address), port, std::move(name));
  row.outcome = "refused";
  row.error = ECONNREFUSED;
  row.decided_ns = row.started_ns + kMs / 5;
  row.noticed_ns = row.decided_ns;
  row.closed_ns = *row.decided_ns + kMs / 10;
  row.tcp_state = 7;
  row.syn_retransmits = 0;
  row.segs_out = 1;
  row.segs_in = 1;
  return row;
}

store::ConnectionRow& Rows::at_once(store::Ns at, std::string address, std::int64_t port,
                                    std::int64_t error, std::string outcome) {
  auto& row = attempt(at, std::move(address), port);
  row.outcome = std::move(outcome);
  row.error = error;
  row.decided_ns = row.started_ns + kMs / 50;
  row.noticed_ns = row.decided_ns;
  row.closed_ns = row.decided_ns;
  row.local_port.reset();
  return row;
}

store::ConnectionRow& Rows::unix_socket(store::Ns at, std::string path, std::int64_t error,
                                        std::string outcome) {
  auto& row = at_once(at, std::move(path), 0, error, std::move(outcome));
  row.family = "unix";
  row.protocol = "unix";
  row.peer_port.reset();
  row.local_address.reset();
  if (error == 0) row.error.reset();
  return row;
}

std::vector<diagnose::Finding> run(diagnose::Rules rules, const Rows& rows) {
  diagnose::Session session(rows.settings, std::move(rules), rows.filtered);
  add_all_but_attempts(session, rows);
  for (const auto& row : rows.connections) session.add(row);
  return session.finish();
}

void show_in_blocks(const std::deque<store::ConnectionRow>& rows, std::size_t block_rows,
                    const std::function<void(store::Block&)>& see) {
  store::Packer packer;
  store::Block block(store::kSchemaVersion);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    packer.add(rows[i]);
    const auto packed = static_cast<std::int64_t>(packer.rows());
    if (packer.rows() < block_rows && i + 1 < rows.size()) continue;
    const std::string bytes = packer.take();
    ASSERT_TRUE(block.open(bytes, packed));
    see(block);
  }
}

std::vector<diagnose::Finding> run_in_blocks(diagnose::Rules rules, const Rows& rows,
                                             std::size_t block_rows) {
  diagnose::Session session(rows.settings, std::move(rules), rows.filtered);
  add_all_but_attempts(session, rows);
  const auto trace = session.begin_long_trace();
  if (trace == nullptr) {
    ADD_FAILURE() << "a rule has not said which plain attempts it needs";
    return {};
  }
  show_in_blocks(rows.connections, block_rows,
                 [&](store::Block& block) { trace->survey(model::PlainBlock(block)); });
  trace->end_survey();
  for (std::size_t share = 0; share < diagnose::LongTrace::kShares; ++share) {
    show_in_blocks(rows.connections, block_rows,
                   [&](store::Block& block) { trace->show(model::PlainBlock(block), share); });
  }
  return session.finish();
}

std::vector<diagnose::Finding> run(void (*add)(diagnose::Rules&), const Rows& rows) {
  const auto made = [add] {
    diagnose::Rules rules;
    add(rules);
    return rules;
  };
  auto findings = run(made(), rows);
  if (come_as_they_started(rows.connections)) {
    for (const std::size_t block_rows : {std::size_t{3}, std::size_t{4096}}) {
      EXPECT_EQ(described(run_in_blocks(made(), rows, block_rows)), described(findings));
    }
  }
  return findings;
}

std::string described(const std::vector<diagnose::Finding>& findings) {
  std::string text;
  const auto moment = [](const store::OptInt& at) { return at ? std::to_string(*at) : "-"; };
  for (const auto& one : findings) {
    text += fmt::format("{} {} {} {} {} {}/{} {} {} {}\n", one.id, one.rule, word(one.severity),
                        word(one.confidence), one.subject, one.count, one.of, moment(one.first_ns),
                        moment(one.last_ns), one.summary);
    text += fmt::format("  {}; {}; {}\n", fmt::join(one.evidence, ", "),
                        fmt::join(one.excluded, ", "), fmt::join(one.next_steps, ", "));
    text +=
        fmt::format("  {} of {}; {} of {}\n", fmt::join(one.connections, " "),
                    one.connections_total, fmt::join(one.resolutions, " "), one.resolutions_total);
    if (!one.explained.empty()) text += "{\n" + described(one.explained) + "}\n";
  }
  return text;
}

std::vector<diagnose::Finding> run_all(const Rows& rows) {
  return run([](diagnose::Rules& rules) { rules = diagnose::all_rules(); }, rows);
}

std::vector<std::string> ids(const std::vector<diagnose::Finding>& findings) {
  std::vector<std::string> result;
  for (const auto& finding : findings) result.emplace_back(finding.rule);
  return result;
}

diagnose::Finding find(const std::vector<diagnose::Finding>& findings, std::string_view rule) {
  const auto* found = search(findings, rule);
  if (found == nullptr) {
    ADD_FAILURE() << "no " << rule << " among " << findings.size() << " findings";
    return {};
  }
  return *found;
}

bool has(const std::vector<diagnose::Finding>& findings, std::string_view rule) {
  return search(findings, rule) != nullptr;
}

}  // namespace sockwatch::testing
