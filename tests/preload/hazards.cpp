#include "tests/preload/hazards.h"

#include <cerrno>

namespace sockwatch::preload {

using wire::Op;

namespace {

Expected event(Op op) { return Expected(op); }
Expected refused() { return event(Op::connect).error(ECONNREFUSED).tcp().peer(); }
Expected connected() { return event(Op::connect).result(0).without(wire::kBegin).tcp().peer(); }

void add_errno(std::vector<Hazard>& list) {
  list.push_back({"errno_endpoint",
                  {"errno_endpoint"},
                  Recording::of({refused(), connected().times(2),
                                 event(Op::connect).error(EINPROGRESS).peer().local(),
                                 event(Op::close).tcp().times(3)})});
  list.push_back(
      {"errno_descriptor", {"errno_descriptor"}, Recording::of({connected(), event(Op::dup2)})});
  list.push_back({"errno_readiness", {"errno_readiness"}, Recording::of({connected()})});
  list.push_back({"errno_transfer",
                  {"errno_transfer"},
                  Recording::of({event(Op::send).result(3).detail(wire::kTurnStart),
                                 event(Op::send).error(EPIPE).tcp()})});
  list.push_back(
      {"errno_options", {"errno_options"}, Recording::of({event(Op::getaddrinfo).times(2)})});
  // Two that are awaited, one for itself, a hundred told by a thread, three given back before they
  // are asked about, one taken back, 64 of 200.
  list.push_back({"looked_up_later",
                  {"looked_up_later"},
                  Recording::of({event(Op::getaddrinfo_a).without(wire::kBegin).times(171)})});
  list.push_back({"bad_pointers", {"bad_pointers"}, Recording::of({connected().times(3)})});
  for (const char* where : {"in", "below"}) {
    list.push_back({std::string("stack_hole_") + where,
                    {"stack_hole", where},
                    Recording::of({event(Op::connect).result(0).tcp()})});
  }
}

void add_descriptors(std::vector<Hazard>& list) {
  list.push_back(
      {"close_range_cloexec",
       {"close_range_cloexec"},
       Recording::of({event(Op::recv).detail(wire::kFirstByte).tcp(), event(Op::close).tcp()})});
  list.push_back({"fclose_socket",
                  {"fclose_socket"},
                  Recording::of({connected(), event(Op::fclose).tcp(), refused()})});
  list.push_back({"dup_over",
                  {"dup_over"},
                  Recording::of({event(Op::dup2), event(Op::dup3), event(Op::fcntl),
                                 refused().times(3), event(Op::connect).error(EINPROGRESS)})});
  list.push_back({"moved_while_connecting",
                  {"moved_while_connecting"},
                  Recording::of({event(Op::getsockopt).fd(40).result(0).tcp(),
                                 event(Op::getsockopt).fd(41).result(0).tcp(),
                                 event(Op::poll).entries().times(2)})});
  list.push_back({"passed_socket", {"passed_socket"}, Recording::of({connected(), refused()})});
  list.push_back(
      {"accept_over_exec", {"accept_over_exec"}, Recording::of({connected()}).segments(1, 2)});
  list.push_back({"raw_syscalls",
                  {"raw_syscalls"},
                  Recording::of({refused().times(2), connected(),
                                 event(Op::send).detail(wire::kTurnStart), event(Op::dup3).tcp(),
                                 event(Op::close_range).tcp(), event(Op::write).never()})});
  list.push_back(
      {"freopened", {"freopened"}, Recording::of({connected(), event(Op::write).never()})});
  for (const auto& [way, op] :
       {std::pair("close_range", Op::close_range), std::pair("dup3", Op::dup3)}) {
    list.push_back({std::string("failed_close_by_") + way,
                    {"failed_close", way},
                    Recording::of({event(Op::send).detail(wire::kTurnStart),
                                   event(Op::recv).detail(wire::kFirstByte), event(op).never(),
                                   event(Op::close).tcp()})});
  }
  for (const char* way : {"unshare", "bare_unshare", "close_range"}) {
    list.push_back({std::string("own_table_by_") + way,
                    {"own_table", way},
                    Recording::of({event(Op::send).detail(wire::kTurnStart),
                                   event(Op::write).never(), event(Op::dup2).never(),
                                   event(Op::close_range).never(), event(Op::close).tcp()})});
  }
  list.push_back(
      {"own_table_alone",
       {"own_table", "alone"},
       Recording::of({event(Op::send).detail(wire::kTurnStart), event(Op::close_range).tcp()})});
  list.push_back({"descriptor_numbers",
                  {"descriptor_numbers"},
                  Recording::of({event(Op::connect).fd(1).error(EINPROGRESS),
                                 event(Op::getsockopt).fd(1).tcp(), event(Op::connect).fd(1023),
                                 event(Op::connect).fd(1024), event(Op::poll).entries().times(5),
                                 event(Op::close).fd(4096).tcp()})
                      .may({wire::Loss::descriptor})});
  for (const char* way : {"loop", "close_range", "closefrom"}) {
    list.push_back({std::string("daemon_closes_all_") + way,
                    {"daemon_closes_all", way},
                    Recording::of({refused().times(2), connected().times(4)})});
  }
}

// Nothing but the one call can have told it: each has a connection of its own.
void add_every_transfer(std::vector<Hazard>& list) {
  std::vector<Expected> events, ends;
  for (const Op op : {Op::send, Op::sendto, Op::sendmsg, Op::write, Op::writev, Op::splice}) {
    events.push_back(event(op).result(3).detail(wire::kTurnStart));
  }
  events.push_back(event(Op::sendmmsg).result(1).detail(wire::kTurnStart));
  events.push_back(event(Op::sendfile).result(3).detail(wire::kTurnStart).times(2));
  for (const Op op :
       {Op::recv, Op::recvfrom, Op::recvmsg, Op::recvmmsg, Op::read, Op::readv, Op::splice}) {
    const int got = op == Op::recvmmsg ? 1 : 3;
    events.push_back(event(op).result(got).detail(wire::kFirstByte).tcp());
    ends.push_back(event(op).result(0).detail(wire::kEndOfFile));
  }
  events.push_back(event(Op::recv).result(1).detail(wire::kFirstByte).tcp());  // in parts
  list.push_back({"every_transfer", {"every_transfer"}, Recording::of(events)});
  list.push_back({"every_transfer_finds_the_end", {"every_transfer", "end"}, Recording::of(ends)});
}

void add_bytes(std::vector<Hazard>& list) {
  list.push_back({"transfers",
                  {"transfers"},
                  Recording::of({event(Op::send).detail(wire::kTurnStart),
                                 event(Op::recvmmsg).detail(wire::kFirstByte).tcp(),
                                 event(Op::recv).result(0).detail(wire::kEndOfFile),
                                 event(Op::close).tcp()})});
  add_every_transfer(list);
  list.push_back({"empty_message",
                  {"empty_message"},
                  Recording::of({event(Op::recv).result(1).detail(wire::kFirstByte),
                                 event(Op::recv).detail(wire::kEndOfFile).never()})});
  list.push_back(
      {"offset64",
       {"offset64"},
       Recording::of({event(Op::sendfile).result(3).tcp(), event(Op::fcntl).result(40)})});
  list.push_back(
      {"fortified",
       {"fortified"},
       Recording::of({connected(), event(Op::read).result(3).detail(wire::kFirstByte)})});
  constexpr std::uint64_t kPause = 1'100'000'000;
  constexpr std::uint8_t kEstablished = 1, kClose = 7, kCloseWait = 8;
  list.push_back(
      {"pooled_reuse",
       {"pooled_reuse"},
       Recording::of({event(Op::send).result(1).paused(1, 0),
                      event(Op::send).result(1).paused(kPause, kEstablished),
                      event(Op::send).result(1).paused(kPause, kCloseWait),
                      event(Op::send).error(EPIPE).tcp(),
                      event(Op::send).result(1).detail(wire::kTurnStart).paused(0, kCloseWait),
                      event(Op::send).error(ECONNRESET).paused(kPause, kClose).tcp()})});
  list.push_back(
      {"listening",
       {"listening"},
       Recording::of({event(Op::accept).tcp().times(2), event(Op::accept4).times(2),
                      event(Op::accept).result(-1).error(EMFILE).tcp(), event(Op::dup),
                      event(Op::close).flags(wire::kBegin).tcp(), event(Op::close_range)})
           .segments(2)});
  list.push_back(
      {"fast_open",
       {"fast_open"},
       Recording::of({event(Op::connect).result(0).detail(wire::kFastOpen).tcp().peer().times(2),
                      event(Op::sendto).result(1).detail(wire::kTurnStart).times(2),
                      event(Op::connect).error(ECONNREFUSED).detail(wire::kFastOpen)})});
  list.push_back(
      {"reconnect", {"reconnect"}, Recording::of({refused().times(2), connected().times(2)})});
  list.push_back(
      {"socket_timeouts",
       {"socket_timeouts"},
       Recording::of({event(Op::connect).error(EINPROGRESS).flags(wire::kHasStart).tcp(),
                      event(Op::setsockopt).times(3), event(Op::recv).error(EAGAIN).tcp(),
                      event(Op::send).error(EAGAIN).tcp(), event(Op::close).tcp().times(2)})});
  list.push_back(
      {"datagrams",
       {"datagrams"},
       Recording::of({event(Op::connect).result(0).detail(wire::kFastOpen).peer().times(3),
                      event(Op::connect).error(EACCES).detail(wire::kFastOpen).peer(),
                      event(Op::sendto).result(1).detail(wire::kTurnStart),
                      event(Op::sendmsg).result(1).detail(wire::kTurnStart),
                      event(Op::sendmmsg).result(1).detail(wire::kTurnStart),
                      event(Op::recvfrom).result(1).detail(wire::kFirstByte),
                      event(Op::connect).detail(wire::kFastOpen).fd(77).never()})});
}

void add_endings(std::vector<Hazard>& list) {
  const auto ending = [&](const char* how, std::vector<Expected> events) {
    events.push_back(event(Op::connect)
                         .error(EINPROGRESS)
                         .flags(wire::kNonBlocking | wire::kHasStart)
                         .peer()
                         .times(2));
    events.push_back(event(Op::poll).result(1).entries().times(2));
    list.push_back({std::string("nonblocking_ended_by_") + how,
                    {"nonblocking_endings", how},
                    Recording::of(events)});
  };
  ending("option", {event(Op::getsockopt).result(0).tcp().times(2)});
  ending("connect", {connected().flags(wire::kNonBlocking), refused().flags(wire::kNonBlocking)});
  ending("send", {event(Op::send).result(1).tcp(), event(Op::send).error(ECONNREFUSED).tcp()});
  ending("receive", {event(Op::recv).error(ECONNREFUSED).tcp(), event(Op::close).tcp()});
  ending("name", {event(Op::getpeername).result(0).tcp()});
  ending("close", {event(Op::close).tcp().times(2)});
}

void add_waits(std::vector<Hazard>& list) {
  list.push_back(
      {"failed_calls",
       {"failed_calls"},
       Recording::of(
           {event(Op::socket).error(EPROTONOSUPPORT), event(Op::socket).error(EMFILE).times(2),
            event(Op::bind).error(EADDRINUSE).local(), event(Op::bind).error(EADDRNOTAVAIL).local(),
            event(Op::listen).error(EADDRINUSE),
            event(Op::select).detail(wire::kBeyondSet).times(2)})});
  list.push_back(
      {"select_large", {"select_large"}, Recording::of({event(Op::select).result(0).entries()})});
  list.push_back(
      {"epoll_membership",
       {"epoll_membership"},
       Recording::of({event(Op::epoll_ctl).times(17), event(Op::epoll_wait).result(0)})});
  list.push_back(
      {"wait_shapes",
       {"wait_shapes"},
       Recording::of({event(Op::epoll_wait).result(0), event(Op::poll).result(0).entries(),
                      event(Op::epoll_ctl).times(2), event(Op::close).tcp().times(2)})});
}

}  // namespace

std::vector<Hazard> hazards_of_calls() {
  std::vector<Hazard> list;
  add_errno(list);
  add_descriptors(list);
  add_bytes(list);
  add_endings(list);
  add_waits(list);
  return list;
}

std::string program_path(const std::string& name) {
  return std::string(PRELOAD_PROGRAMS "/") + name;
}

std::vector<std::string> bare_environment(const Hazard& hazard) {
  std::string others;
  for (const auto* list : {&hazard.before, &hazard.after}) {
    for (const std::string& library : *list) {
      if (library != SOCKWATCH_LIBRARY) others += (others.empty() ? "" : ":") + library;
    }
  }
  return others.empty() ? std::vector<std::string>{}
                        : std::vector<std::string>{"LD_PRELOAD=" + others};
}

}  // namespace sockwatch::preload
