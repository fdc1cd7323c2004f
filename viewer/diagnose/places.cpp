#include "viewer/diagnose/places.h"

#include <fmt/format.h>

namespace sockwatch::diagnose {
namespace {

std::string_view text(const store::OptText& value) {
  return value ? std::string_view(*value) : std::string_view();
}

std::size_t hash_of(const store::ConnectionRow& row) {
  const std::hash<std::string_view> hash;
  std::size_t result = hash(text(row.peer_address));
  result = result * 31 + hash(text(row.peer_name));
  result = result * 31 + static_cast<std::size_t>(row.peer_port.value_or(-1));
  return result * 31 + (row.protocol.empty() ? 0 : static_cast<unsigned char>(row.protocol[0]));
}

bool is(const Place& place, const store::ConnectionRow& row) {
  return place.port == row.peer_port && place.address == text(row.peer_address) &&
         place.name == row.peer_name && place.protocol == row.protocol;
}

// Last part of a path.
std::string_view base_name(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string program_name(const store::ProcessRow& row) {
  if (row.exe && !row.exe->empty()) return std::string(base_name(*row.exe));
  if (row.command_line && !row.command_line->empty()) {
    const std::string_view line = *row.command_line;
    return std::string(base_name(line.substr(0, line.find(' '))));
  }
  return fmt::format("pid {}", row.pid);
}

}  // namespace

std::string endpoint_label(std::string_view host, const store::OptInt& port,
                           std::string_view protocol) {
  if (!port) return std::string(host.empty() ? std::string_view("an unknown address") : host);
  const bool brackets = host.find(':') != std::string_view::npos;
  const bool plain = protocol.empty() || protocol == "tcp";
  return fmt::format("{}{}{}:{}{}{}", brackets ? "[" : "", host, brackets ? "]" : "", *port,
                     plain ? "" : "/", plain ? "" : protocol);
}

std::optional<PlaceId> Places::of(const store::ConnectionRow& row) {
  const std::size_t hash = hash_of(row);
  const auto [first, last] = ids_.equal_range(hash);
  for (auto it = first; it != last; ++it) {
    if (is(places_[it->second], row)) return it->second;
  }
  if (places_.size() >= kLimit) return std::nullopt;
  const PlaceId id = add(row);
  ids_.emplace(hash, id);
  return id;
}

PlaceId Places::add(const store::ConnectionRow& row) {
  Place place;
  place.name = row.peer_name;
  place.address = text(row.peer_address);
  place.port = row.peer_port;
  place.protocol = row.protocol;
  place.endpoint = endpoint_label(place.address, place.port, place.protocol);
  const std::string label =
      place.name ? endpoint_label(*place.name, place.port, place.protocol) : place.endpoint;
  const auto [service, is_new] =
      service_ids_.try_emplace(label, static_cast<ServiceId>(services_.size()));
  if (is_new) {
    services_.push_back(label);
    fared_.emplace_back();
  }
  place.service = service->second;
  places_.push_back(std::move(place));
  return static_cast<PlaceId>(places_.size() - 1);
}

std::optional<ServiceId> Places::find_service(std::string_view label) const {
  const auto found = service_ids_.find(std::string(label));
  if (found == service_ids_.end()) return std::nullopt;
  return found->second;
}

void Programs::add(const store::ProcessRow& row) {
  const std::string file = row.exe && !row.exe->empty() ? *row.exe : program_name(row);
  const auto [program, is_new] = by_file_.try_emplace(file, static_cast<ProgramId>(names_.size()));
  if (is_new) names_.push_back(program_name(row));
  ids_[row.id] = program->second;
  processes_[row.id] = row;
}

ProgramId Programs::of(std::int64_t process_id) const {
  const auto found = ids_.find(process_id);
  return found == ids_.end() ? kUnknown : found->second;
}

const store::ProcessRow* Programs::process(std::int64_t process_id) const {
  const auto found = processes_.find(process_id);
  return found == processes_.end() ? nullptr : &found->second;
}

}  // namespace sockwatch::diagnose
