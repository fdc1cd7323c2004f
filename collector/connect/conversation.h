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

// A program that ends within this time of a wait that ran out ended because of it.
constexpr store::Ns kLeftWithIt = 20'000'000;
// And one that closes or ends within this time of the only wait for a socket, because of that.
constexpr store::Ns kGaveUp = 200'000'000;

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
  void lose_turn(store::ConnectionRow& row);  // its end cannot be told: not counted
  void end_of_file();
  void failed(int error, bool tcp, store::Ns t_ns, store::ConnectionRow& row);
  // What a wait that ran out was for, as far as it said: `named` is a wait for bytes of this very
  // socket, `shared` one that named others as well or was for a hang-up, `one_of_many` one for the
  // replies of a whole set (epoll), `room` one to send more.
  enum class For { named, shared, one_of_many, room };
  // Returns whether it counts as a wait of this connection now: not while nothing is awaited.
  bool expired(const Expiry& expiry, For what, store::ConnectionRow& row);
  void expired_forgotten(std::int64_t count, store::ConnectionRow& row);  // no details left
  void shut_down(int how);                                                // by the program
  // A program that gives up and ends at once leaves the closing to the kernel. Any other wait that
  // had expired may have been a tick of a loop, and then nobody gave up on the answer.
  void process_ended(store::Ns t_ns) {
    const WaitTally& last = patience_.expired > 0 ? patience_ : room_;
    const store::Ns since_ns = t_ns - last.last.end_ns;
    // A wait for this very socket that was not begun again, in the time a second one would have
    // taken, was no tick.
    const store::Ns once_more_ns = last.last.timeout_ns + last.last.timeout_ns / 8 + kLeftWithIt;
    const bool gave_up =
        last.expired == 1 && (since_ns <= (patience_alone_ ? kGaveUp : kLeftWithIt) ||
                              (patience_alone_ && since_ns > once_more_ns));
    if (!gave_up) forget_waits();
    if (rest_.expired != 1) rest_ = {};  // of one, the close tells (Java ends without closing)
  }

  bool awaiting() const { return request_ns_.has_value(); }
  store::Ns awaiting_since() const { return request_ns_.value_or(0); }
  PeerFin peer_fin() const;

  // The verdict when the socket is closed, with the budget that ran out if one did. The row must
  // have its last picture.
  struct LastSend {
    store::Ns ns = 0;
    bool few_pieces = true;  // all of it in as few segments as one request needs, and one more
    bool few_turns = true;   // the same of each turn, of a handshake of TLS and its goodbye
  };
  struct Closing {
    std::optional<store::Ns> t_ns;           // empty: unseen
    std::optional<LastSend> last_send;       // empty: not known
    std::optional<store::Ns> last_bytes_ns;  // when payload last came; empty: not known
  };
  Ending close(std::optional<store::Ns> user_timeout_ns, const Closing& closing,
               store::ConnectionRow& row) const;

  auto fields() {
    return fields_are(first_end_, request_ns_, last_receive_ns_, kernel_end_ns_, patience_, room_,
                      rest_, first_expired_ns_, named_start_ns_, longest_rest_ns_, rest_start_ns_,
                      longest_pause_ns_, asked_before_ns_, answered_before_ns_, rest_before_send_,
                      patience_alone_, end_of_file_, told_reset_, shut_read_, shut_write_);
  }

 private:
  void count_turn(store::Ns took, store::ConnectionRow& row);
  void forget_waits();
  bool waited_in_vain(const Closing& closing, const store::ConnectionRow& row) const;
  bool said_goodbye(const Closing& closing, const store::ConnectionRow& row) const;
  std::optional<Budget> gave_up_on_more(const Closing& closing,
                                        const store::ConnectionRow& row) const;

  Talk::End first_end_ = Talk::End::none;
  std::optional<store::Ns> request_ns_;  // of the turn under way
  std::optional<store::Ns> last_receive_ns_;
  std::optional<store::Ns> kernel_end_ns_;  // the kernel gave up resending
  WaitTally patience_;                      // for the reply, since request_ns_
  WaitTally room_;                          // to send more, since request_ns_
  WaitTally rest_;                  // for bytes while nothing was awaited, since last_receive_ns_
  store::Ns first_expired_ns_ = 0;  // end of the first of patience_
  store::Ns named_start_ns_ = 0;    // start of the last of patience_ that named the socket
  store::Ns longest_rest_ns_ = 0;   // the longest of rest_, but for the last
  store::Ns rest_start_ns_ = 0;     // of the newest of rest_ without a pause between them
  store::Ns longest_pause_ns_ = 0;  // after which bytes came all the same, at most
  std::optional<store::Ns> asked_before_ns_;  // of the turn before the newest
  std::optional<store::Ns> answered_before_ns_;
  bool rest_before_send_ = false;  // something was sent after rest_
  bool patience_alone_ = false;    // the last of patience_ was `named`
  bool end_of_file_ = false;
  bool told_reset_ = false;
  bool shut_read_ = false;
  bool shut_write_ = false;
};

}  // namespace sockwatch::connect
