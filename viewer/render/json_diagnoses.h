// `diagnoses[]` of `report --json`, its shape is in README.md. Private to this folder.
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "viewer/diagnose/finding.h"

namespace sockwatch::render {

nlohmann::ordered_json json_diagnoses(const std::vector<diagnose::Finding>& findings);

}  // namespace sockwatch::render
