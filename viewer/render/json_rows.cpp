#include "viewer/render/json_rows.h"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <iterator>

#include "viewer/render/clean_text.h"

namespace sockwatch::render {
namespace {

class Object {
 public:
  explicit Object(std::string& out) : out_(out) { out_ += '{'; }

  void add(std::string_view key, std::int64_t value) {
    begin(key);
    fmt::format_to(std::back_inserter(out_), FMT_COMPILE("{}"), value);
  }
  void add(std::string_view key, bool value) {
    begin(key);
    out_ += value ? "true" : "false";
  }
  void add(std::string_view key, const std::string& value) {
    begin(key);
    append_json_string(out_, value);
  }
  template <typename T>
  void add(std::string_view key, const std::optional<T>& value) {
    if (value) {
      add(key, *value);
    } else {
      begin(key);
      out_ += "null";
    }
  }
  void end() { out_ += "}\n"; }

 private:
  void begin(std::string_view key) {
    if (!first_) out_ += ',';
    first_ = false;
    out_ += '"';
    out_ += key;
    out_ += "\":";
  }

  std::string& out_;
  bool first_ = true;
};

void append_unit(std::string& out, char32_t unit) {
  fmt::format_to(std::back_inserter(out), FMT_COMPILE("\\u{:04x}"),
                 static_cast<std::uint32_t>(unit));
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const char byte = text.front();
    if (byte >= 0x20 && byte < 0x7F) {
      if (byte == '"' || byte == '\\') out += '\\';
      out += byte;
      text.remove_prefix(1);
      continue;
    }
    const Character c = first_character(text);
    if (c.length == 0) {
      append_unit(out, 0xFFFD);
      text.remove_prefix(1);
      continue;
    }
    if (c.code >= 0x10000) {
      append_unit(out, 0xD800 + ((c.code - 0x10000) >> 10));
      append_unit(out, 0xDC00 + ((c.code - 0x10000) & 0x3FF));
    } else {
      append_unit(out, c.code);
    }
    text.remove_prefix(c.length);
  }
  out += '"';
}

void append_json_row(std::string& out, const store::ConnectionRow& row) {
  Object object(out);
  object.add("id", row.id);
  object.add("process_id", row.process_id);
  object.add("tid", row.tid);
  object.add("fd", row.fd);
  object.add("cookie", row.cookie);
  object.add("family", row.family);
  object.add("protocol", row.protocol);
  object.add("blocking", row.blocking);
  object.add("peer_name", row.peer_name);
  object.add("peer_address", row.peer_address);
  object.add("peer_port", row.peer_port);
  object.add("local_address", row.local_address);
  object.add("local_port", row.local_port);
  object.add("resolution_id", row.resolution_id);
  object.add("started_ns", row.started_ns);
  object.add("decided_ns", row.decided_ns);
  object.add("noticed_ns", row.noticed_ns);
  object.add("first_send_ns", row.first_send_ns);
  object.add("first_receive_ns", row.first_receive_ns);
  object.add("closed_ns", row.closed_ns);
  object.add("outcome", row.outcome);
  object.add("ending", row.ending);
  object.add("errno", row.error);
  object.add("budget_ns", row.budget_ns);
  object.add("budget_source", row.budget_source);
  object.add("waits", row.waits);
  object.add("expired_waits", row.expired_waits);
  object.add("tcp_state", row.tcp_state);
  object.add("syn_retransmits", row.syn_retransmits);
  object.add("retransmits", row.retransmits);
  object.add("segs_out", row.segs_out);
  object.add("segs_in", row.segs_in);
  object.add("rtt_us", row.rtt_us);
  object.add("bytes_sent", row.bytes_sent);
  object.add("bytes_received", row.bytes_received);
  object.add("turns", row.turns);
  object.add("turn_total_ns", row.turn_total_ns);
  object.add("turn_max_ns", row.turn_max_ns);
  object.add("rttvar_us", row.rttvar_us);
  object.add("rto_us", row.rto_us);
  object.add("close_tcp_state", row.close_tcp_state);
  object.add("close_rtt_us", row.close_rtt_us);
  object.add("close_rto_us", row.close_rto_us);
  object.add("close_unacked", row.close_unacked);
  object.add("close_lost", row.close_lost);
  object.add("close_backoff", row.close_backoff);
  object.add("close_probes", row.close_probes);
  object.add("close_bytes_acked", row.close_bytes_acked);
  object.add("close_data_segs_in", row.close_data_segs_in);
  object.add("close_notsent_bytes", row.close_notsent_bytes);
  object.add("close_delivered", row.close_delivered);
  object.add("close_snd_mss", row.close_snd_mss);
  object.add("close_pmtu", row.close_pmtu);
  object.add("close_last_ack_ms", row.close_last_ack_ms);
  object.add("close_last_receive_ms", row.close_last_receive_ms);
  object.add("tls", row.tls);
  object.add("idle_ns", row.idle_ns);
  object.add("idle_answered_ns", row.idle_answered_ns);
  object.add("send_tcp_state", row.send_tcp_state);
  object.add("interrupted", row.interrupted);
  object.add("fast_open", row.fast_open);
  object.add("reply_begun", row.reply_begun);
  object.add("waited_out_ns", row.waited_out_ns);
  object.add("asked_ns", row.asked_ns);
  object.add("answered_ns", row.answered_ns);
  object.add("close_out_of_order", row.close_out_of_order);
  object.end();
}

}  // namespace sockwatch::render
