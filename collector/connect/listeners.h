// The sockets a process listens on → a row each.
//
// A listener is known by its cookie, and by every number that means it: it ends with the last.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "collector/connect/observation.h"
#include "collector/connect/tracker.h"
#include "collector/store/rows.h"

namespace sockwatch::connect {

class Listeners {
 public:
  Listeners(std::int64_t process_id, Ids& ids) : process_id_(process_id), ids_(ids) {}

  void accepted(const Observation& o);  // accept gave a connection, or failed

  bool knows(int fd) const { return numbers_.contains(fd); }
  void duplicated(int from, int to);
  // The number means something else now, or nothing; `tcp`: the queue just before. Without `t_ns`
  // it happened unseen.
  void number_gone(int fd, store::OptInt t_ns, const std::optional<wire::TcpPicture>& tcp = {});
  void range_gone(std::uint32_t first, std::uint32_t last, store::Ns t_ns);
  void process_ended(store::Ns t_ns);

  // The rows that changed since the last call.
  std::vector<store::ListenerRow> take();

  auto fields() {  // after take()
    return fields_are(Skipped<std::int64_t>(), Skipped<Ids*>(), numbers_,
                      Skipped<std::vector<std::shared_ptr<Listener>>>());
  }
  void touch_all();  // every row counts as changed

 private:
  struct Listener {
    store::ListenerRow row;
    std::uint64_t cookie = 0;
    int numbers = 1;
    bool changed = false;
    auto fields() { return fields_are(row, cookie, numbers, changed); }
  };

  Listener& find_or_create(const Observation& o);
  void look(Listener& listener, const Observation& o);
  static void count_picture(store::ListenerRow& row, const wire::TcpPicture& tcp, store::Ns t_ns,
                            bool taken);
  void changed(const std::shared_ptr<Listener>& listener);

  std::int64_t process_id_;
  Ids& ids_;
  std::map<int, std::shared_ptr<Listener>> numbers_;
  std::vector<std::shared_ptr<Listener>> changed_;
};

}  // namespace sockwatch::connect
