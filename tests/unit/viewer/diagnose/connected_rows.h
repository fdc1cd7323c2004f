// Rows of connections that came up and then had trouble.
#pragma once

#include <cerrno>
#include <string>
#include <vector>

#include "tests/unit/viewer/diagnose/rows.h"

namespace sockwatch::testing {

inline std::vector<diagnose::Finding> findings(const Rows& rows) {
  return run(&diagnose::add_connected_rules, rows);
}
inline std::vector<std::string> found(const Rows& rows) { return ids(findings(rows)); }

// The request was acknowledged, no reply came, the program's wait of `waited` ran out.
inline store::ConnectionRow& silent(Rows& rows, store::Ns at, store::Ns waited = 2 * kS) {
  auto& row = rows.connected(at, "10.0.0.7", 443);
  row.ending = "response_timed_out";
  row.first_receive_ns.reset();
  row.bytes_received = 0;
  row.bytes_sent = 412;
  row.close_bytes_acked = 413;
  row.close_notsent_bytes = 0;
  row.close_data_segs_in = 0;
  row.close_last_receive_ms = waited / kMs;
  row.closed_ns = *row.first_send_ns + waited;
  row.budget_ns = waited;
  row.budget_source = "poll";
  row.expired_waits = 1;
  row.tls = false;
  row.turns = 0;
  return row;
}

// Some of the reply came, and the program's wait of `waited` for more ran out.
inline store::ConnectionRow& stopped(Rows& rows, store::Ns at, store::Ns waited = 2 * kS) {
  auto& row = silent(rows, at, waited);
  row.first_receive_ns = *row.first_send_ns + kMs;
  row.bytes_received = 46;
  row.close_data_segs_in = 1;
  row.turns = 1;
  row.reply_begun = true;
  return row;
}

// Connected, used, and nothing sent since is acknowledged.
inline store::ConnectionRow& dead(Rows& rows, store::Ns idle = 0) {
  auto& row = silent(rows, 0, 4 * kS);
  row.first_receive_ns = *row.first_send_ns + kMs;
  row.bytes_received = 1400;
  row.bytes_sent.reset();
  row.turns = 1;
  row.idle_ns = idle;
  row.close_unacked = 1;
  row.close_backoff = 2;
  row.close_lost = 1;
  row.close_last_ack_ms = 1000;
  row.close_last_receive_ms = (idle + 4 * kS) / kMs;
  return row;
}

// A second request after `idle`, answered by nothing but a reset.
inline store::ConnectionRow& reset(Rows& rows, store::Ns idle, std::int64_t error = ECONNRESET) {
  auto& row = rows.connected(0, "10.0.0.7", 443);
  row.ending = "reset";
  row.error = error;
  row.idle_ns = idle;
  row.bytes_sent = 400;  // of which the first request is acknowledged
  row.close_last_receive_ms = idle / kMs;
  row.close_tcp_state = 7;
  row.tls = false;
  return row;
}

}  // namespace sockwatch::testing
