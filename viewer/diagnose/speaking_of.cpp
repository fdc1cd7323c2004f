#include "viewer/diagnose/speaking_of.h"

#include <algorithm>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace sockwatch::diagnose {
namespace {

using Kind = std::tuple<store::OptText, store::OptText, store::OptInt, std::string, std::string,
                        store::OptText>;

Kind kind_of(const store::ConnectionRow& row) {
  return {row.peer_name, row.peer_address, row.peer_port, row.protocol, row.outcome, row.ending};
}

// Each is looked for in the trace by itself, which takes time in a long one.
constexpr std::size_t kReadOfMany = 16;

bool names_all(const Finding& finding) {
  return std::cmp_equal(finding.connections.size(), finding.connections_total);
}

template <typename See>
void for_each(const std::vector<Finding>& findings, See&& see) {
  for (const Finding& finding : findings) {
    see(finding);
    for_each(finding.explained, see);
  }
}

}  // namespace

Result<std::vector<Finding>> speaking_of(std::vector<Finding> findings, const store::Reader& reader,
                                         const store::Filter& filter) {
  std::unordered_set<std::int64_t> named;
  std::unordered_set<std::int64_t> of_many;  // named by those that have more
  for_each(findings, [&](const Finding& finding) {
    named.insert(finding.connections.begin(), finding.connections.end());
    if (names_all(finding)) return;
    const auto& ids = finding.connections;
    const auto read = static_cast<std::ptrdiff_t>(std::min(ids.size(), kReadOfMany));
    of_many.insert(ids.begin(), ids.begin() + read);
  });
  std::unordered_map<std::int64_t, Kind> kinds;  // by id, of those
  for (const std::int64_t id : of_many) {
    const auto row = reader.connection(id);
    if (!row) return row.error();
    if (*row) kinds.emplace(id, kind_of(**row));
  }
  std::unordered_set<std::int64_t> passing;
  std::set<Kind> passing_kinds;
  const Status read = reader.connections(filter, [&](const store::ConnectionRow& row) {
    if (named.contains(row.id)) passing.insert(row.id);
    if (!kinds.empty()) passing_kinds.insert(kind_of(row));
    return true;
  });
  if (!read) return read.error();
  const auto passes = [&](const Finding& finding) {
    return std::ranges::any_of(finding.connections, [&](std::int64_t id) {
      if (passing.contains(id)) return true;
      const auto kind = kinds.find(id);
      return !names_all(finding) && kind != kinds.end() && passing_kinds.contains(kind->second);
    });
  };
  std::erase_if(findings, [&](const Finding& finding) {
    bool any = false;
    for_each({finding}, [&](const Finding& one) { any = any || passes(one); });
    return !any;
  });
  return findings;
}

}  // namespace sockwatch::diagnose
