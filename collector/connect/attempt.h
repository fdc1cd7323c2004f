// One attempt: from `connect` to the close of its socket, or to the next connect on it.
//
//   connecting ──▶ connected ──▶ (closed)
//       └────────▶ failed    ──▶ (closed)
//
// Holds the row as it stands at any moment. Knows nothing of descriptors, other attempts or logs:
// the tracker brings it the facts.
#pragma once

#include <cstdint>
#include <optional>

#include "collector/connect/conversation.h"
#include "collector/connect/observation.h"
#include "collector/connect/outcome.h"
#include "collector/connect/waits.h"
#include "collector/store/rows.h"

namespace sockwatch::connect {

using Picture = std::optional<wire::TcpPicture>;

// Time limits set on the socket. 0 and "not set" are both empty.
struct SocketOptions {
  std::optional<store::Ns> send_timeout_ns;
  std::optional<store::Ns> receive_timeout_ns;
  std::optional<store::Ns> user_timeout_ns;
  auto fields() { return fields_are(send_timeout_ns, receive_timeout_ns, user_timeout_ns); }
};

class Attempt {
 public:
  enum class Phase { connecting, connected, failed };

  // `row` has who, where and when; `type` is the socket's SOCK_ kind.
  Attempt(store::ConnectionRow&& row, int type);
  Attempt() = default;  // to be restored

  const store::ConnectionRow& row() const { return row_; }
  store::ConnectionRow& row() { return row_; }
  Phase phase() const { return phase_; }
  bool connecting() const { return phase_ == Phase::connecting; }
  bool tcp() const { return row_.protocol == "tcp"; }
  bool datagram() const { return datagram_; }

  // --- while connecting ---
  void in_progress();                // the program was told to wait: a SYN went out
  void interrupted(store::Ns t_ns);  // EINTR: the handshake goes on
  void defer();                      // TCP Fast Open: connect promised, the first send will connect
  void send_timeout_expired(const Expiry& expiry, const Picture& tcp);
  void left_call(store::Ns began_ns) { left_call_ns_ = began_ns; }  // connect never returned
  void waited(std::int64_t count);
  void waited_with(store::Ns timeout_ns, const char* source);  // a wait that names this socket
  void expired(const Expiry& expiry);
  // A connection that is up has room to send: it is not up yet.
  void had_no_room(store::Ns t_ns) { row_.waited_out_ns = t_ns; }
  void expired_forgotten(std::int64_t count);
  void ready(store::Ns t_ns, bool writable, bool error);
  bool polled() const { return polled_; }
  bool seen_writable() const { return writable_; }
  bool deferred() const { return deferred_; }
  bool was_shut_down() const { return shut_ns_.has_value(); }

  // --- the verdict of the connect phase ---
  // `ready_ns`: a wait on an epoll set returned just before; what poll said wins over it.
  void succeed(store::Ns noticed_ns, std::optional<store::Ns> ready_ns, const Picture& tcp,
               const SocketOptions& options);
  struct Failure {
    ConnectError error;
    store::Ns noticed_ns = 0;
    std::optional<store::Ns> ready_ns;
    bool by_connect = false;  // connect itself said it (else SO_ERROR or a transfer)
    store::Ns call_ns = 0;    // how long that connect took
  };
  void fail(const Failure& failure, const Picture& tcp, const SocketOptions& options);
  // An ICMP error was read while the kernel went on sending SYNs: the verdict stands until the
  // handshake proves it wrong.
  bool soft_failed() const { return soft_; }
  bool failed_by_connect() const { return failed_by_connect_; }
  void resume();  // soft failure, and the kernel says it is still connecting

  // --- after it ---
  Conversation& talk() { return talk_; }
  const Conversation& talk() const { return talk_; }
  void look(const Picture& tcp);  // a later picture
  void shut_down(store::Ns t_ns, int how, const Picture& tcp);

  // --- the end ---
  struct Close {
    std::optional<store::Ns> t_ns;  // empty: it happened unseen
    Picture tcp;
    bool sibling_won = false;
  };
  // When the last wait of the connect phase ran out; 0: none did.
  store::Ns last_expired_ns() const;
  // The connect call was left by a jump and its socket is closed now.
  void jumped(store::Ns t_ns);
  void close(const Close& close, const SocketOptions& options);
  void process_ended(store::Ns t_ns, const SocketOptions& options);
  void lose_end();  // the process ended, and what happened before may be among what was lost

  bool dirty = false;           // listed as changed (the tracker's note)
  store::Ns last_wait_ns = 0;   // end of the last wait counted (the tracker's note)
  std::int64_t wait_rows = 0;   // written so far (the tracker's note)
  int calls = 0;                // connect calls that returned (the tracker's note)
  WaitLog::Mark thread_mark{};  // log of the connecting thread, as far as read (the tracker's)

  auto fields() {
    return fields_are(dirty, last_wait_ns, wait_rows, calls, thread_mark, row_, phase_, talk_,
                      connect_waits_, datagram_, in_progress_, deferred_, soft_, failed_by_connect_,
                      send_timed_out_, polled_, writable_, error_, ready_ns_, only_wait_,
                      interrupted_after_ns_, left_call_ns_, shut_ns_, shut_tcp_);
  }

 private:
  void decide(Outcome outcome, std::optional<store::Ns> decided_ns,
              std::optional<store::Ns> noticed_ns);
  void conclude_unnoticed(const Close& close, const SocketOptions& options);
  void put_budget(const SocketOptions& options);
  std::optional<Conversation::LastSend> last_send(const Close& close) const;

  store::ConnectionRow row_;
  Phase phase_ = Phase::connecting;
  Conversation talk_;
  WaitTally connect_waits_;
  bool datagram_ = false;
  bool in_progress_ = false;
  bool deferred_ = false;
  bool soft_ = false;
  bool failed_by_connect_ = false;
  bool send_timed_out_ = false;  // SO_SNDTIMEO ended the call: timed_out_caller unless it connects
  bool polled_ = false;
  bool writable_ = false;
  bool error_ = false;
  std::optional<store::Ns> ready_ns_;
  std::optional<Budget> only_wait_;
  std::optional<store::Ns> interrupted_after_ns_;
  std::optional<store::Ns> left_call_ns_;
  std::optional<store::Ns> shut_ns_;
  Picture shut_tcp_;
};

}  // namespace sockwatch::connect
