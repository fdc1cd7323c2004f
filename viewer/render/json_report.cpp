#include "viewer/render/json_report.h"

#include <nlohmann/json.hpp>

#include "viewer/model/coverage.h"
#include "viewer/render/json_diagnoses.h"

namespace sockwatch::render {
namespace {

using Json = nlohmann::ordered_json;
using model::Summary;

template <typename T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json milliseconds(const store::OptInt& ns) {
  return ns ? Json(static_cast<double>(*ns) / 1e6) : Json(nullptr);
}

Json quantiles(const model::Histogram& times) {
  return {{"count", times.count()},
          {"p50", milliseconds(times.quantile(0.5))},
          {"p90", milliseconds(times.quantile(0.9))},
          {"p99", milliseconds(times.quantile(0.99))},
          {"max", milliseconds(times.largest())}};
}

// Quantiles of the means of connections, but the longest single turn, which is what people look
// for.
Json turns(const model::Tally& tally) {
  Json result = quantiles(tally.turn);
  if (tally.turn.count() > 0) result["max"] = milliseconds(tally.longest_turn);
  result["turns"] = tally.turns;
  return result;
}

Json process(const store::ProcessRow& row) {
  return {{"id", row.id},
          {"pid", row.pid},
          {"ppid", or_null(row.ppid)},
          {"start_ticks", or_null(row.start_ticks)},
          {"exe", or_null(row.exe)},
          {"command_line", or_null(row.command_line)},
          {"uid", or_null(row.uid)},
          {"started_ns", or_null(row.started_ns)},
          {"ended_ns", or_null(row.ended_ns)},
          {"exit_status", or_null(row.exit_status)},
          {"coverage", row.coverage}};
}

Json destination(const model::Destination& place) {
  const model::Tally& tally = place.tally;
  Json result = {{"name", or_null(place.name)}, {"address", or_null(place.address)},
                 {"port", or_null(place.port)}, {"protocol", place.protocol},
                 {"attempts", tally.attempts},  {"failures", tally.failures()}};
  Json outcomes = Json::object();
  for (std::size_t i = 0; i < model::kOutcomeWords.size(); ++i) {
    outcomes[std::string(model::kOutcomeWords[i])] = tally.outcomes[i];
  }
  Json endings = Json::object();
  for (std::size_t i = 0; i < model::kEndingWords.size(); ++i) {
    endings[std::string(model::kEndingWords[i])] = tally.endings[i];
  }
  // `reset` is a word of both; at this level it is the outcome, whose keys go in last.
  result.update(endings);
  result.update(outcomes);
  result["outcomes"] = std::move(outcomes);
  result["endings"] = std::move(endings);
  result["unrecognised"] = tally.unrecognised;
  result["others"] = place.others;
  result["connect_ms"] = quantiles(tally.connect);
  result["handshake_ms"] = quantiles(tally.handshake);
  result["first_byte_ms"] = quantiles(tally.first_byte);
  result["turn_ms"] = turns(tally);
  result["syn_retransmits"] = tally.syn_retransmits;
  result["retransmits"] = tally.retransmits;
  return result;
}

Json resolution(const model::Lookup& lookup) {
  Json errors = Json::array();
  for (const auto& [error, count] : lookup.errors) {
    errors.push_back({{"result", error.first}, {"errno", or_null(error.second)}, {"count", count}});
  }
  return {{"name", or_null(lookup.name)},
          {"others", lookup.others},
          {"count", lookup.count},
          {"failures", lookup.failures},
          {"ms", quantiles(lookup.duration)},
          {"errors", std::move(errors)}};
}

Json listener(const store::ListenerRow& row) {
  return {{"id", row.id},
          {"process_id", row.process_id},
          {"fd", row.fd},
          {"family", row.family},
          {"protocol", row.protocol},
          {"local_address", or_null(row.local_address)},
          {"local_port", or_null(row.local_port)},
          {"backlog", or_null(row.backlog)},
          {"started_ns", row.started_ns},
          {"closed_ns", or_null(row.closed_ns)},
          {"accepts", row.accepts},
          {"failures", row.failures},
          {"accept_gap_max_ns", or_null(row.accept_gap_max_ns)},
          {"pictures", row.pictures},
          {"queue_max", or_null(row.queue_max)},
          {"queue_limit", or_null(row.queue_limit)},
          {"full", row.full},
          {"first_full_ns", or_null(row.first_full_ns)},
          {"last_full_ns", or_null(row.last_full_ns)}};
}

Json not_seen(const store::ProcessRow& row) {
  const model::Reason reason = model::why_not_seen(row.coverage);
  return {{"process_id", row.id},     {"pid", row.pid},        {"exe", or_null(row.exe)},
          {"coverage", row.coverage}, {"reason", reason.what}, {"next_step", reason.next_step}};
}

}  // namespace

std::string json_report(const Summary& summary, const std::vector<diagnose::Finding>& findings) {
  Json report = {{"schema", kReportSchema}};
  report["trace"] = Json::object();
  for (const auto& [key, value] : summary.trace) report["trace"][key] = value;
  report["processes"] = Json::array();
  for (const auto& row : summary.processes) report["processes"].push_back(process(row));
  report["destinations"] = Json::array();
  for (const auto& place : summary.destinations) {
    report["destinations"].push_back(destination(place));
  }
  report["resolutions"] = Json::array();
  for (const auto& lookup : summary.lookups) report["resolutions"].push_back(resolution(lookup));
  report["listeners"] = Json::array();
  for (const auto& row : summary.listeners) report["listeners"].push_back(listener(row));
  report["diagnoses"] = json_diagnoses(findings);
  report["losses"] = Json::object();
  for (const auto& [cause, count] : summary.losses) report["losses"][cause] = count;
  report["not_seen"] = Json::array();
  for (const auto* row : summary.not_seen()) report["not_seen"].push_back(not_seen(*row));
  return report.dump(2, ' ', true, Json::error_handler_t::replace) + "\n";
}

}  // namespace sockwatch::render
