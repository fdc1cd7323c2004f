#include "collector/connect/ops.h"

namespace sockwatch::connect {

using wire::Op;

std::string_view name(Op op) {
  switch (op) {
#define SOCKWATCH_OP(number, symbol, group) \
  case Op::symbol:                          \
    return #symbol;
#include "shim/wire/ops.def"
    default:
      return "?";
  }
}

bool is_send(Op op) {
  switch (op) {
    case Op::send:
    case Op::sendto:
    case Op::sendmsg:
    case Op::sendmmsg:
    case Op::write:
    case Op::writev:
    case Op::sendfile:
      return true;
    default:
      return false;
  }
}

bool is_receive(Op op) {
  switch (op) {
    case Op::recv:
    case Op::recvfrom:
    case Op::recvmsg:
    case Op::recvmmsg:
    case Op::read:
    case Op::readv:
      return true;
    default:
      return false;
  }
}

bool is_poll_family(Op op) {
  return op == Op::poll || op == Op::ppoll || op == Op::select || op == Op::pselect;
}

bool is_epoll_wait(Op op) {
  return op == Op::epoll_wait || op == Op::epoll_pwait || op == Op::epoll_pwait2;
}

bool is_close_family(Op op) {
  return op == Op::close || op == Op::fclose || op == Op::close_range || op == Op::closefrom;
}

bool is_lookup(Op op) {
  switch (op) {
    case Op::getaddrinfo:
    case Op::gethostbyname:
    case Op::gethostbyname2:
    case Op::gethostbyname_r:
    case Op::gethostbyname2_r:
    case Op::getaddrinfo_a:
      return true;
    default:
      return false;
  }
}

const char* budget_source(Op wait) {
  switch (wait) {
    case Op::select:
    case Op::pselect:
      return "select";
    case Op::epoll_wait:
    case Op::epoll_pwait:
    case Op::epoll_pwait2:
      return "epoll";
    default:
      return "poll";
  }
}

}  // namespace sockwatch::connect
