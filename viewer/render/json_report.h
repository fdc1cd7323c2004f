// `report --json`: one object, its shape is in README.md.
#pragma once

#include <string>
#include <vector>

#include "viewer/diagnose/finding.h"
#include "viewer/model/summary.h"

namespace sockwatch::render {

inline constexpr char kReportSchema[] = "sockwatch-report/1";

// ASCII only (everything else is escaped), ends with a newline. Bytes that are not UTF-8 become
// U+FFFD.
std::string json_report(const model::Summary& summary,
                        const std::vector<diagnose::Finding>& findings);

}  // namespace sockwatch::render
