// Tests of the state machine read like what a program did:
//
//   Story story;
//   story.connect(3, "10.0.0.1", 80).in_progress();
//   story.poll(3, 2000).expires();
//   story.close(3, syn_sent(1));
//   EXPECT_EQ(story.row().outcome, "timed_out_caller");
//
// Time passes only by what is said: a call takes `kCall` unless it says otherwise. Fields are
// filled as the library fills them (which events carry a picture, an endpoint, a start).
#pragma once

#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "collector/connect/tracker.h"

namespace sockwatch::connect::testing {

inline constexpr int kFd = 3;  // of most sockets in these stories
inline constexpr int kEpoll = 9;
inline constexpr std::int64_t kMs = 1'000'000;
inline constexpr std::int64_t kCall = 20'000;  // 20 us

using Tcp = std::optional<wire::TcpPicture>;
wire::TcpPicture picture(std::uint8_t state);
wire::TcpPicture syn_sent(std::uint32_t resent = 0);                  // nothing came back
wire::TcpPicture established(std::uint32_t syn_resent = 0);           // rtt 300 us
wire::TcpPicture talked(std::uint64_t sent, std::uint64_t received);  // established, all acked
wire::TcpPicture closed_by_reset();                                   // CLOSE after SYN and RST
wire::TcpPicture wiped(std::uint8_t retransmits = 0);  // CLOSE, taken apart by the kernel

class Story;

// A connect whose end is still to be told.
class ConnectWord {
 public:
  ConnectWord(Story& story, Observation call) : story_(story), call_(std::move(call)) {}
  ConnectWord& blocking(bool begin_event = true);
  ConnectWord& udp();
  ConnectWord& cookie(std::uint64_t value);
  ConnectWord& by(std::uint32_t tid);
  ConnectWord& took(std::int64_t ms);
  ConnectWord& local(const std::string& address, std::uint16_t port);

  void in_progress();
  void succeeds(const Tcp& tcp = established());
  void fails(int error, const Tcp& tcp = std::nullopt);
  void never_returns();

 private:
  void begin();
  void end(std::int64_t result, int error, const Tcp& tcp);
  Story& story_;
  Observation call_;
  bool blocking_ = false;
  bool begin_event_ = false;
};

class WaitWord {
 public:
  WaitWord(Story& story, Observation call) : story_(story), call_(std::move(call)) {}
  WaitWord& by(std::uint32_t tid);
  WaitWord& started_ms_ago(std::int64_t ms);  // before the clock's now: the wait overlaps
  void expires();                             // after its whole time
  void ready(std::uint16_t revents, std::int64_t after_ms = 1);
  void returns_others(std::int64_t after_ms = 1);  // something else was ready

 private:
  Story& story_;
  Observation call_;
  std::int64_t earlier_ns_ = 0;
};

class Story {
 public:
  explicit Story(Options options = {}) : options_(options), tracker_(7, ids_, options) {}

  void pass(std::int64_t ms) { now_ += ms * kMs; }
  std::int64_t now() const { return now_; }
  std::uint32_t thread = 100;  // who acts

  // --- calls ---
  ConnectWord connect(int fd, const std::string& address, std::uint16_t port);
  ConnectWord connect_unix(int fd, const std::string& path);
  void disconnect(int fd);  // connect to AF_UNSPEC
  WaitWord poll(int fd, std::int64_t timeout_ms, wire::Op op = wire::Op::poll,
                std::uint16_t events = POLLIN | POLLOUT);
  WaitWord epoll(int epoll_fd, std::int64_t timeout_ms);
  void epoll_ctl(int epoll_fd, int command, int fd);
  void so_error(int fd, int value, const Tcp& tcp = std::nullopt);
  void getpeername(int fd, const Tcp& tcp = std::nullopt);
  void set_timeout(int fd, int option, std::int64_t ms);
  void set_user_timeout(int fd, std::int64_t ms);
  void send(int fd, std::int64_t bytes, std::uint8_t detail = wire::kTurnStart,
            const Tcp& tcp = std::nullopt);
  // The first send of a turn, as the library tells it after a pause. `error` 0: it worked.
  struct Pause {
    std::int64_t idle_ns = 0;
    std::uint8_t tcp_state = 0;
  };
  void send_after(int fd, Pause pause, int error = 0, const Tcp& tcp = std::nullopt);
  void receive(int fd, std::int64_t bytes, std::uint8_t detail = 0, const Tcp& tcp = std::nullopt);
  void end_of_file(int fd, const Tcp& tcp = std::nullopt);
  void send_fails(int fd, int error, const Tcp& tcp = std::nullopt);
  void receive_fails(int fd, int error, const Tcp& tcp = std::nullopt);
  void receive_waits(int fd, std::int64_t ms);  // blocking, SO_RCVTIMEO runs out
  void shutdown(int fd, int how, const Tcp& tcp = std::nullopt);
  void close(int fd, const Tcp& tcp = std::nullopt);
  void dup(int fd, int made);
  void dup2(int from, int target, const Tcp& target_tcp, bool source_tracked);
  void socket(int fd);
  void socket_fails(int error, int domain = AF_INET);
  void bind_fails(int error, const std::optional<Address>& wanted);
  void listen_fails(int error);
  void select_beyond_set(std::uint32_t count);
  void lookup(const std::string& name, const std::vector<std::string>& addresses,
              std::int64_t took_ms = 1, std::int64_t result = 0);
  Story& asks_for(int family);                 // in the lookups to come
  void begin_lookup(const std::string& name);  // and nothing more of it
  // One of several that libc looks up meanwhile, begun `since_ms` ago; asked about now.
  enum class Asked { running, ended };
  void request(const std::string& name, std::uint64_t id, std::int64_t since_ms, Asked found);
  void loses_events() { tracker_.missed(now_); }  // before now
  void process_ends() { tracker_.process_ended(now_); }
  void exec() { tracker_.process_ended(now_, Tracker::End::replaced); }

  void say(Observation o);  // anything else, at now

  // --- what came of it: the newest version of each row ---
  void settle();
  store::ConnectionRow row();  // the only one
  store::ConnectionRow row(std::int64_t id);
  std::size_t row_count();
  const std::vector<store::WaitRow>& waits();
  const std::vector<store::ResolutionRow>& resolutions();
  const std::vector<store::CallRow>& calls();
  const std::map<std::int64_t, store::FailedCallRow>& failed_calls();  // by id
  const std::map<std::int64_t, store::ListenerRow>& listeners();       // by id
  Tracker& tracker() { return tracker_; }

  Observation call(wire::Op op, int fd) const;
  void apply(const Observation& o);
  void advance_to(std::int64_t ns) { now_ = ns; }
  std::uint64_t cookie_of(int fd);

 private:
  void change_collector();

  const Options options_;
  Ids ids_;
  Tracker tracker_;
  std::int64_t now_ = 1'000'000 * kMs;
  int family_asked_for_ = 0;  // AF_UNSPEC
  std::map<int, std::uint64_t> cookies_;
  std::uint64_t next_cookie_ = 1;
  int events_ = 0;
  std::map<std::int64_t, store::ConnectionRow> rows_;
  std::vector<store::WaitRow> waits_;
  std::vector<store::ResolutionRow> resolutions_;
  std::vector<store::CallRow> calls_;
  std::map<std::int64_t, store::FailedCallRow> failed_calls_;
  std::map<std::int64_t, store::ListenerRow> listeners_;
};

}  // namespace sockwatch::connect::testing
