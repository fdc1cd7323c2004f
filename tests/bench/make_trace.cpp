// Makes a trace of any length, for measuring what reads it.
//
//   make_trace FILE ROWS [DESTINATIONS [FAILED_PER_MILLE [no-copy]]]
//
// no-copy: without the second copy of the connections, as in a trace that somebody edited. Says how
// long it took to finish the trace, where that copy is made.
//
// Seven programs in 60 processes connect to addresses of names, which they look up twice a minute.
// Most attempts are healthy and differ in their times as real ones do; of the others some time out,
// some are refused, some reset later, some connect late: a few everywhere, and most attempts to one
// place for some seconds of every minute. The same arguments give the same rows.
#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "collector/store/writer.h"

namespace {

using namespace sockwatch::store;

constexpr Ns kUs = 1'000;
constexpr Ns kMs = 1'000'000;
constexpr std::int64_t kProcesses = 60;
constexpr std::int64_t kAddressesOfAName = 2;
constexpr Ns kSecond = 1'000 * kMs;
constexpr Ns kLookupEvery = 30 * kSecond;
constexpr Ns kIncidentEvery = 60 * kSecond;
constexpr Ns kIncidentLasts = 6 * kSecond;
constexpr std::int64_t kBatch = 50'000;

class Maker {
 public:
  Maker(std::int64_t destinations, std::int64_t failed)
      : destinations_(destinations), failed_(failed) {}

  static ProcessRow process(std::int64_t id) {
    static const char* const kPrograms[] = {
        "/usr/bin/curl", "/usr/bin/python3.11",  "/usr/sbin/nginx",   "/usr/bin/ruby3.1",
        "/usr/bin/java", "/usr/sbin/php-fpm8.2", "/usr/bin/redis-cli"};
    ProcessRow row;
    row.id = id;
    row.pid = 1000 + id;
    row.ppid = 1;
    row.start_ticks = 100 * id;
    row.exe = kPrograms[static_cast<std::size_t>(id) % std::size(kPrograms)];
    row.command_line = *row.exe;
    row.uid = 1000;
    row.started_ns = 1'000 * kMs;
    row.coverage = "preload";
    return row;
  }

  ConnectionRow connection(std::int64_t id) {
    ConnectionRow row;
    row.id = id;
    row.process_id = 1 + dice(kProcesses);
    row.tid = 1000 + row.process_id;
    row.fd = 5 + dice(200);
    row.cookie = 4096 + id;
    row.family = "ipv4";
    row.protocol = "tcp";
    row.blocking = row.process_id % 3 == 1;
    now_ns_ += dice(800 * kUs);
    row.started_ns = 2'000 * kMs + now_ns_;
    const std::int64_t place = dice(destinations_);
    row.peer_address = address_of(place);
    if (place / kAddressesOfAName % 4 != 0) look_up(row, place / kAddressesOfAName);
    row.peer_port = place % 3 == 0 ? 8080 : 443;
    row.local_address = "10.200.0.7";
    row.local_port = 32768 + id % 28000;
    row.outcome = "connected";
    const std::int64_t rtt = 150 * kUs + dice(400 * kUs) + (dice(100) == 0 ? dice(5 * kMs) : 0);
    row.decided_ns = row.started_ns + rtt + dice(30 * kUs);
    row.noticed_ns = *row.decided_ns + dice(50 * kUs);
    row.waits = 1;
    row.tcp_state = 1;
    row.syn_retransmits = 0;
    row.rtt_us = rtt / kUs;
    row.rttvar_us = *row.rtt_us / 2;
    row.rto_us = 204'000;
    talk(row);
    const std::int64_t incident = now_ns_ / kIncidentEvery;
    if (now_ns_ % kIncidentEvery < kIncidentLasts && place == incident * 7 % destinations_) {
      if (dice(10) != 0) spoil(row, incident % 4);
    } else if (dice(1000) < failed_) {
      spoil(row, dice(4));
    }
    return row;
  }

  // Those that were made since the last call.
  std::vector<ResolutionRow> take_lookups() { return std::exchange(lookups_, {}); }

 private:
  static std::string address_of(std::int64_t place) {
    return fmt::format("10.{}.{}.{}", place / 62500, place / 250 % 250, 1 + place % 250);
  }

  // The process has looked the name up just now, or not long ago.
  void look_up(ConnectionRow& row, std::int64_t name) {
    row.peer_name = fmt::format("svc{}.example.internal", name);
    const auto at = static_cast<std::size_t>(name * kProcesses + row.process_id - 1);
    if (newest_.size() <= at) newest_.resize(at + 1);
    auto& [id, until_ns] = newest_[at];
    if (id == 0 || now_ns_ > until_ns) {
      id = ++lookup_;
      until_ns = now_ns_ + kLookupEvery;
      ResolutionRow lookup;
      lookup.id = id;
      lookup.process_id = row.process_id;
      lookup.tid = row.tid;
      lookup.name = row.peer_name;
      lookup.duration_ns = 200 * kUs + dice(3 * kMs);
      lookup.started_ns = row.started_ns - lookup.duration_ns;
      for (std::int64_t i = 0; i < kAddressesOfAName; ++i) {
        lookup.addresses += (i == 0 ? "" : " ") + address_of(name * kAddressesOfAName + i);
      }
      lookups_.push_back(std::move(lookup));
    }
    row.resolution_id = id;
  }

