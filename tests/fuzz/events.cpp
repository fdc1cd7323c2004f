// Events of one process, as they are or as nobody's library would write them, through the decoder
// and the machine that makes connections of them, with another collector going on now and then.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <limits>
#include <optional>
#include <set>
#include <vector>

#include "collector/connect/ops.h"
#include "collector/connect/outcome.h"
#include "collector/connect/tracker.h"
#include "collector/drain/decode.h"
#include "collector/support/archive.h"
#include "tests/fuzz/input.h"

namespace sockwatch::fuzz {
namespace {

using wire::Op;
using wire::Part;

constexpr Op kOps[] = {
#define SOCKWATCH_OP(number, symbol, group) Op::symbol,
#include "shim/wire/ops.def"
    Op::lost, static_cast<Op>(999)};
// What connections are made of comes more often.
constexpr Op kUsual[] = {Op::connect,   Op::connect,    Op::poll,     Op::getsockopt,
                         Op::close,     Op::send,       Op::recv,     Op::epoll_wait,
                         Op::epoll_ctl, Op::setsockopt, Op::dup2,     Op::getaddrinfo,
                         Op::accept4,   Op::socket,     Op::shutdown, Op::select};
constexpr std::int16_t kErrors[] = {
    0,     EINPROGRESS, ECONNREFUSED, ETIMEDOUT,   EINTR,  EISCONN,       EALREADY,     ECONNRESET,
    EPIPE, EAGAIN,      EHOSTUNREACH, ENETUNREACH, EMFILE, EADDRNOTAVAIL, ECONNABORTED, 4095};
constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kNumbers[] = {
    0,    1,    -1,        5,         100, 1'000, 1'000'000, 3'000'000'000, connect::kMostNs,
    kMax, kMin, 1LL << 31, 1LL << 62, -100};
constexpr std::uint8_t kStates[] = {TCP_SYN_SENT, TCP_ESTABLISHED, TCP_CLOSE, TCP_CLOSE_WAIT,
                                    TCP_LISTEN,   TCP_SYN_RECV,    200};
constexpr int kLevels[] = {SOL_SOCKET, IPPROTO_TCP};
constexpr int kOptions[] = {SO_SNDTIMEO, SO_RCVTIMEO, TCP_USER_TIMEOUT, SO_ERROR};

int descriptor(Input& input) {
  constexpr int kOdd[] = {-1, std::numeric_limits<int>::max(), std::numeric_limits<int>::min(),
                          1'000'000};
  const std::size_t choice = input.below(20);
  return choice < 16 ? static_cast<int>(choice % 6) : kOdd[choice - 16];
}

std::int64_t number(Input& input) {
  return input.below(4) == 0 ? input.take<std::int64_t>() : input.pick(kNumbers);
}

std::string address(Input& input) {
  sockaddr_storage storage{};
  std::size_t length = 0;
  switch (input.below(4)) {
    case 0: {
      auto& in = reinterpret_cast<sockaddr_in&>(storage);
      in.sin_family = AF_INET;
      in.sin_port = htons(static_cast<std::uint16_t>(80 + input.below(3)));
      in.sin_addr.s_addr = htonl(0x0a000000U + static_cast<std::uint32_t>(input.below(4)));
      length = sizeof in;
      break;
    }
    case 1: {
      auto& in6 = reinterpret_cast<sockaddr_in6&>(storage);
      in6.sin6_family = AF_INET6;
      const auto bytes = input.bytes(16);
      std::copy(bytes.begin(), bytes.end(), in6.sin6_addr.s6_addr);
      length = sizeof in6;
      break;
    }
    case 2:
      storage.ss_family = AF_UNIX;
      length = 2 + input.below(110);
      break;
    default:
      storage.ss_family = input.take<std::uint8_t>();
      length = input.below(sizeof storage);
  }
  std::string text(reinterpret_cast<const char*>(&storage), length);
  if (storage.ss_family == AF_UNIX && text.size() > 2)
    text.replace(2, text.size() - 2, input.text(text.size() - 2));
  return text;
}

std::string picture(Input& input) {
  wire::TcpPicture tcp{};
  const auto bytes = input.bytes(input.below(sizeof tcp + 1));
  if (!bytes.empty()) std::memcpy(&tcp, bytes.data(), bytes.size());
  tcp.state = input.pick(kStates);
  if (input.below(2) == 0) tcp.known_bytes = 248;
  return {reinterpret_cast<const char*>(&tcp), sizeof tcp};
}

std::string entries(Input& input) {
  std::string text;
  const std::size_t count = input.below(wire::kEntriesPerEvent + 2);
  for (std::size_t i = 0; i < count; ++i) {
    const wire::WaitEntry entry{descriptor(input), POLLOUT,
                                static_cast<std::uint16_t>(input.take<std::uint8_t>())};
    text.append(reinterpret_cast<const char*>(&entry), sizeof entry);
  }
  return text;
}

std::string resolved(Input& input) {
  std::string text;
  const std::size_t count = input.below(5);
  for (std::size_t i = 0; i < count; ++i) {
    wire::ResolvedAddress found{};
    found.family = input.below(2) == 0 ? AF_INET : AF_INET6;
    found.bytes[0] = 10;
    found.bytes[3] = static_cast<std::uint8_t>(input.below(4));
    text.append(reinterpret_cast<const char*>(&found), sizeof found);
  }
  return text;
}

std::string part_bytes(Input& input, Part part) {
  if (input.below(16) == 0) return input.text(input.below(130));
  switch (part) {
    case Part::peer_address:
    case Part::local_address:
      return address(input);
    case Part::tcp:
      return picture(input);
    case Part::entries:
      return entries(input);
    case Part::addresses:
      return resolved(input);
    case Part::listening: {
      const wire::Listening listening{input.take<std::uint64_t>(), input.take<std::int32_t>(), 0};
      return {reinterpret_cast<const char*>(&listening), sizeof listening};
    }
    default:
      return input.text(input.below(20));
  }
}

void append(std::vector<wire::Event>& slots, Part part, std::string_view bytes) {
  do {
    wire::Continuation slot{};
    slot.op = Op::continuation;
    slot.part = part;
    slot.length = static_cast<std::uint16_t>(std::min(bytes.size(), wire::Continuation::kBytes));
    slot.index = static_cast<std::uint16_t>(slots.size());
    std::memcpy(slot.bytes, bytes.data(), slot.length);
    bytes.remove_prefix(slot.length);
    std::memcpy(static_cast<void*>(&slots.emplace_back()), &slot, sizeof slot);
  } while (!bytes.empty());
}

void fill_payload(Input& input, wire::Event& event) {
  wire::Payload& payload = event.payload;
  if (input.below(16) == 0) {
    const auto bytes = input.bytes(sizeof payload.raw);
    if (!bytes.empty()) std::memcpy(payload.raw, bytes.data(), bytes.size());
  } else if (connect::is_poll_family(event.op) || connect::is_epoll_wait(event.op)) {
    payload.wait = {number(input), input.take<std::uint8_t>(), 0};
    event.result = static_cast<std::int64_t>(input.below(3)) - 1;
  } else if (event.op == Op::setsockopt || event.op == Op::getsockopt) {
    payload.option = {input.pick(kLevels), input.pick(kOptions), number(input)};
    if (event.op == Op::getsockopt)
      payload.endpoint = {input.below(4), AF_INET, SOCK_STREAM, IPPROTO_TCP, 0};
  } else if (event.op == Op::epoll_ctl) {
    payload.epoll = {0, descriptor(input), 0};
    event.detail = static_cast<std::uint8_t>(input.below(5));
  } else if (event.op == Op::dup2 || event.op == Op::dup3 || event.op == Op::close_range ||
             event.op == Op::fcntl || event.op == Op::shutdown) {
    payload.descriptor = {descriptor(input), static_cast<int>(input.below(5)),
                          input.take<std::uint8_t>(),
                          input.below(2) == 0 ? ~0U : input.take<std::uint8_t>()};
  } else if (connect::is_send(event.op) || connect::is_receive(event.op)) {
    payload.transfer = {static_cast<std::uint64_t>(number(input)), 0, input.pick(kStates), {}};
  } else {
    payload.endpoint = {input.below(4),
                        static_cast<std::uint16_t>(input.below(2) == 0 ? AF_INET : AF_INET6),
                        SOCK_STREAM, IPPROTO_TCP, 0};
  }
}

// One publication. `now` goes on with it, or jumps.
std::vector<wire::Event> publication(Input& input, std::uint64_t& now) {
  std::vector<wire::Event> slots(1);
  {
    wire::Event& event = slots[0];
    event.op = input.below(4) == 0 ? input.pick(kOps) : input.pick(kUsual);
    event.fd = descriptor(input);
    event.tid = static_cast<std::uint32_t>(input.below(3));
    const std::size_t step = input.below(16);
    if (step == 15) {
      now = static_cast<std::uint64_t>(number(input));
    } else {
      now += std::uint64_t{1} << (2 * step);
    }
    event.t_ns = now;
    event.flags = static_cast<std::uint16_t>(input.take<std::uint8_t>() & 0x37);
    if ((event.flags & wire::kHasStart) != 0) {
      event.duration_ns = std::min<std::uint64_t>(static_cast<std::uint64_t>(number(input)), now);
    }
    event.detail = input.below(2) == 0 ? 0 : input.take<std::uint8_t>();
    event.error = input.pick(kErrors);
    event.result = event.error != 0      ? -1
                   : input.below(8) == 0 ? number(input)
                                         : static_cast<std::int64_t>(input.below(6));
    fill_payload(input, event);
  }
  const std::size_t parts = input.below(4);
  for (std::size_t i = 0; i < parts; ++i) {
    const auto part = static_cast<Part>(1 + input.below(8));
    append(slots, part, part_bytes(input, part));
  }
  slots[0].continuation_slots = static_cast<std::uint8_t>(slots.size() - 1);
  if (input.below(32) == 0) {  // and then somebody writes over it
    auto* const bytes = reinterpret_cast<std::uint8_t*>(&slots[input.below(slots.size())]);
    bytes[input.below(sizeof(wire::Event))] = input.take<std::uint8_t>();
  }
  return slots;
}

class Machine {
 public:
  explicit Machine(bool all_calls) : options_{all_calls}, tracker_(1, ids_, options_) {}

