#include "viewer/model/destination.h"

#include <algorithm>
#include <cerrno>
#include <tuple>

namespace sockwatch::model {
namespace {

// An ICMP message that answered a datagram. A trace may call it a reset, or by its own name.
bool is_icmp_answer(const store::ConnectionRow& row) {
  return row.protocol == "udp" && row.ending &&
         (*row.ending == word(Ending::reset) || *row.ending == word(Outcome::refused) ||
          *row.ending == word(Outcome::rejected));
}

// As course_of says, at less cost.
bool connected(const store::ConnectionRow& row) {
  return row.outcome == word(Outcome::connected) && !is_icmp_answer(row);
}

}  // namespace

Course course_of(const store::ConnectionRow& row) {
  Course course{parse_outcome(row.outcome), std::nullopt};
  if (course.outcome != Outcome::connected || !row.ending) return course;
  if (is_icmp_answer(row)) {
    const bool refused = row.error == ECONNREFUSED || *row.ending == word(Outcome::refused);
    return {refused ? Outcome::refused : Outcome::rejected, std::nullopt};
  }
  course.ending = parse_ending(*row.ending);
  return course;
}

store::OptInt connect_ns(const store::ConnectionRow& row) {
  if (!connected(row)) return std::nullopt;
  return time_between(row.started_ns, row.decided_ns);
}

store::OptInt resends(const store::ConnectionRow& row) {
  const store::OptInt& count = row.syn_retransmits;
  return count && *count >= 0 && *count <= UINT8_MAX ? count : std::nullopt;
}

store::OptInt handshake_ns(const store::ConnectionRow& row) {
  return connected(row) ? handshake_ns(row.rtt_us) : std::nullopt;
}

store::OptInt first_byte_ns(const store::ConnectionRow& row) {
  return first_byte_ns(row.decided_ns, row.first_send_ns, row.first_receive_ns);
}

store::OptInt attempt_ns(const store::ConnectionRow& row) {
  // The connect of a datagram socket decides nothing, whatever came back later.
  const bool phase_is_all = row.outcome != word(Outcome::connected) && row.decided_ns;
  return time_between(row.started_ns, phase_is_all ? row.decided_ns : row.closed_ns);
}

Measured measure(const store::ConnectionRow& row) {
  return {course_of(row),
          connect_ns(row),
          handshake_ns(row),
          first_byte_ns(row),
          row.turns,
          row.turn_total_ns,
          row.turn_max_ns,
          row.syn_retransmits.value_or(0),
          row.retransmits.value_or(0)};
}

void Tally::merge(const Tally& other) {
  attempts += other.attempts;
  for (std::size_t i = 0; i < outcomes.size(); ++i) outcomes[i] += other.outcomes[i];
  for (std::size_t i = 0; i < endings.size(); ++i) endings[i] += other.endings[i];
  unrecognised += other.unrecognised;
  connect.merge(other.connect);
  handshake.merge(other.handshake);
  first_byte.merge(other.first_byte);
  turn.merge(other.turn);
  turns += other.turns;
  longest_turn = std::max(longest_turn, other.longest_turn);
  syn_retransmits += other.syn_retransmits;
  retransmits += other.retransmits;
}

std::uint64_t Tally::failures() const {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (is_failure(static_cast<Outcome>(i))) sum += outcomes[i];
  }
  for (std::size_t i = 0; i < endings.size(); ++i) {
    if (is_failure(static_cast<Ending>(i))) sum += endings[i];
  }
  return sum;
}

std::uint64_t Tally::ok() const {
  std::uint64_t bad = 0;
  for (std::size_t i = 0; i < endings.size(); ++i) {
    if (is_failure(static_cast<Ending>(i))) bad += endings[i];
  }
  const std::uint64_t up = count(Outcome::connected);
  return up > bad ? up - bad : 0;
}

bool worse_share(const Tally& a, const Tally& b) {
  return a.failures() > 0 ? a.attempts < b.attempts : a.attempts > b.attempts;
}

bool worse(const Destination& a, const Destination& b) {
  if (a.others != b.others) return b.others;
  if (a.tally.failures() != b.tally.failures()) return a.tally.failures() > b.tally.failures();
  if (a.tally.attempts != b.tally.attempts) return worse_share(a.tally, b.tally);
  return std::tie(a.name, a.address, a.port, a.protocol) <
         std::tie(b.name, b.address, b.port, b.protocol);
}

}  // namespace sockwatch::model
