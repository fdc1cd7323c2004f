#include "viewer/model/load.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace sockwatch::model {
namespace {

// "host:port" and "[::1]:443" name a host; of a lookup only that part can match.
std::string_view host_part(std::string_view destination) {
  if (destination.starts_with('[')) {
    const auto end = destination.find(']');
    if (end != std::string_view::npos) return destination.substr(1, end - 1);
  }
  const auto colon = destination.find(':');
  if (colon != std::string_view::npos &&
      destination.find(':', colon + 1) == std::string_view::npos) {
    return destination.substr(0, colon);
  }
  return destination;
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

class LookupFilter {
 public:
  LookupFilter(const store::Filter& filter, const std::vector<store::ProcessRow>& processes)
      : filter_(filter) {
    if (!filter.exe) return;
    for (const auto& process : processes) {
      if (process.exe && process.exe->find(*filter.exe) != std::string::npos) {
        wanted_[process.id] = true;
      }
    }
  }

  bool from_wanted(std::int64_t process_id) const {
    return !filter_.exe || wanted_.contains(process_id);
  }

  bool accepts(const store::ResolutionRow& row) const {
    if (filter_.since_ns && row.started_ns < *filter_.since_ns) return false;
    if (!from_wanted(row.process_id)) return false;
    if (!filter_.destination) return true;
    const std::string host = lower(host_part(*filter_.destination));
    return (row.name && lower(*row.name).find(host) != std::string::npos) ||
           lower(row.addresses).find(host) != std::string::npos;
  }

 private:
  const store::Filter& filter_;
  std::unordered_map<std::int64_t, bool> wanted_;
};

}  // namespace

bool is_empty(const store::Filter& filter) {
  return !filter.destination && !filter.exe && !filter.outcome && !filter.since_ns &&
         !filter.min_connect_ns;
}

Result<Summary> load_summary(const store::Reader& reader, const store::Filter& filter) {
  SummaryBuilder builder;
  auto trace = reader.trace();
  if (!trace) return trace.error();
  builder.set_trace(std::move(*trace));
  const auto processes = reader.processes();
  if (!processes) return processes.error();
  for (const auto& process : *processes) builder.add(process);
  const auto losses = reader.losses();
  if (!losses) return losses.error();
  for (const auto& loss : *losses) builder.add(loss);
  const Status connections = reader.connections(filter, [&](const store::ConnectionRow& row) {
    builder.add(row);
    return true;
  });
  if (!connections) return connections.error();
  const LookupFilter lookups(filter, *processes);
  const Status resolutions = reader.resolutions([&](const store::ResolutionRow& row) {
    if (lookups.accepts(row)) builder.add(row);
    return true;
  });
  if (!resolutions) return resolutions.error();
  auto listeners = reader.listeners();
  if (!listeners) return listeners.error();
  std::erase_if(*listeners, [&](const auto& row) { return !lookups.from_wanted(row.process_id); });
  Summary summary = builder.finish(!is_empty(filter));
  summary.listeners = std::move(*listeners);
  return summary;
}

Result<store::OptInt> first_moment(const store::Reader& reader) {
  store::OptInt first;
  const auto processes = reader.processes();
  if (!processes) return processes.error();
  for (const auto& process : *processes) {
    if (process.started_ns)
      first = std::min(first.value_or(*process.started_ns), *process.started_ns);
  }
  if (first) return first;
  const Status read = reader.connections({}, [&](const store::ConnectionRow& row) {
    first = row.started_ns;
    return false;
  });
  if (!read) return read.error();
  return first;
}

}  // namespace sockwatch::model
