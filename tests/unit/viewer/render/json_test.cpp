#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "tests/unit/viewer/render/traces.h"
#include "viewer/render/json_report.h"
#include "viewer/render/json_rows.h"

namespace sockwatch::render {
namespace {

using namespace sockwatch::testing;
using nlohmann::json;
using nlohmann::ordered_json;
using ::testing::ElementsAreArray;
using ::testing::UnorderedElementsAreArray;

std::vector<std::string> keys(const ordered_json& object) {
  std::vector<std::string> result;
  for (const auto& [key, value] : object.items()) result.push_back(key);
  return result;
}

ordered_json report(const Trace& trace) {
  return ordered_json::parse(json_report(summarise(trace), {}));
}

const std::vector<std::string> kQuantileKeys = {"count", "p50", "p90", "p99", "max"};

TEST(JsonReport, HasEveryKey) {
  const ordered_json all = report(incident());
  EXPECT_THAT(keys(all),
              ElementsAreArray({"schema", "trace", "processes", "destinations", "resolutions",
                                "listeners", "diagnoses", "losses", "not_seen"}));
  EXPECT_EQ(all["schema"], "sockwatch-report/1");
  EXPECT_EQ(all["trace"]["host"], "app-7");
  EXPECT_EQ(all["diagnoses"], ordered_json::array());

  EXPECT_THAT(
      keys(all["processes"][0]),
      UnorderedElementsAreArray({"id", "pid", "ppid", "start_ticks", "exe", "command_line", "uid",
                                 "started_ns", "ended_ns", "exit_status", "coverage"}));
  ASSERT_EQ(all["destinations"].size(), 7u);
  for (const auto& place : all["destinations"]) {
    EXPECT_THAT(keys(place), UnorderedElementsAreArray({"name",
                                                        "address",
                                                        "port",
                                                        "protocol",
                                                        "attempts",
                                                        "failures",
                                                        "connected",
                                                        "refused",
                                                        "rejected",
                                                        "unreachable",
                                                        "timed_out_kernel",
                                                        "timed_out_caller",
                                                        "superseded",
                                                        "cancelled",
                                                        "reset",
                                                        "local_error",
                                                        "abandoned",
                                                        "pending",
                                                        "failed",
                                                        "closed",
                                                        "peer_closed",
                                                        "response_timed_out",
                                                        "no_response",
                                                        "open",
                                                        "outcomes",
                                                        "endings",
                                                        "unrecognised",
                                                        "others",
                                                        "connect_ms",
                                                        "handshake_ms",
                                                        "first_byte_ms",
                                                        "turn_ms",
                                                        "syn_retransmits",
                                                        "retransmits"}));
    EXPECT_EQ(place["outcomes"].size(), 13u);
    EXPECT_EQ(place["endings"].size(), 6u);
    for (const auto& [word, count] : place["outcomes"].items()) {
      EXPECT_TRUE(count.is_number_unsigned());
      EXPECT_EQ(place[word], count);
    }
    for (const char* times : {"connect_ms", "handshake_ms", "first_byte_ms"}) {
      EXPECT_THAT(keys(place[times]), ElementsAreArray(kQuantileKeys));
    }
  }
  for (const auto& lookup : all["resolutions"]) {
    EXPECT_THAT(keys(lookup),
                UnorderedElementsAreArray({"name", "others", "count", "failures", "ms", "errors"}));
    EXPECT_THAT(keys(lookup["ms"]), ElementsAreArray(kQuantileKeys));
  }
  ASSERT_EQ(all["not_seen"].size(), 1u);
  EXPECT_THAT(
      keys(all["not_seen"][0]),
      UnorderedElementsAreArray({"process_id", "pid", "exe", "coverage", "reason", "next_step"}));
}

TEST(JsonReport, HasTheRightValues) {
  const ordered_json all = report(incident());
  const ordered_json& worst = all["destinations"][0];
  EXPECT_EQ(worst["name"], "payments.internal");
  EXPECT_EQ(worst["address"], "10.0.7.13");
  EXPECT_EQ(worst["port"], 443);
  EXPECT_EQ(worst["protocol"], "tcp");
  EXPECT_EQ(worst["attempts"], 20);
  EXPECT_EQ(worst["failures"], 10);
  EXPECT_EQ(worst["timed_out_caller"], 10);
  EXPECT_EQ(worst["connected"], 10);
  EXPECT_EQ(worst["closed"], 10);
  EXPECT_EQ(worst["connect_ms"]["count"], 10);
  EXPECT_DOUBLE_EQ(worst["connect_ms"]["max"].get<double>(), 1.59);
  EXPECT_EQ(worst["syn_retransmits"], 20);
  EXPECT_EQ(all["resolutions"][0]["name"], "typo.internal");
  EXPECT_EQ(all["resolutions"][0]["errors"][0]["result"], -2);
}

TEST(JsonReport, ResetIsTheOutcomeAtTheTopAndBothBelow) {
  Trace trace;
  trace.tcp(0, "10.0.0.1", 80).outcome = "reset";
  for (int i = 0; i < 2; ++i) connect_in(trace.tcp(0, "10.0.0.1", 80), kMs).ending = "reset";
  const ordered_json place = report(trace)["destinations"][0];
  EXPECT_EQ(place["reset"], 1);
  EXPECT_EQ(place["outcomes"]["reset"], 1);
  EXPECT_EQ(place["endings"]["reset"], 2);
}

TEST(JsonReport, NoSampleIsNull) {
  Trace trace;
  refuse(trace.tcp(0, "10.0.0.1", 80));
  const ordered_json place = report(trace)["destinations"][0];
  EXPECT_EQ(place["connect_ms"]["count"], 0);
  EXPECT_TRUE(place["connect_ms"]["p50"].is_null());
  EXPECT_TRUE(place["turn_ms"]["max"].is_null());
  EXPECT_TRUE(place["name"].is_null());
}

TEST(JsonReport, LossesByCause) {
  const ordered_json all = report(everything_lost());
  EXPECT_EQ(all["losses"], ordered_json({{"no_slot", 7}, {"ring_full", 12'345}}));
  EXPECT_EQ(all["destinations"], ordered_json::array());
}

TEST(JsonReport, HostileTextIsEscapedAscii) {
  const std::string text = json_report(summarise(hostile()), {});
  for (const char c : text) ASSERT_TRUE((c >= 0x20 && c < 0x7f) || c == '\n');
  EXPECT_THAT(text, ::testing::HasSubstr("\\u001b[31m"));
  EXPECT_TRUE(json::accept(text));
}

const std::vector<std::string> kColumns = {"id",
                                           "process_id",
                                           "tid",
                                           "fd",
                                           "cookie",
                                           "family",
                                           "protocol",
                                           "blocking",
                                           "peer_name",
                                           "peer_address",
                                           "peer_port",
                                           "local_address",
                                           "local_port",
                                           "resolution_id",
                                           "started_ns",
                                           "decided_ns",
                                           "noticed_ns",
                                           "first_send_ns",
                                           "first_receive_ns",
                                           "closed_ns",
                                           "outcome",
                                           "ending",
                                           "errno",
                                           "budget_ns",
                                           "budget_source",
                                           "waits",
                                           "expired_waits",
                                           "tcp_state",
                                           "syn_retransmits",
                                           "retransmits",
                                           "segs_out",
                                           "segs_in",
                                           "rtt_us",
                                           "bytes_sent",
                                           "bytes_received",
                                           "turns",
                                           "turn_total_ns",
                                           "turn_max_ns",
                                           "rttvar_us",
                                           "rto_us",
                                           "close_tcp_state",
                                           "close_rtt_us",
                                           "close_rto_us",
                                           "close_unacked",
                                           "close_lost",
                                           "close_backoff",
                                           "close_probes",
                                           "close_bytes_acked",
                                           "close_data_segs_in",
                                           "close_notsent_bytes",
                                           "close_delivered",
                                           "close_snd_mss",
                                           "close_pmtu",
                                           "close_last_ack_ms",
                                           "close_last_receive_ms",
                                           "tls",
                                           "idle_ns",
                                           "idle_answered_ns",
                                           "send_tcp_state",
                                           "interrupted",
                                           "fast_open",
                                           "reply_begun",
                                           "waited_out_ns",
                                           "asked_ns",
                                           "answered_ns",
                                           "close_out_of_order"};

TEST(JsonRows, HaveEveryColumnInOrder) {
  std::string line;
  append_json_row(line, incident().connections[0]);
  EXPECT_EQ(line.back(), '\n');
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  const auto row = ordered_json::parse(line);
  EXPECT_THAT(keys(row), ElementsAreArray(kColumns));
  EXPECT_EQ(row["outcome"], "connected");
  EXPECT_EQ(row["blocking"], false);
  EXPECT_TRUE(row["tls"].is_null());
  EXPECT_TRUE(row["errno"].is_null());
  EXPECT_EQ(row["started_ns"], kStart + kS);
}

TEST(JsonRows, BooleansAndLimits) {
  Trace trace;
  auto& row = trace.tcp(0, "10.0.0.1", 80);
  row.tls = true;
  row.id = INT64_MAX;
  row.cookie = INT64_MIN;
  row.error = 111;
  std::string line;
  append_json_row(line, row);
  const auto parsed = json::parse(line);
  EXPECT_EQ(parsed["tls"], true);
  EXPECT_EQ(parsed["id"], INT64_MAX);
  EXPECT_EQ(parsed["cookie"], INT64_MIN);
  EXPECT_EQ(parsed["errno"], 111);
}

TEST(JsonRows, ValidTextComesBackAsItWas) {
  for (const std::string text :
       {"", "a\"b\\c/\b\f\n\r\t\x01\x7f", "bücher 日本 🙂 \xe2\x80\xae"}) {
    std::string out;
    append_json_string(out, text);
    EXPECT_EQ(json::parse(out).get<std::string>(), text);
    for (const char c : out) EXPECT_TRUE(c >= 0x20 && c < 0x7f);
  }
}

TEST(JsonRows, RandomBytesAreAlwaysJson) {
  std::mt19937 random(5);
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (unsigned i = 0; i < random() % 12; ++i) text += static_cast<char>(random());
    std::string out;
    append_json_string(out, text);
    ASSERT_TRUE(json::accept(out)) << out;
    for (const char c : out) ASSERT_TRUE(c >= 0x20 && c < 0x7f);
  }
}

TEST(JsonReport, ADiagnosisHasItsRuleItsNumberAndWhatItExplains) {
  diagnose::Finding inside;
  inside.id = "E2";
  inside.rule = "SYNDROP";
  diagnose::Finding finding;
  finding.id = "E1";
  finding.rule = "BADADDR";
  finding.severity = diagnose::Severity::error;
  finding.confidence = diagnose::Confidence::medium;
  finding.subject = "db:5432";
  finding.count = 4;
  finding.of = 9;
  finding.summary = "One address is bad.";
  finding.evidence = {"a", "b"};
  finding.next_steps = {"look"};
  finding.connections = {7, 8};
  finding.connections_total = 4;
  finding.explained = {inside};
  const auto all = ordered_json::parse(json_report(summarise(healthy()), {finding}));
  ASSERT_EQ(all["diagnoses"].size(), 1U);
  const auto& said = all["diagnoses"][0];
  EXPECT_EQ(said["id"], "BADADDR");
  EXPECT_EQ(said["ref"], "E1");
  EXPECT_EQ(said["severity"], "error");
  EXPECT_EQ(said["confidence"], "medium");
  EXPECT_EQ(said["subject"], "db:5432");
  EXPECT_EQ(said["count"], 4);
  EXPECT_EQ(said["of"], 9);
  EXPECT_EQ(said["first_ns"], nullptr);
  EXPECT_EQ(said["evidence"], (ordered_json{"a", "b"}));
  EXPECT_EQ(said["connections"], (ordered_json{7, 8}));
  EXPECT_EQ(said["connections_total"], 4);
  EXPECT_EQ(said["explained"][0]["id"], "SYNDROP");
  EXPECT_EQ(said["explained"][0]["ref"], "E2");
}

}  // namespace
}  // namespace sockwatch::render
