#include "viewer/render/json_diagnoses.h"

namespace sockwatch::render {
namespace {

using Json = nlohmann::ordered_json;
using diagnose::Finding;

Json or_null(const store::OptInt& value) { return value ? Json(*value) : Json(nullptr); }

Json diagnosis(const Finding& finding) {
  return {{"id", finding.rule},
          {"ref", finding.id},
          {"severity", diagnose::word(finding.severity)},
          {"confidence", diagnose::word(finding.confidence)},
          {"subject", finding.subject},
          {"count", finding.count},
          {"of", finding.of},
          {"first_ns", or_null(finding.first_ns)},
          {"last_ns", or_null(finding.last_ns)},
          {"summary", finding.summary},
          {"evidence", finding.evidence},
          {"excluded", finding.excluded},
          {"next_steps", finding.next_steps},
          {"connections", finding.connections},
          {"connections_total", finding.connections_total},
          {"resolutions", finding.resolutions},
          {"resolutions_total", finding.resolutions_total},
          {"explained", json_diagnoses(finding.explained)}};
}

}  // namespace

Json json_diagnoses(const std::vector<Finding>& findings) {
  Json list = Json::array();
  for (const Finding& finding : findings) list.push_back(diagnosis(finding));
  return list;
}

}  // namespace sockwatch::render