  std::int64_t dice(std::int64_t below) {
    return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(below));
  }

  void talk(ConnectionRow& row) {
    row.first_send_ns = *row.noticed_ns + dice(40 * kUs);
    const Ns answer = 500 * kUs + dice(3 * kMs);
    row.first_receive_ns = *row.first_send_ns + answer;
    row.turns = 1 + dice(3);
    row.turn_total_ns = answer * row.turns;
    row.turn_max_ns = answer;
    row.closed_ns = *row.first_receive_ns + row.turn_total_ns;
    row.ending = dice(4) == 0 ? "peer_closed" : "closed";
    row.retransmits = 0;
    row.segs_out = 4 + 2 * row.turns;
    row.segs_in = 3 + 2 * row.turns;
    row.bytes_sent = 200 * row.turns + dice(300);
    row.bytes_received = 1000 * row.turns + dice(20'000);
    row.close_tcp_state = 1;
    row.close_rtt_us = *row.rtt_us + dice(50);
    row.close_rto_us = 204'000;
    row.close_unacked = 0;
    row.close_lost = 0;
    row.close_backoff = 0;
    row.close_probes = 0;
    row.close_bytes_acked = *row.bytes_sent + 1;
    row.close_data_segs_in = 1 + row.turns;
    row.close_notsent_bytes = 0;
    row.close_delivered = 1 + row.turns;
    row.close_snd_mss = 1448;
    row.close_pmtu = 1500;
    row.close_last_ack_ms = dice(4);
    row.close_last_receive_ms = dice(4);
    row.tls = row.peer_port == 443;
    row.idle_ns = dice(2) == 0 ? OptInt() : OptInt(dice(10 * kMs));
  }

  static void spoil(ConnectionRow& row, std::int64_t how) {
    if (how == 0) {  // late
      row.syn_retransmits = 1;
      for (OptInt* moment : {&row.decided_ns, &row.noticed_ns, &row.first_send_ns,
                             &row.first_receive_ns, &row.closed_ns}) {
        **moment += 1'000 * kMs;
      }
      return;
    }
    if (how == 1) {  // reset after it had talked
      row.ending = "reset";
      row.error = 104;
      return;
    }
    const bool refused = how == 2;
    ConnectionRow bad;
    for (auto member : {&ConnectionRow::id, &ConnectionRow::process_id, &ConnectionRow::tid,
                        &ConnectionRow::fd, &ConnectionRow::started_ns}) {
      bad.*member = row.*member;
    }
    bad.cookie = row.cookie;
    bad.family = row.family;
    bad.protocol = row.protocol;
    bad.blocking = row.blocking;
    bad.peer_name = row.peer_name;
    bad.peer_address = row.peer_address;
    bad.resolution_id = row.resolution_id;
    bad.peer_port = row.peer_port;
    bad.local_port = row.local_port;
    bad.outcome = refused ? "refused" : "timed_out_caller";
    bad.decided_ns = row.started_ns + (refused ? 300 * kUs : 3'000 * kMs);
    bad.noticed_ns = bad.decided_ns;
    bad.closed_ns = *bad.decided_ns + 20 * kUs;
    bad.waits = 1;
    bad.syn_retransmits = refused ? 0 : 2;
    bad.segs_out = refused ? 1 : 3;
    bad.segs_in = refused ? 1 : 0;
    bad.tcp_state = refused ? 7 : 2;
    if (refused) {
      bad.error = 111;
    } else {
      bad.budget_ns = 3'000 * kMs;
      bad.budget_source = "poll";
      bad.expired_waits = 1;
    }
    row = bad;
  }

  std::mt19937_64 random_{1};
  std::int64_t destinations_;
  std::int64_t failed_;
  Ns now_ns_ = 0;
  std::int64_t lookup_ = 0;
  std::vector<std::pair<std::int64_t, Ns>> newest_;  // by name and process: id, good until
  std::vector<ResolutionRow> lookups_;
};

int fail(const sockwatch::Error& error) {
  fmt::print(stderr, "make_trace: {}\n", error.message);
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    fmt::print(stderr, "make_trace FILE ROWS [DESTINATIONS [FAILED_PER_MILLE [no-copy]]]\n");
    return 2;
  }
  const std::int64_t rows = std::atoll(argv[2]);
  Maker maker(argc > 3 ? std::atoll(argv[3]) : 120, argc > 4 ? std::atoll(argv[4]) : 2);
  auto writer = Writer::open(argv[1], OpenMode::replace);
  if (!writer) return fail(writer.error());
  (void)writer->set("monotonic_to_unix_ns", "1700000000000000000");
  for (std::int64_t id = 1; id <= kProcesses; ++id) (void)writer->put(Maker::process(id));
  for (std::int64_t id = 1; id <= rows; ++id) {
    (void)writer->put(maker.connection(id));
    for (const ResolutionRow& lookup : maker.take_lookups()) (void)writer->put(lookup);
    if (id % kBatch != 0) continue;
    if (const auto stored = writer->commit(); !stored) return fail(stored.error());
  }
  const bool copy = argc <= 5;
  const auto began = std::chrono::steady_clock::now();
  const auto finished = writer->finish(copy ? Writer::kPackFrom : INT64_MAX);
  if (!finished) return fail(finished.error());
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  fmt::print(stderr, "finished in {:.1f} s\n", took.count());
  return 0;
}
