// What the last reading of TCP says of a connected socket. Pure functions of a row.
#pragma once

#include <optional>

#include "viewer/diagnose/rule.h"

namespace sockwatch::diagnose {

bool is_connected_tcp(const Attempt& attempt);

// There is a reading from after the first send: without one the columns show the handshake.
bool has_last_picture(const store::ConnectionRow& row);

bool nothing_received(const store::ConnectionRow& row);

// The peer's kernel has every byte the program handed over. Our own FIN is none of them: it may
// still be on its way (a program that gives up often shuts its side down first).
bool all_acknowledged(const store::ConnectionRow& row);

// The program stopped waiting for a reply, of which nothing came, by its own clock; by the
// kernel's.
bool gave_up_waiting(const Attempt& attempt);
bool kernel_gave_up(const Attempt& attempt);
// The same after bytes of the reply had come.
bool reply_stopped(const Attempt& attempt);

// The kernel gave the connection up although nothing was sent that is not acknowledged: its
// keep-alive probes had no answer.
bool keepalive_gave_up(const Attempt& attempt);

// First send to close; 0 where either is not known.
store::Ns awaited_ns(const store::ConnectionRow& row);

// Data was resent at least twice without an answer, for a second or more.
bool path_dead(const store::ConnectionRow& row);

// How often data was really sent again without an answer. The kernel's total counts from the
// beginning of the connection, its doublings of the time-out from the last answer; a probe of the
// tail is a resend without a doubling, a resend that a filter on this host drops a doubling without
// a resend. Empty where there was none, or the kernel has forgotten the doublings (CLOSE).
struct Resends {
  std::int64_t count = 0;
  bool at_least = false;
};
std::optional<Resends> unanswered_resends(const store::ConnectionRow& row);

// From the request that stayed unanswered to the moment the kernel gave up; where that request is
// not known, from the last acknowledgement.
store::OptInt hung_ns(const store::ConnectionRow& row);

// Nothing is on its way, something waits, and the kernel's probing has gone unanswered three times,
// for a second or more. Two are not enough: a peer answers them at most every half second
// (tcp_invalid_ratelimit).
bool nothing_gets_out(const store::ConnectionRow& row);

// The same, but the peer answers the probes, and its window stays closed. The kernel doubles the
// time-out with every probe and forgets the doubling when the window opens; the count of probes it
// forgets with every answer. So more doublings than probes are a closed window, seen from an
// answer. Where a filter on this host drops what is sent, the two are the same.
bool window_closed(const store::ConnectionRow& row);

// Of the outstanding segments only the small ones arrive: a later one was acknowledged while the
// ones before it are lost, or only small ones ever arrived and a full one is due.
bool large_lost_out(const store::ConnectionRow& row);
// Segments with payload came, none of them the next one in order: of the first reply, or of the
// reply to a later request.
bool large_lost_in(const store::ConnectionRow& row);
bool large_lost_in_later(const store::ConnectionRow& row);

// Packets came, and none of them confirmed a byte: the peer sends its SYN-ACK again. Either nothing
// of ours gets there, or its queue is full and its kernel drops what should end the handshake.
bool peer_repeats_itself(const store::ConnectionRow& row);

// A reply to the newest request is known not to have come.
bool newest_unanswered(const store::ConnectionRow& row);

// The pause before the newest request, where no reply came to that request.
store::OptInt unanswered_idle_ns(const store::ConnectionRow& row);

// The peer had closed or reset the connection before the newest request was sent. Not where this
// kernel had given it up.
bool sent_too_late(const store::ConnectionRow& row);

}  // namespace sockwatch::diagnose
