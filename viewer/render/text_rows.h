// `connections`: one line an attempt, columns that do not move, no spaces inside a column but the
// last, so that grep, awk and sort work on it.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "collector/store/rows.h"
#include "viewer/render/style.h"
#include "viewer/render/wall_clock.h"

namespace sockwatch::render {

class TextRows {
 public:
  TextRows(const std::vector<store::ProcessRow>& processes, WallClock clock, TextStyle style);

  void append_heading(std::string& out) const;
  void append(std::string& out, const store::ConnectionRow& row) const;

  // "curl/4711  payments.internal,10.0.7.13:443"
  std::string who_and_where(const store::ConnectionRow& row) const;

 private:
  std::unordered_map<std::int64_t, std::string> processes_;  // id → "curl/4711"
  WallClock clock_;
  TextStyle style_;
};

}  // namespace sockwatch::render