  void apply(const connect::Observation& o) {
    require(o.t_ns >= 0 && o.t_ns <= connect::kMostNs, "times are bounded");
    require(o.duration_ns >= 0 && o.duration_ns <= o.t_ns, "nothing began before the clock");
    tracker_.apply(o);
  }

  void take() {
    const connect::Changes changes = tracker_.take();
    for (const auto& row : changes.connections) check(row);
    for (const auto& row : changes.resolutions)
      require(row.duration_ns >= 0, "a lookup takes time");
    for (const auto& row : changes.failed_calls) require(row.count > 0, "a failed call is counted");
  }

  // Another collector goes on.
  void change_collector() {
    take();
    std::string bytes;
    Keep keep(bytes);
    tracker_.keep(keep);
    connect::Tracker next(1, ids_, options_);
    Restore restore(bytes);
    next.restore(restore, false);
    require(restore.good(), "what one collector knows the next one can read");
    std::string again;
    Keep keep_again(again);
    next.keep(keep_again);
    require(again.size() == bytes.size(), "and it is the same");
    tracker_ = std::move(next);
  }

  void end(std::int64_t t_ns, bool exec) {
    tracker_.process_ended(t_ns,
                           exec ? connect::Tracker::End::replaced : connect::Tracker::End::exited);
    take();
  }

