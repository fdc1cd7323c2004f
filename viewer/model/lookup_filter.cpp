#include "viewer/model/lookup_filter.h"

#include <algorithm>
#include <string_view>

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

}  // namespace

LookupFilter::LookupFilter(const store::Filter& filter, const store::Reader& reader,
                           const std::vector<store::ProcessRow>& processes)
    : filter_(filter), reader_(reader) {
  if (!filter.exe) return;
  for (const auto& process : processes) {
    if (process.exe && reader.original(*process.exe).find(*filter.exe) != std::string::npos) {
      wanted_.insert(process.id);
    }
  }
}

bool LookupFilter::accepts_process(std::int64_t process_id) const {
  return !filter_.exe || wanted_.contains(process_id);
}

bool LookupFilter::accepts(const store::ResolutionRow& row) const {
  if (filter_.since_ns && row.started_ns < *filter_.since_ns) return false;
  if (!accepts_process(row.process_id)) return false;
  if (!filter_.destination) return true;
  const std::string host = lower(host_part(*filter_.destination));
  const auto matches = [&](const std::string& word) {
    return lower(reader_.original(word)).find(host) != std::string::npos;
  };
  if (row.name && matches(*row.name)) return true;
  for (std::size_t begin = 0; begin < row.addresses.size();) {
    const std::size_t end = std::min(row.addresses.find(' ', begin), row.addresses.size());
    if (matches(row.addresses.substr(begin, end - begin))) return true;
    begin = end + 1;
  }
  return false;
}

}  // namespace sockwatch::model
