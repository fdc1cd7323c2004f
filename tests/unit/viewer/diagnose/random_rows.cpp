#include "tests/unit/viewer/diagnose/random_rows.h"

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <optional>
#include <random>

namespace sockwatch::testing {
namespace {

using store::ConnectionRow;
using store::OptInt;

struct Target {
  store::OptText name;
  const char* address;
  std::int64_t port;
};

const Target kTargets[] = {
    {"shop.test", "10.0.7.13", 443},    {"shop.test", "10.0.7.14", 443},
    {"shop.test", "2001:db8::14", 443}, {"localhost", "::1", 8080},
    {"localhost", "127.0.0.1", 8080},   {std::nullopt, "10.0.0.5", 6379},
    {"proxy.test", "10.0.0.9", 3128},   {"far.test", "192.0.2.77", 443},
    {std::nullopt, "10.0.0.5", 40'007},
};

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}
  std::int64_t below(std::int64_t end) {
    return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(end));
  }
  bool once_in(std::int64_t times) { return below(times) == 0; }
  template <typename... Values>
  std::int64_t one_of(Values... values) {
    const std::int64_t all[] = {static_cast<std::int64_t>(values)...};
    return all[below(static_cast<std::int64_t>(std::size(all)))];
  }

 private:
  std::mt19937_64 random_;
};

void failed(ConnectionRow& row, std::string outcome, OptInt error, store::Ns took) {
  row.outcome = std::move(outcome);
  row.error = error;
  row.decided_ns = row.started_ns + took;
  row.noticed_ns = row.decided_ns;
  row.closed_ns = row.decided_ns;
  row.ending.reset();
  for (OptInt ConnectionRow::*member :
       {&ConnectionRow::first_send_ns, &ConnectionRow::first_receive_ns, &ConnectionRow::bytes_sent,
        &ConnectionRow::bytes_received, &ConnectionRow::rtt_us, &ConnectionRow::close_unacked,
        &ConnectionRow::close_bytes_acked, &ConnectionRow::close_backoff,
        &ConnectionRow::close_tcp_state}) {
    (row.*member).reset();
  }
  row.turns = 0;
  row.turn_total_ns = 0;
  row.turn_max_ns = 0;
}

void unanswered(ConnectionRow& row, Dice& dice) {
  const std::int64_t resends = dice.below(4);
  const store::Ns took = resends == 0 ? dice.one_of(210, 250, 280, 400, 900) * kMs
                                      : dice.one_of(1'500, 3'000, 3'100, 7'000) * kMs;
  const char* const outcomes[] = {"timed_out_caller", "timed_out_kernel", "cancelled",
                                  "superseded",       "abandoned",        "pending"};
  failed(row, outcomes[dice.below(6)], {}, took);
  row.budget_ns = took;
  row.budget_source = "poll";
  row.expired_waits = 1;
  row.tcp_state = 2;
  row.syn_retransmits = resends;
  row.segs_out = resends + 1;
  row.segs_in = 0;
}

