// Socket options: SO_ERROR, by which most programs learn how a connect ended, and the time-outs a
// program sets.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/time.h>

#include <cerrno>
#include <cstring>

#include "shim/client.h"
#include "shim/clock.h"
#include "shim/hooks/hook.h"
#include "shim/real.h"
#include "shim/state.h"
#include "shim/tcp_picture.h"

using namespace sockwatch;
using namespace sockwatch::shim;

extern "C" {
int hook_getsockopt(int fd, int level, int name, void* value, socklen_t* length)
    SOCKWATCH_EXPORT("getsockopt");
int hook_setsockopt(int fd, int level, int name, const void* value, socklen_t length)
    SOCKWATCH_EXPORT("setsockopt");
}

namespace {

// The program read SO_ERROR. 0 with the handshake still running ends nothing; an error ends the
// phase even if the kernel goes on trying (an ICMP answer on a fast path), because the program now
// knows it as failed.
void read_so_error(int fd, std::uint8_t bits, int value) {
  Detail* detail = fd_table::detail_if_mapped(fd);
  const bool connecting = (bits & kConnecting) != 0;
  if (detail == nullptr || !(connecting || value != 0 || state::settings.every_call)) {
    return;
  }
  bool ends = connecting;
  wire::TcpPicture picture;
  bool pictured = false;
  if (connecting && value == 0) {
    const int error = take_tcp_picture(fd, &picture);
    pictured = error == 0;
    ends = error != EPERM && !(pictured && in_handshake(picture));
    if (!ends && !state::settings.every_call) {
      return;
    }
  }
  Record record(wire::Op::getsockopt, fd);
  if (!record) {
    return;
  }
  record.event().payload.option.level = SOL_SOCKET;
  record.event().payload.option.name = SO_ERROR;
  record.event().payload.option.value = value;
  if (ends) {
    client::publish_phase_end(record, fd, *detail, pictured ? &picture : nullptr);
  } else if (value != 0 && !client::add_picture(record, fd, *detail)) {
    record.abandon();
  } else {
    record.publish();
  }
}

// One of the time-outs that bound a connection, or 0.
unsigned known_option(int level, int name) {
  if (level == SOL_SOCKET && name == SO_SNDTIMEO) return kSendTimeout;
  if (level == SOL_SOCKET && name == SO_RCVTIMEO) return kReceiveTimeout;
  if (level == IPPROTO_TCP && name == TCP_USER_TIMEOUT) return kUserTimeout;
  if (level == IPPROTO_TCP && name == TCP_SYNCNT) return kSynCount;
  return 0;
}

void option_set(int fd, int level, int name, unsigned option, const void* value, socklen_t length) {
  const std::uint8_t bits = fd_table::bits(fd);
  Detail* detail = (bits & (kBorn | kTracked)) == 0 ? nullptr : fd_table::detail_if_mapped(fd);
  if (detail == nullptr || thread::is_foreign(process::current())) {
    return;
  }
  std::int64_t told = 0;
  if (option == kSendTimeout || option == kReceiveTimeout) {
    timeval time{};
    if (length < sizeof(time)) {
      return;
    }
    std::memcpy(&time, value, sizeof(time));
    told = clock::to_ns(time);
    (option == kSendTimeout ? detail->send_timeout_ns : detail->receive_timeout_ns) = told;
  } else {
    int number = 0;
    if (length < sizeof(number)) {
      return;
    }
    std::memcpy(&number, value, sizeof(number));
    told = number;
    (option == kUserTimeout ? detail->user_timeout_ms : detail->syn_count) = number;
  }
  detail->options = static_cast<std::uint16_t>(detail->options | option);
  if ((bits & kTracked) == 0) {
    return;  // told with the connect, if one comes
  }
  Record record(wire::Op::setsockopt, fd);
  if (record) {
    record.event().payload.option.level = level;
    record.event().payload.option.name = name;
    record.event().payload.option.value = told;
    record.publish();
  }
}

}  // namespace

int hook_getsockopt(int fd, int level, int name, void* value, socklen_t* length) {
  const int result = real::getsockopt(fd, level, name, value, length);
  if (level != SOL_SOCKET || name != SO_ERROR || result != 0) {
    return result;
  }
  const std::uint8_t bits = fd_table::bits(fd);
  if ((bits & kTracked) == 0 || *length < sizeof(int)) {
    return result;
  }
  const int error = errno;
  int told = 0;
  std::memcpy(&told, value, sizeof(told));
  read_so_error(fd, bits, told);
  errno = error;
  return result;
}

int hook_setsockopt(int fd, int level, int name, const void* value, socklen_t length) {
  const int result = real::setsockopt(fd, level, name, value, length);
  const unsigned option = result == 0 ? known_option(level, name) : 0;
  if (option != 0) {
    const int error = errno;
    option_set(fd, level, name, option, value, length);
    errno = error;
  }
  return result;
}
