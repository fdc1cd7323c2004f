// A connected socket: what was said, what was awaited, how it stopped.
//
// A turn runs from the start of the first send after a receive to the first bytes that come back.
#pragma once

#include <cstdint>
#include <optional>

#include "collector/connect/evidence.h"
#include "collector/connect/outcome.h"
#include "collector/connect/waits.h"
#include "collector/store/rows.h"

namespace sockwatch::connect {

class Conversation {
 public:
  // What was before a send that opens a turn, or failed to.
  struct Pause {
    store::OptInt idle_ns;
    store::OptInt tcp_state;
  };
  void paused(const Pause& pause, store::ConnectionRow& row);

  struct Send {
    store::Ns start_ns = 0;
    bool turn_start = false;  // the library saw a receive before it
    bool tls = false;         // the connection's first byte was 0x16
    Pause pause;              // of a turn_start
  };
  // Returns whether an answer is awaited from now on that was not awaited before.
  bool sent(const Send& send, bool tcp, store::ConnectionRow& row);
  void received(store::Ns t_ns, store::ConnectionRow& row);
  void lose_turn();  // its end cannot be told: not counted
  void end_of_file();
  void failed(int error, bool tcp, store::Ns t_ns, store::ConnectionRow& row);
  void expired(const Expiry& expiry, store::ConnectionRow& row);
  void expired_forgotten(std::int64_t count, store::ConnectionRow& row);  // no details left
  void shut_down(int how);                                                // by the program
  // A program that gives up and ends at once leaves the closing to the kernel. Any other wait that
  // had expired may have been a tick of a loop, and then nobody gave up on the answer.
  void process_ended(store::Ns t_ns) {
    constexpr store::Ns kRightAfter = 20'000'000;
    const bool gave_up = patience_.expired == 1 && t_ns - patience_.last.end_ns <= kRightAfter;
    if (!gave_up) patience_ = {};
  }

  bool awaiting() const { return request_ns_.has_value(); }
  store::Ns awaiting_since() const { return request_ns_.value_or(0); }
  PeerFin peer_fin() const;

  // The verdict when the socket is closed, with the budget that ran out if one did. The row must
  // have its last picture.
  Ending close(std::optional<store::Ns> user_timeout_ns, store::ConnectionRow& row) const;

  auto fields() {
    return fields_are(first_end_, request_ns_, last_receive_ns_, kernel_end_ns_, patience_,
                      end_of_file_, told_reset_, shut_read_, shut_write_);
  }

 private:
  void count_turn(store::Ns took, store::ConnectionRow& row);

  Talk::End first_end_ = Talk::End::none;
  std::optional<store::Ns> request_ns_;  // of the turn under way
  std::optional<store::Ns> last_receive_ns_;
  std::optional<store::Ns> kernel_end_ns_;  // the kernel gave up resending
  WaitTally patience_;                      // since request_ns_
  bool end_of_file_ = false;
  bool told_reset_ = false;
  bool shut_read_ = false;
  bool shut_write_ = false;
};

}  // namespace sockwatch::connect