 private:
  static void check(const store::ConnectionRow& row) {
    require(row.id > 0, "a connection has a number");
    require(!row.outcome.empty(), "a connection has an outcome");
    require(row.ending.has_value() == (row.outcome == "connected"),
            "only what connected has an ending");
    require(row.turn_total_ns >= row.turn_max_ns && row.turn_max_ns >= 0, "turns take time");
    require(row.turns >= 0 && row.waits >= 0 && row.expired_waits >= 0, "counts are counts");
  }

  connect::Ids ids_;
  const connect::Options options_;
  connect::Tracker tracker_;
};

void run(Input input) {
  Machine machine(input.below(4) == 0);
  std::uint64_t now = 1'000'000'000;
  while (!input.empty()) {
    switch (input.below(32)) {
      case 0:
        machine.take();
        break;
      case 1:
        machine.change_collector();
        break;
      case 2: {  // bytes as they come
        std::vector<wire::Event> slots(1 + input.below(4));
        for (wire::Event& slot : slots) {
          const auto bytes = input.bytes(sizeof slot);
          if (!bytes.empty()) std::memcpy(static_cast<void*>(&slot), bytes.data(), bytes.size());
        }
        if (const auto observation = drain::decode(slots)) machine.apply(*observation);
        break;
      }
      default:
        if (const auto observation = drain::decode(publication(input, now)))
          machine.apply(*observation);
        break;
    }
  }
  machine.end(static_cast<std::int64_t>(std::min<std::uint64_t>(now, connect::kMostNs)), false);
}

}  // namespace
}  // namespace sockwatch::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t count) {
  sockwatch::fuzz::run(sockwatch::fuzz::Input(bytes, count));
  return 0;
}
