#include "tests/unit/connect/story.h"

#include <netinet/tcp.h>
#include <poll.h>

#include <cerrno>
#include <cstdlib>
#include <stdexcept>
#include <utility>

#include "collector/support/archive.h"

namespace sockwatch::connect::testing {

using wire::Op;

wire::TcpPicture picture(std::uint8_t state) {
  wire::TcpPicture tcp{};
  tcp.state = state;
  tcp.known_bytes = 240;
  tcp.snd_mss = 1448;
  tcp.pmtu = 1500;
  tcp.rto_us = 1'000'000;
  return tcp;
}

wire::TcpPicture syn_sent(std::uint32_t resent) {
  auto tcp = picture(TCP_SYN_SENT);
  tcp.total_retrans = resent;
  tcp.retransmits = static_cast<std::uint8_t>(resent);
  tcp.segs_out = resent + 1;
  tcp.unacked = 1;
  return tcp;
}

wire::TcpPicture established(std::uint32_t syn_resent) {
  auto tcp = picture(TCP_ESTABLISHED);
  tcp.total_retrans = syn_resent;
  tcp.segs_out = syn_resent + 2;
  tcp.segs_in = 1;
  tcp.rtt_us = 300;
  tcp.rttvar_us = 150;
  tcp.bytes_acked = 1;
  return tcp;
}

wire::TcpPicture talked(std::uint64_t sent, std::uint64_t received) {
  auto tcp = established();
  tcp.bytes_sent = sent;
  tcp.bytes_acked = sent + 1;
  tcp.bytes_received = received;
  tcp.segs_in = received > 0 ? 3 : 2;
  tcp.data_segs_in = received > 0 ? 1 : 0;
  return tcp;
}

wire::TcpPicture closed_by_reset() {
  auto tcp = picture(TCP_CLOSE);
  tcp.segs_out = 1;
  tcp.segs_in = 1;
  return tcp;
}

wire::TcpPicture wiped(std::uint8_t retransmits) {
  auto tcp = picture(TCP_CLOSE);
  tcp.retransmits = retransmits;
  return tcp;
}

Observation Story::call(Op op, int fd) const {
  Observation o;
  o.op = op;
  o.fd = fd;
  o.tid = thread;
  o.t_ns = now_;
  return o;
}

void Story::say(Observation o) {
  now_ += kCall;
  o.t_ns = now_;
  apply(o);
}

void Story::apply(const Observation& o) {
  tracker_.apply(o);
  // A second run of all stories: after so many events another collector goes on.
  static const char* const every = std::getenv("STORY_RESTARTS");
  if (every != nullptr && ++events_ % std::atoi(every) == 0) change_collector();
}

void Story::change_collector() {
  settle();
  std::string kept;
  Keep keep(kept);
  tracker_.keep(keep);
  tracker_ = Tracker(7, ids_, options_);
  Restore restore(kept);
  tracker_.restore(restore, false);
  if (!restore.good() || !restore.at_end()) throw std::logic_error("a tracker cannot be restored");
}

std::uint64_t Story::cookie_of(int fd) {
  const auto [found, fresh] = cookies_.try_emplace(fd, next_cookie_);
  if (fresh) ++next_cookie_;
  return found->second;
}

ConnectWord Story::connect(int fd, const std::string& address, std::uint16_t port) {
  Observation o = call(Op::connect, fd);
  const bool six = address.find(':') != std::string::npos;
  o.peer = Address{six ? "ipv6" : "ipv4", address, port};
  o.payload.endpoint = {cookie_of(fd), static_cast<std::uint16_t>(six ? AF_INET6 : AF_INET),
                        SOCK_STREAM, IPPROTO_TCP, 0};
  return {*this, o};
}

ConnectWord Story::connect_unix(int fd, const std::string& path) {
  Observation o = call(Op::connect, fd);
  o.peer = Address{"unix", path, 0};
  o.payload.endpoint = {cookie_of(fd), AF_UNIX, SOCK_STREAM, 0, 0};
  return {*this, o};
}

void Story::disconnect(int fd) {
  Observation o = call(Op::connect, fd);
  o.payload.endpoint = {cookie_of(fd), AF_UNSPEC, SOCK_STREAM, IPPROTO_TCP, 0};
  say(o);
}

ConnectWord& ConnectWord::blocking(bool begin_event) {
  blocking_ = true;
  begin_event_ = begin_event;
  return *this;
}
ConnectWord& ConnectWord::udp() {
  call_.payload.endpoint.type = SOCK_DGRAM;
  call_.payload.endpoint.protocol = IPPROTO_UDP;
  return *this;
}
ConnectWord& ConnectWord::cookie(std::uint64_t value) {
  call_.payload.endpoint.cookie = value;
  return *this;
}
ConnectWord& ConnectWord::by(std::uint32_t tid) {
  call_.tid = tid;
  return *this;
}
ConnectWord& ConnectWord::took(std::int64_t ms) {
  call_.duration_ns = ms * kMs;
  return *this;
}
ConnectWord& ConnectWord::local(const std::string& address, std::uint16_t port) {
  call_.local = Address{call_.peer->family, address, port};
  return *this;
}

void ConnectWord::begin() {
  if (!begin_event_) return;
  Observation o = call_;
  o.flags = wire::kBegin;
  o.t_ns = story_.now();
  o.duration_ns = 0;
  o.local.reset();
  story_.apply(o);
}

void ConnectWord::end(std::int64_t result, int error, const Tcp& tcp) {
  begin();
  const std::int64_t took = call_.duration_ns != 0 ? call_.duration_ns : kCall;
  story_.advance_to(story_.now() + took);
  Observation o = call_;
  o.flags = static_cast<std::uint16_t>(wire::kHasStart | (blocking_ ? 0 : wire::kNonBlocking));
  o.t_ns = story_.now();
  o.duration_ns = took;
  o.result = result;
  o.error = error;
  o.tcp = tcp;
  story_.apply(o);
}

void ConnectWord::in_progress() { end(-1, EINPROGRESS, std::nullopt); }
void ConnectWord::succeeds(const Tcp& tcp) {
  end(0, 0, call_.payload.endpoint.protocol == IPPROTO_TCP ? tcp : std::nullopt);
}
void ConnectWord::fails(int error, const Tcp& tcp) { end(-1, error, tcp); }
void ConnectWord::never_returns() {
  begin_event_ = true;
  begin();
}

WaitWord Story::poll(int fd, std::int64_t timeout_ms, Op op, std::uint16_t events) {
  Observation o = call(op, -1);
  o.payload.wait = {timeout_ms < 0 ? -1 : timeout_ms * kMs, 1, 0};
  o.entries = {{fd, events, 0}};
  return {*this, o};
}

WaitWord Story::epoll(int epoll_fd, std::int64_t timeout_ms) {
  Observation o = call(Op::epoll_wait, epoll_fd);
  o.payload.wait = {timeout_ms < 0 ? -1 : timeout_ms * kMs, 64, 0};
  return {*this, o};
}

WaitWord& WaitWord::by(std::uint32_t tid) {
  call_.tid = tid;
  return *this;
}
WaitWord& WaitWord::started_ms_ago(std::int64_t ms) {
  earlier_ns_ = ms * kMs;
  return *this;
}

void WaitWord::expires() {
  call_.flags = wire::kHasStart;
  call_.duration_ns = call_.payload.wait.timeout_ns;
  call_.result = 0;
  story_.advance_to(story_.now() + call_.duration_ns - earlier_ns_);
  call_.t_ns = story_.now();
  story_.apply(call_);
}

void WaitWord::ready(std::uint16_t revents, std::int64_t after_ms) {
  call_.entries.at(0).revents = revents;
  returns_others(after_ms);
}

void WaitWord::returns_others(std::int64_t after_ms) {
  call_.flags = wire::kHasStart;
  call_.duration_ns = after_ms * kMs;
  call_.result = 1;
  story_.pass(after_ms);
  call_.t_ns = story_.now();
  story_.apply(call_);
}

void Story::epoll_ctl(int epoll_fd, int command, int fd) {
  Observation o = call(Op::epoll_ctl, fd);
  o.detail = static_cast<std::uint8_t>(command);
  o.payload.epoll = {0, epoll_fd, EPOLLOUT};
  say(o);
}

void Story::so_error(int fd, int value, const Tcp& tcp) {
  Observation o = call(Op::getsockopt, fd);
  o.payload.option = {SOL_SOCKET, SO_ERROR, value};
  o.tcp = tcp;
  say(o);
}

void Story::getpeername(int fd, const Tcp& tcp) {
  Observation o = call(Op::getpeername, fd);
  o.tcp = tcp;
  say(o);
}

void Story::set_timeout(int fd, int option, std::int64_t ms) {
  Observation o = call(Op::setsockopt, fd);
  o.payload.option = {SOL_SOCKET, option, ms * kMs};
  say(o);
}

void Story::set_user_timeout(int fd, std::int64_t ms) {
  Observation o = call(Op::setsockopt, fd);
  o.payload.option = {IPPROTO_TCP, TCP_USER_TIMEOUT, ms};
  say(o);
}

void Story::send(int fd, std::int64_t bytes, std::uint8_t detail, const Tcp& tcp) {
  Observation o = call(Op::send, fd);
  o.result = bytes;
  o.detail = detail;
  o.tcp = tcp;
  say(o);
}

void Story::send_after(int fd, Pause pause, int error, const Tcp& tcp) {
  Observation o = call(Op::send, fd);
  o.result = error == 0 ? 100 : -1;
  o.error = error;
  if (error == 0) o.detail = wire::kTurnStart;
  o.payload.transfer.idle_ns = static_cast<std::uint64_t>(pause.idle_ns);
  o.payload.transfer.tcp_state_before = pause.tcp_state;
  o.tcp = tcp;
  say(o);
}

void Story::receive(int fd, std::int64_t bytes, std::uint8_t detail, const Tcp& tcp) {
  Observation o = call(Op::recv, fd);
  o.result = bytes;
  o.detail = detail;
  o.tcp = tcp;
  say(o);
}

void Story::end_of_file(int fd, const Tcp& tcp) { receive(fd, 0, wire::kEndOfFile, tcp); }

void Story::send_fails(int fd, int error, const Tcp& tcp) {
  Observation o = call(Op::send, fd);
  o.result = -1;
  o.error = error;
  o.tcp = tcp;
  say(o);
}

void Story::receive_fails(int fd, int error, const Tcp& tcp) {
  Observation o = call(Op::recv, fd);
  o.result = -1;
  o.error = error;
  o.tcp = tcp;
  say(o);
}

void Story::receive_waits(int fd, std::int64_t ms) {
  Observation o = call(Op::recv, fd);
  o.flags = wire::kHasStart;
  o.duration_ns = ms * kMs;
  o.result = -1;
  o.error = EAGAIN;
  o.tcp = talked(10, 0);
  pass(ms);
  o.t_ns = now_;
  apply(o);
}

void Story::shutdown(int fd, int how, const Tcp& tcp) {
  Observation o = call(Op::shutdown, fd);
  o.payload.descriptor.command = how;
  o.tcp = tcp;
  say(o);
}

void Story::close(int fd, const Tcp& tcp) {
  Observation o = call(Op::close, fd);
  o.flags = wire::kBegin | wire::kNotReturned;
  o.tcp = tcp;
  say(o);
  cookies_.erase(fd);
}

void Story::dup(int fd, int made) {
  Observation o = call(Op::dup, fd);
  o.result = made;
  say(o);
}

void Story::dup2(int from, int target, const Tcp& target_tcp, bool source_tracked) {
  Observation o = call(Op::dup2, from);
  o.payload.descriptor.target_fd = target;
  o.flags = wire::kBegin | wire::kNotReturned;
  o.tcp = target_tcp;
  say(o);
  cookies_.erase(target);
  if (!source_tracked) return;
  o.flags = 0;
  o.result = target;
  o.tcp.reset();
  say(o);
}

void Story::socket(int fd) {
  Observation o = call(Op::socket, -1);
  o.result = fd;
  o.payload.socket = {AF_INET, SOCK_STREAM, 0};
  say(o);
  cookies_.erase(fd);
}

void Story::socket_fails(int error, int domain) {
  Observation o = call(Op::socket, -1);
  o.result = -1;
  o.error = error;
  o.payload.socket = {domain, SOCK_STREAM, 0};
  say(o);
}

void Story::bind_fails(int error, const std::optional<Address>& wanted) {
  Observation o = call(Op::bind, 5);
  o.result = -1;
  o.error = error;
  o.local = wanted;
  say(o);
}

void Story::listen_fails(int error) {
  Observation o = call(Op::listen, 5);
  o.result = -1;
  o.error = error;
  say(o);
}

void Story::select_beyond_set(std::uint32_t count) {
  Observation o = call(Op::select, -1);
  o.detail = wire::kBeyondSet;
  o.payload.wait = {0, count, 0};
  say(o);
}

void Story::lookup(const std::string& name, const std::vector<std::string>& addresses,
                   std::int64_t took_ms, std::int64_t result) {
  Observation o = call(Op::getaddrinfo, -1);
  o.flags = wire::kHasStart;
  o.name = name;
  o.service = "443";
  o.addresses = addresses;
  o.payload.resolve.family = family_asked_for_;
  o.duration_ns = took_ms * kMs;
  o.result = result;
  pass(took_ms);
  o.t_ns = now_;
  apply(o);
}

Story& Story::asks_for(int family) {
  family_asked_for_ = family;
  return *this;
}

void Story::begin_lookup(const std::string& name) {
  Observation o = call(Op::getaddrinfo, -1);
  o.flags = wire::kBegin;
  o.name = name;
  o.t_ns = now_;
  apply(o);
}

void Story::request(const std::string& name, std::uint64_t id, std::int64_t since_ms, Asked found) {
  Observation o = call(Op::getaddrinfo_a, -1);
  o.flags = found == Asked::running ? wire::kBegin | wire::kHasStart : wire::kHasStart;
  o.name = name;
  o.payload.resolve.request = id;
  o.duration_ns = since_ms * kMs;
  o.t_ns = now_;
  apply(o);
}

void Story::settle() {
  Changes changes = tracker_.take();
  for (auto& row : changes.connections) rows_[row.id] = std::move(row);
  for (auto& row : changes.waits) waits_.push_back(std::move(row));
  for (auto& row : changes.resolutions) resolutions_.push_back(std::move(row));
  for (auto& row : changes.failed_calls) failed_calls_[row.id] = std::move(row);
  for (auto& row : changes.listeners) listeners_[row.id] = std::move(row);
  for (auto& row : changes.calls) calls_.push_back(std::move(row));
}

store::ConnectionRow Story::row() {
  settle();
  if (rows_.size() != 1) throw std::logic_error("rows: " + std::to_string(rows_.size()));
  return rows_.begin()->second;
}

store::ConnectionRow Story::row(std::int64_t id) {
  settle();
  return rows_.at(id);
}

std::size_t Story::row_count() {
  settle();
  return rows_.size();
}

const std::vector<store::WaitRow>& Story::waits() {
  settle();
  return waits_;
}
const std::vector<store::ResolutionRow>& Story::resolutions() {
  settle();
  return resolutions_;
}
const std::vector<store::CallRow>& Story::calls() {
  settle();
  return calls_;
}
const std::map<std::int64_t, store::ListenerRow>& Story::listeners() {
  settle();
  return listeners_;
}
const std::map<std::int64_t, store::FailedCallRow>& Story::failed_calls() {
  settle();
  return failed_calls_;
}

}  // namespace sockwatch::connect::testing
