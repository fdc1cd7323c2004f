#include "collector/connect/races.h"

#include <cstdlib>

namespace sockwatch::connect {

void Races::won(const store::ConnectionRow& row, std::uint32_t noticed_by) {
  const store::Ns now = row.noticed_ns.value_or(0);
  while (!wins_.empty() &&
         (wins_.size() >= kRemembered || wins_.front().noticed_ns < now - kPrompt)) {
    wins_.pop_front();
  }
  if (!row.peer_port || row.protocol == "udp") return;  // UDP needs no answer to win
  wins_.push_back({row.id, row.family, row.protocol, row.peer_name, row.peer_address, row.peer_port,
                   row.resolution_id, row.started_ns, now, static_cast<std::uint32_t>(row.tid),
                   noticed_by});
}

bool Races::siblings(const Win& win, const store::ConnectionRow& row) {
  if (win.id == row.id || win.port != row.peer_port || win.address == row.peer_address ||
      win.protocol != row.protocol) {
    return false;
  }
  if (win.name && win.name == row.peer_name) return true;
  if (win.resolution_id && win.resolution_id == row.resolution_id) return true;
  const bool no_lookup = !win.resolution_id && !row.resolution_id;
  return no_lookup && win.connected_by == row.tid && win.family != row.family;
}

bool Races::lost(const store::ConnectionRow& row, const Loss& loss) const {
  int found = 0;
  bool last_of_thread_is_sibling = false;
  bool thread_seen = false;
  for (auto win = wins_.rbegin(); win != wins_.rend(); ++win) {
    if (win->noticed_ns < loss.closed_ns - kPrompt) break;
    const bool sibling = siblings(*win, row) && win->noticed_ns >= row.started_ns &&
                         win->noticed_ns <= loss.closed_ns &&
                         std::abs(win->started_ns - row.started_ns) <= kStagger &&
                         loss.last_expired_ns <= win->noticed_ns;
    if (sibling) ++found;
    if (!thread_seen && win->noticed_by == loss.tid) {
      thread_seen = true;
      last_of_thread_is_sibling = sibling;
    }
  }
  return found == 1 || last_of_thread_is_sibling;
}

}  // namespace sockwatch::connect
