// Everything a Tracker knows of its process. Events are applied by group:
// state_connect.cpp what decides and fills a connection, state_descriptors.cpp what happens to the
// numbers, state_waits.cpp waiting.
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "collector/connect/failed_calls.h"
#include "collector/connect/listeners.h"
#include "collector/connect/names.h"
#include "collector/connect/races.h"
#include "collector/connect/sockets.h"
#include "collector/connect/tracker.h"
#include "collector/connect/waits.h"

namespace sockwatch::connect {

struct Tracker::State {
  State(std::int64_t process, Ids& counters, Options wanted)
      : process_id(process),
        ids(counters),
        options(wanted),
        listeners_(process, counters),
        failed_calls_(process, counters) {}

  std::int64_t process_id;
  Ids& ids;
  Options options;
  std::uint64_t orphans = 0;

  void apply(const Observation& o);
  void missed(std::int64_t until_ns);
  void process_ended(std::int64_t t_ns, End how);
  Changes take();

  // Rows wait in changes_ and dirty_ only until they are taken, and that comes first.
  auto fields() {
    return fields_are(Skipped<std::int64_t>(), Skipped<Ids*>(), Skipped<Options>(), orphans,
                      sockets_, names_, races_, listeners_, failed_calls_, logs_,
                      Skipped<Changes>(), Skipped<std::vector<std::shared_ptr<Attempt>>>(),
                      running_lookups_, orphaned_calls_, missing_until_ns_);
  }
  void touch_all();  // every attempt under way counts as changed

 private:
  // --- state_connect.cpp ---
  void on_connect(const Observation& o);
  void on_connect_begin(const Observation& o);
  void on_connect_end(const Observation& o);
  void judge(Socket& socket, Attempt& attempt, const Observation& o, store::Ns began_ns);
  void disconnect(Socket& socket, const Observation& o);  // connect to AF_UNSPEC
  void on_getsockopt(const Observation& o);
  void on_getpeername(const Observation& o);
  void on_transfer(const Observation& o);
  void transferred(Socket& socket, const Observation& o);
  void transfer_failed(Socket& socket, const Observation& o);
  void on_shutdown(const Observation& o);
  void succeed(Socket& socket, Attempt& attempt, const Observation& o);
  std::shared_ptr<Attempt> new_attempt(const Observation& o, store::Ns started_ns);
  void start_attempt(Socket& socket, const Observation& o, store::Ns started_ns);

  // --- state_descriptors.cpp ---
  void on_socket(const Observation& o);
  void on_accept(const Observation& o);
  void on_setsockopt(const Observation& o);
  void on_duplicate(const Observation& o, int to);
  void on_overwrite(const Observation& o);  // dup2, dup3
  void on_close(const Observation& o);
  struct Gone {
    std::optional<store::Ns> t_ns;  // empty: it happened unseen
    std::uint32_t tid = 0;
    Picture tcp;
  };
  void number_gone(int fd, const Gone& gone);
  void number_is_new(int fd);   // a call returned it: whatever it meant before is over
  void set_gone(int epoll_fd);  // the number means something else now, or another set
  void end_attempt(Socket& socket, const Gone& gone);

  // --- state_waits.cpp ---
  void on_wait(const Observation& o);
  void on_epoll_wait(const Observation& o);
  void on_epoll_ctl(const Observation& o);
  store::OptInt only_member(int epoll_fd) const;  // the connection that is alone in a set
  void count_wait(Attempt& attempt, const Observation& o, const wire::WaitEntry& entry);
  void read_logs(Socket& socket);    // epoll waits since the last look → the attempt
  void forget_logs(Socket& socket);  // a phase begins: what was waited before does not count
  void read_log(Attempt& attempt, WaitLogs::Key key, WaitLog::Mark& mark);
  std::optional<store::Ns> last_ready(const Socket& socket, std::uint32_t tid) const;
  void add_wait_row(Attempt& attempt, const Expiry& wait, std::int64_t result = 0);

  // --- state.cpp ---
  void on_lookup(const Observation& o);
  void leave_lookup(std::uint64_t key, std::int64_t t_ns);
  // The socket an event names, its logs read; null and counted if there is none.
  Socket* known(const Observation& o);
  void changed(const std::shared_ptr<Attempt>& attempt);
  void record_call(const Observation& o);

  Sockets sockets_;
  Names names_;
  Races races_;
  Listeners listeners_;
  FailedCalls failed_calls_;
  WaitLogs logs_;
  Changes changes_;
  std::vector<std::shared_ptr<Attempt>> dirty_;

  std::unordered_map<std::uint64_t, Observation> running_lookups_;  // by lookup_key
  // Threads inside a connect whose descriptor another thread closed: thread → number. The call's
  // end means a socket that is gone.
  std::unordered_map<std::uint32_t, int> orphaned_calls_;
  std::int64_t missing_until_ns_ = 0;
};

}  // namespace sockwatch::connect
