#include "tests/netlab/lab/far_side.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <deque>
#include <memory>
#include <stdexcept>
#include <string>

namespace sockwatch::netlab {
namespace {

using std::chrono::steady_clock;

// A packet near → far comes back as mirrored → near, and the answer near → mirrored as far → near.
// The 16-bit words of the far and the mirrored address have the same sum (0x0a09 + 0x0102 =
// 0x0a0a + 0x0101), so no checksum changes when one takes the other's place.
using Address = std::array<char, 4>;
constexpr Address kFar{10, 9, 1, 2};
constexpr Address kMirrored{10, 10, 1, 1};
constexpr std::size_t kSource = 12;  // offsets in the IPv4 header
constexpr std::size_t kDestination = 16;
constexpr std::size_t kIpHeader = 20;

bool mirror(std::string& packet) {
  if (packet.size() < kIpHeader || (packet[0] & 0xf0) != 0x40) return false;
  Address source;
  Address destination;
  std::memcpy(source.data(), &packet[kSource], 4);
  std::memcpy(destination.data(), &packet[kDestination], 4);
  if (destination != kFar && destination != kMirrored) return false;
  const Address& seen_from = destination == kFar ? kMirrored : kFar;
  std::memcpy(&packet[kSource], seen_from.data(), 4);
  std::memcpy(&packet[kDestination], source.data(), 4);
  return true;
}

int open_tun() {
  const int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
  ifreq request{};
  std::strcpy(request.ifr_name, "away");
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  if (fd < 0 || ioctl(fd, TUNSETIFF, &request) != 0) {
    throw std::runtime_error(std::string("no TUN device: ") + std::strerror(errno));
  }
  return fd;
}

void carry(int tun, std::chrono::milliseconds one_way) {
  struct Travelling {
    steady_clock::time_point due;
    std::string packet;
  };
  std::deque<Travelling> road;
  std::array<char, 65536> bytes;
  for (;;) {
    const auto now = steady_clock::now();
    while (!road.empty() && road.front().due <= now) {
      const std::string& packet = road.front().packet;
      // A packet the kernel refuses is a lost packet, as on any road.
      [[maybe_unused]] const ssize_t delivered = write(tun, packet.data(), packet.size());
      road.pop_front();
    }
    timespec patience{3600, 0};
    if (!road.empty()) {
      const auto left = std::max(road.front().due - now, steady_clock::duration::zero());
      const auto ns = std::chrono::nanoseconds{left}.count();
      patience = {ns / 1'000'000'000, ns % 1'000'000'000};
    }
    pollfd one{tun, POLLIN, 0};
    if (ppoll(&one, 1, &patience, nullptr) <= 0) continue;
    const ssize_t got = read(tun, bytes.data(), bytes.size());
    if (got <= 0) continue;
    std::string packet(bytes.data(), static_cast<std::size_t>(got));
    if (mirror(packet)) road.push_back({steady_clock::now() + one_way, std::move(packet)});
  }
}

}  // namespace

Result<Server> open_far_side(const Namespace& network, std::chrono::milliseconds one_way) {
  if (network.in_user_namespace()) {
    return Error{"a TUN device needs root outside the namespace too", "run the test as root"};
  }
  auto tun = std::make_shared<int>(-1);
  try {
    Server far = serve_with(
        network,
        [tun] {
          *tun = open_tun();
          return std::uint16_t{0};
        },
        [tun, one_way] { carry(*tun, one_way); });
    network.ip(
        fmt::format("address add {0}/32 dev away\n"
                    "link set away up\n"
                    "route add {1}/32 dev away src {0}\n"
                    "route add 10.10.1.1/32 dev away src {0}\n",
                    kNearAddress, kFarAddress));
    return far;
  } catch (const std::runtime_error& failure) {
    return Error{failure.what(), "load the tun module"};
  }
}

}  // namespace sockwatch::netlab
