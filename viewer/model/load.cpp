#include "viewer/model/load.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "viewer/model/lookup_filter.h"

namespace sockwatch::model {

bool is_empty(const store::Filter& filter) {
  return !filter.destination && !filter.exe && !filter.outcome && !filter.since_ns &&
         !filter.min_connect_ns && !filter.may_have_failed;
}

bool by_course(const store::Filter& filter) { return filter.outcome || filter.min_connect_ns; }

Result<Summary> load_summary(const store::Reader& reader, const store::Filter& filter) {
  return load_summary(reader, filter, [&](SummaryBuilder& builder) -> Status {
    Status connections = reader.connections(filter, [&](const store::ConnectionRow& row) {
      builder.add(row);
      return true;
    });
    if (!connections) return connections;
    const auto processes = reader.processes();
    if (!processes) return processes.error();
    const LookupFilter chosen(filter, reader, *processes);
    return reader.resolutions([&](const store::ResolutionRow& row) {
      if (chosen.accepts(row)) builder.add(row);
      return true;
    });
  });
}

Result<Summary> load_summary(const store::Reader& reader, const store::Filter& filter,
                             const std::function<Status(SummaryBuilder&)>& add_all) {
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
  if (const Status added = add_all(builder); !added) return added.error();
  auto listeners = reader.listeners();
  if (!listeners) return listeners.error();
  const LookupFilter chosen(filter, reader, *processes);
  std::erase_if(*listeners,
                [&](const auto& row) { return !chosen.accepts_process(row.process_id); });
  Summary summary = builder.finish(!is_empty(filter));
  summary.by_course = by_course(filter);
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