void denied(ConnectionRow& row, Dice& dice) {
  failed(row, dice.once_in(2) ? "local_error" : "unreachable",
         dice.one_of(EADDRNOTAVAIL, EACCES, ENETUNREACH, EHOSTUNREACH, EMFILE, EINVAL),
         dice.one_of(20'000, 2'000'000));
  row.local_port.reset();
  row.segs_out = 0;
}

// Connected, but for something.
void spoiled(ConnectionRow& row, Dice& dice, bool is_late) {
  switch (is_late ? 0 : dice.below(14)) {
    case 0:
      row.syn_retransmits = 1 + dice.below(2);
      for (OptInt* moment : {&row.decided_ns, &row.noticed_ns, &row.first_send_ns,
                             &row.first_receive_ns, &row.closed_ns}) {
        **moment += kS;
      }
      // Measured from the first SYN, where it is the answer that was lost.
      if (dice.once_in(2)) row.rtt_us = row.rtt_us.value_or(0) % 50'000 + 1'000'000;
      break;
    case 1:
      row.ending = "reset";
      row.error = dice.one_of(ECONNRESET, EPIPE);
      break;
    case 2:
      row.first_receive_ns.reset();
      row.bytes_received = 0;
      row.ending = "response_timed_out";
      row.turns = 0;
      row.closed_ns = *row.first_send_ns + 5 * kS;
      row.budget_ns = 5 * kS;
      row.budget_source = "poll";
      row.expired_waits = 1;
      break;
    case 3:
      row.close_unacked = 2;
      row.close_backoff = 4;
      row.close_last_ack_ms = 3'000;
      break;
    case 4:
      row.close_unacked = 0;
      row.close_notsent_bytes = 5'000;
      row.close_probes = dice.below(5);
      row.close_backoff = 1 + dice.below(5);
      row.close_last_ack_ms = 2'000;
      break;
    case 5:
      row.idle_ns = dice.one_of(500, 2'000, 40'000) * kMs;
      row.idle_answered_ns = dice.one_of(900, 1'000, 20'000) * kMs;
      row.send_tcp_state = dice.one_of(1, 7, 8);
      break;
    case 6:
      row.local_port = row.peer_port;
      row.local_address = row.peer_address;
      break;
    case 7:
      row.blocking = true;
      row.decided_ns = row.started_ns + dice.one_of(99, 100, 150, 250) * kMs;
      break;
    case 8:
      row.decided_ns = row.started_ns + dice.one_of(199, 200, 201, 240) * kMs;
      row.rtt_us = dice.one_of(140'000, 160'000, 200'000, 239'000);
      break;
    case 9:
      row.budget_source = "epoll";
      row.budget_ns = kS;
      break;
    case 10:
      row.ending = dice.once_in(2) ? "open" : "odd word";
      row.closed_ns.reset();
      break;
    case 11:
      row.fast_open = true;
      row.interrupted = true;
      break;
    case 12:
      row.close_unacked = 3;
      row.close_lost = 1;
      row.close_backoff = 2;
      row.close_snd_mss = 1448;
      break;
    default:
      row.peer_address = row.family == "ipv6" ? "2001:db8::99" : "10.0.0.99";
      row.protocol = dice.once_in(2) ? "udp" : "sctp";
      break;
  }
}

void surroundings(Rows& rows, Dice& dice) {
  for (const char* program : {"/usr/bin/curl", "/usr/bin/python3", "/usr/bin/curl"}) {
    rows.process(program);
  }
  if (dice.once_in(3)) rows.process("/usr/bin/node");
  if (dice.once_in(4)) rows.failed_call("socket", EMFILE, 3);
  if (dice.once_in(4)) rows.settings.proxies = {"proxy.test:3128"};
  if (dice.once_in(2)) rows.settings.last_port = rows.settings.first_port + dice.one_of(20, 60);
  rows.settings.tw_reuse = static_cast<int>(dice.below(3));
  if (dice.once_in(3)) rows.listener("127.0.0.1", 8080).full = 2;
  for (int i = 0; i < 6; ++i) {
    auto& row =
        rows.lookup(i * dice.below(20) * kMs, *kTargets[dice.below(5)].name,
                    dice.below(3'000) * kMs, 0, "10.0.7.13 10.0.7.14 2001:db8::14 10.0.7.15");
    row.process_id = 1 + dice.below(4);
  }
}

}  // namespace

Rows random_rows(std::uint64_t seed, int attempts) {
  Dice dice(seed);
  Rows rows;
  surroundings(rows, dice);
  // Of some kinds of trouble there is none in some traces.
  const std::int64_t trouble = dice.one_of(3, 10, 60, 1'000'000);
  const std::int64_t quiet = dice.below(4);
  const std::int64_t step = dice.one_of(1, 4, 30, 2'000);
  const std::int64_t most_turns = dice.one_of(1, 2);
  const std::int64_t peer_closes = dice.one_of(1, 2, 4, 1'000'000);
  const bool is_far = dice.once_in(2);
  const bool loses_syns = dice.once_in(4);
  const bool no_ipv6 = dice.once_in(4);
  const bool comes_again = dice.once_in(2);
  const ConnectionRow* before = nullptr;  // after which the same program comes again
  const Target* there = nullptr;
  store::Ns now = 0;
  for (int i = 0; i < attempts; ++i) {
    now += dice.below(step) * kMs + dice.below(2) * kMs / 3;
    if (before != nullptr) {
      const bool is_up = before->outcome == "connected";
      now = is_up ? before->started_ns + kMs : std::max(now, before->closed_ns.value_or(now));
    }
    const Target& to = before != nullptr
                           ? *there
                           : kTargets[dice.below(static_cast<std::int64_t>(std::size(kTargets)))];
    const std::optional<ConnectionRow> last =
        before != nullptr ? std::optional(*before) : std::nullopt;
    before = nullptr;
    auto& row = rows.connected(now, to.address, to.port, to.name, (1 + dice.below(30)) * kMs);
    row.process_id = 1 + dice.below(4);
    row.tid = row.process_id * 10 + dice.below(2);
    row.local_port = 40'000 + dice.below(40);
    row.turns = dice.below(most_turns + 1);
    row.blocking = dice.once_in(2);
    row.ending = dice.once_in(peer_closes) ? "peer_closed" : "closed";
    if (is_far) row.rtt_us = dice.one_of(60'000, 90'000, 170'000);
    if (dice.once_in(200)) row.rtt_us = dice.one_of(0, 1'000, 160'000, INT64_MAX / 1000);
    if (dice.once_in(2)) row.resolution_id = 1 + dice.below(12);
    if (dice.once_in(3)) {
      row.budget_ns = 3 * kS;
      row.budget_source = dice.once_in(2) ? "poll" : "select";
    }
    if (dice.once_in(6)) {  // slow to answer, and slow to be noticed
      row.noticed_ns = *row.decided_ns + dice.below(200) * kMs;
      row.first_send_ns = row.noticed_ns;
      row.first_receive_ns = *row.first_send_ns + dice.below(300) * kMs;
      row.closed_ns = *row.first_receive_ns + kMs;
    }
    if (dice.once_in(5)) row.first_send_ns.reset();
    if (last) {
      row.process_id = last->process_id;
      row.tid = last->tid;
      row.resolution_id = last->resolution_id;
    }
    const bool is_dead = no_ipv6 && row.family == "ipv6" && to.port == 443;
    const bool fails_again = last && last->outcome != "connected" && !dice.once_in(20);
    if (!is_dead && !fails_again && !dice.once_in(trouble)) continue;
    const std::int64_t kind = is_dead || fails_again ? 0 : dice.below(4);
    if (kind == quiet) continue;
    if (kind == 0) unanswered(row, dice);
    if (kind == 1)
      failed(row, dice.once_in(3) ? "rejected" : "refused", dice.one_of(ECONNREFUSED, EHOSTUNREACH),
             dice.below(300) * kMs);
    if (kind == 2) denied(row, dice);
    if (kind == 3) spoiled(row, dice, loses_syns);
    const bool is_late = row.outcome == "connected" && row.syn_retransmits.value_or(0) > 0;
    if (comes_again && row.peer_address == to.address && (is_late || kind == 0)) {
      before = &row;
      there = &to;
    }
  }
  return rows;
}

}  // namespace sockwatch::testing
