#include "tests/unit/viewer/render/traces.h"

#include <netdb.h>
#include <cerrno>

namespace sockwatch::testing {

Trace::Trace() {
  facts = {{"schema_version", "1"},
           {"sockwatch_version", "0.1.0"},
           {"host", "app-7"},
           {"kernel", "6.18.0"},
           {"detail", "connections"},
           {"monotonic_to_unix_ns", std::to_string(kStartUnix - kStart)},
           {"ended", std::to_string(kStart + 300 * kS)}};
}

store::ProcessRow& Trace::process(std::int64_t pid, std::string exe, std::string coverage) {
  store::ProcessRow row;
  row.id = static_cast<std::int64_t>(processes.size()) + 1;
  row.pid = pid;
  row.exe = std::move(exe);
  row.started_ns = kStart;
  row.ended_ns = kStart + 300 * kS;
  row.coverage = std::move(coverage);
  return processes.emplace_back(std::move(row));
}

store::ConnectionRow& Trace::tcp(store::Ns at, std::string address, std::int64_t port,
                                 store::OptText name) {
  store::ConnectionRow row;
  row.id = static_cast<std::int64_t>(connections.size()) + 1;
  row.process_id = 1;
  row.tid = 4711;
  row.fd = 5;
  row.family = address.find(':') == std::string::npos ? "ipv4" : "ipv6";
  row.protocol = "tcp";
  row.blocking = false;
  row.peer_name = std::move(name);
  row.peer_address = std::move(address);
  row.peer_port = port;
  row.started_ns = kStart + at;
  row.outcome = "pending";
  return connections.emplace_back(std::move(row));
}

store::ResolutionRow& Trace::lookup(store::Ns at, store::OptText name, store::Ns took,
                                    std::int64_t result) {
  store::ResolutionRow row;
  row.id = static_cast<std::int64_t>(resolutions.size()) + 1;
  row.process_id = 1;
  row.name = std::move(name);
  row.started_ns = kStart + at;
  row.duration_ns = took;
  row.result = result;
  return resolutions.emplace_back(std::move(row));
}

store::ConnectionRow& connect_in(store::ConnectionRow& row, store::Ns took) {
  row.decided_ns = row.started_ns + took;
  row.noticed_ns = row.decided_ns;
  row.outcome = "connected";
  row.ending = "closed";
  row.closed_ns = *row.decided_ns + 50 * kMs;
  row.tcp_state = 1;
  row.syn_retransmits = 0;
  row.rtt_us = took / 1000;
  row.segs_out = 4;
  row.segs_in = 4;
  row.retransmits = 0;
  return row;
}

store::ConnectionRow& exchange(store::ConnectionRow& row, store::Ns reply_after) {
  row.first_send_ns = *row.noticed_ns + kMs / 10;
  row.first_receive_ns = *row.first_send_ns + reply_after;
  row.closed_ns = *row.first_receive_ns + kMs;
  row.bytes_sent = 200;
  row.bytes_received = 1400;
  row.turns = 1;
  row.turn_total_ns = reply_after;
  row.turn_max_ns = reply_after;
  return row;
}

store::ConnectionRow& refuse(store::ConnectionRow& row) {
  row.decided_ns = row.started_ns + kMs / 10;
  row.noticed_ns = row.decided_ns;
  row.closed_ns = *row.decided_ns + kMs / 100;
  row.outcome = "refused";
  row.error = ECONNREFUSED;
  row.tcp_state = 7;
  row.syn_retransmits = 0;
  row.segs_out = 1;
  row.segs_in = 1;
  return row;
}

store::ConnectionRow& black_hole(store::ConnectionRow& row, store::Ns budget,
                                 std::int64_t resends) {
  row.decided_ns = row.started_ns + budget;
  row.closed_ns = row.decided_ns;
  row.outcome = "timed_out_caller";
  row.budget_ns = budget;
  row.budget_source = "poll";
  row.waits = 1;
  row.expired_waits = 1;
  row.tcp_state = 2;
  row.syn_retransmits = resends;
  row.segs_out = resends + 1;
  row.segs_in = 0;
  return row;
}

model::Summary summarise(const Trace& trace, model::Limits limits) {
  model::SummaryBuilder builder(limits);
  builder.set_trace(trace.facts);
  for (const auto& row : trace.processes) builder.add(row);
  for (const auto& row : trace.connections) builder.add(row);
  for (const auto& row : trace.resolutions) builder.add(row);
  for (const auto& row : trace.losses) builder.add(row);
  return builder.finish();
}

Trace healthy() {
  Trace trace;
  trace.process(4711, "/usr/bin/curl");
  trace.lookup(0, "api.internal", 4 * kMs / 10);
  for (int i = 0; i < 25; ++i) {
    auto& row =
        trace.tcp((i + 1) * kS, i % 2 == 0 ? "10.0.7.11" : "10.0.7.12", 443, "api.internal");
    exchange(connect_in(row, kMs + i * kMs / 100), 20 * kMs);
  }
  return trace;
}

Trace incident() {
  Trace trace;
  trace.process(4711, "/usr/lib/jvm/bin/java");
  trace.process(4790, "/usr/bin/tyk", "go");
  trace.lookup(0, "payments.internal", 4 * kMs / 10);
  for (int i = 0; i < 31; ++i) {
    trace.lookup(i * kS, "inventory.internal", i % 10 == 0 ? 5'010 * kMs : kMs / 2);
  }
  trace.lookup(90 * kS, "typo.internal", 3 * kMs, EAI_NONAME);
  trace.lookup(91 * kS, "typo.internal", 3 * kMs, EAI_NONAME);
  for (int i = 0; i < 60; ++i) {
    const std::string address = "10.0.7.1" + std::to_string(1 + i % 3);
    auto& row = trace.tcp((i + 1) * kS, address, 443, "payments.internal");
    if (i % 3 == 2 && i % 2 == 0) {
      black_hole(row, 3 * kS, 2);
    } else {
      exchange(connect_in(row, kMs + i * kMs / 100), 21 * kMs);
    }
  }
  for (int i = 0; i < 31; ++i) {
    auto& row = trace.tcp((i + 1) * kS, "10.0.8.1", 8080, "inventory.internal");
    exchange(connect_in(row, 3 * kMs / 10), 1'900 * kMs);
  }
  for (int i = 0; i < 7; ++i) refuse(trace.tcp((i + 1) * 20 * kS, "127.0.0.1", 6379, "localhost"));
  black_hole(trace.tcp(100 * kS, "10.99.0.1", 80), 3 * kS, 1);
  auto& late = exchange(connect_in(trace.tcp(120 * kS, "10.0.9.9", 5432), 2 * kMs / 10), kMs);
  late.ending = "response_timed_out";
  late.first_receive_ns.reset();
  late.bytes_received = 0;
  late.close_bytes_acked = 201;
  late.turns = 0;
  late.budget_ns = 5 * kS;
  late.budget_source = "SO_RCVTIMEO";
  late.closed_ns = *late.first_send_ns + 5 * kS;
  return trace;
}

Trace everything_lost() {
  Trace trace;
  trace.process(4711, "/usr/bin/busy");
  trace.process(4712, "/usr/bin/ping", "setuid");
  trace.process(4713, "/opt/tyk", "go");
  trace.losses.push_back({1, "ring_full", 12'345});
  trace.losses.push_back({1, "no_slot", 7});
  return trace;
}

Trace hostile() {
  Trace trace;
  trace.process(666, "/tmp/\x1b[2J\x1b]0;owned\x07/ev\xffil\r");
  trace.process(667, "/opt/\xe2\x80\xaegpj.exe", "static").command_line = "a\nb";
  trace.lookup(0, "evil\x1b[31m.example\nrefused", kMs, EAI_AGAIN);
  refuse(trace.tcp(kS, "10.0.0.1", 80, "evil\x1b[31m.example"));
  refuse(trace.tcp(kS, "10.0.0.2", 80,
                   "bidi\xe2\x80\xae"
                   "moc.example"));
  auto& unix_row = refuse(trace.tcp(2 * kS,
                                    "/run/\xc2\x9b"
                                    "31m.sock",
                                    0));
  unix_row.family = unix_row.protocol = "unix";
  unix_row.peer_port.reset();
  auto& odd = trace.tcp(3 * kS, "10.0.0.3", 80, "\xf0\x9f");
  odd.outcome = "out\x1b[0mcome";
  odd.ending = "\x1b";
  auto& budget = black_hole(trace.tcp(4 * kS, "10.0.0.4", 80), kS, 0);
  budget.budget_source = "\x1b[5mpoll";
  trace.losses.push_back({std::nullopt, "ring\x1b[7m_full", 1});
  return trace;
}

}  // namespace sockwatch::testing
