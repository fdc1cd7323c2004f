#include "collector/drain/decode.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <random>

#include "collector/drain/address.h"
#include "tests/unit/drain/producer.h"

namespace sockwatch::drain {
namespace {

using testing::ElementsAre;
using wire::Op;
using wire::Part;

std::vector<std::byte> bytes_of(const void* from, std::size_t length) {
  const auto* begin = static_cast<const std::byte*>(from);
  return {begin, begin + length};
}

std::vector<std::byte> ipv6(const char* text, std::uint16_t port) {
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(port);
  inet_pton(AF_INET6, text, &address.sin6_addr);
  return bytes_of(&address, sizeof address);
}

std::vector<std::byte> unix_path(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  return bytes_of(&address, offsetof(sockaddr_un, sun_path) + path.size());
}

TEST(Address, Ipv4) {
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_port = htons(8080);
  inet_pton(AF_INET, "10.0.7.13", &in.sin_addr);
  const connect::Address expected{"ipv4", "10.0.7.13", 8080};
  EXPECT_EQ(decode_address(bytes_of(&in, sizeof in)), expected);
  EXPECT_EQ(decode_address(bytes_of(&in, 8)), expected) << "without its padding";
  EXPECT_FALSE(decode_address(bytes_of(&in, 7)));
}

TEST(Address, Ipv6AndItsDisguises) {
  EXPECT_EQ(decode_address(ipv6("2001:db8::1", 443)),
            (connect::Address{"ipv6", "2001:db8::1", 443}));
  EXPECT_EQ(decode_address(ipv6("::ffff:192.0.2.7", 80)),
            (connect::Address{"ipv4", "192.0.2.7", 80}));
  EXPECT_EQ(decode_address(ipv6("::192.0.2.7", 80))->family, "ipv6") << "compatible, not mapped";
  auto short_form = ipv6("fe80::1", 1);
  short_form.resize(24);
  EXPECT_EQ(decode_address(short_form), (connect::Address{"ipv6", "fe80::1", 1}));
  short_form.resize(23);
  EXPECT_FALSE(decode_address(short_form));
}

TEST(Address, UnixNames) {
  EXPECT_EQ(decode_address(unix_path("/run/x.sock")), (connect::Address{"unix", "/run/x.sock", 0}));
  EXPECT_EQ(decode_address(unix_path(std::string("/run/x\0tail", 11)))->text, "/run/x");
  EXPECT_EQ(decode_address(unix_path(std::string("\0name\0x", 7)))->text, "@name@x");
  EXPECT_EQ(decode_address(unix_path(""))->text, "");
  EXPECT_EQ(decode_address(unix_path(std::string(108, 'p')))->text, std::string(108, 'p'));
  EXPECT_EQ(decode_address(unix_path("/a\x1b[2J\xff"))->text, "/a\x1b[2J\xff") << "bytes stay";
  auto too_long = unix_path(std::string(108, 'p'));
  too_long.push_back(std::byte{'p'});
  EXPECT_FALSE(decode_address(too_long));
}

TEST(Address, OtherFamiliesAndRubbish) {
  const sa_family_t netlink = AF_NETLINK, unspecified = AF_UNSPEC;
  EXPECT_EQ(decode_address(bytes_of(&netlink, 2))->family, "other");
  EXPECT_EQ(decode_address(bytes_of(&unspecified, 2))->family, "other");
  EXPECT_FALSE(decode_address(bytes_of(&netlink, 1)));
  EXPECT_FALSE(decode_address({}));
  EXPECT_FALSE(decode_address(std::vector<std::byte>(129)));
}

TEST(Decode, AWholeConnect) {
  wire::TcpPicture picture{};
  picture.state = 2;
  picture.total_retrans = 3;
  picture.out_of_order = 10;
  const auto observation = decode(EventBuilder(Op::connect, 5, 1'000'000)
                                      .took(400)
                                      .result(-1, EINPROGRESS)
                                      .flags(wire::kNonBlocking)
                                      .payload(endpoint_payload(42, AF_INET, SOCK_STREAM, 6))
                                      .peer("192.0.2.1", 443)
                                      .part(Part::tcp, &picture, sizeof picture)
                                      .slots());
  ASSERT_TRUE(observation);
  EXPECT_EQ(observation->op, Op::connect);
  EXPECT_EQ(observation->fd, 5);
  EXPECT_EQ(observation->tid, 77u);
  EXPECT_EQ(observation->start_ns(), 999'600);
  EXPECT_EQ(observation->result, -1);
  EXPECT_EQ(observation->error, EINPROGRESS);
  EXPECT_TRUE(observation->has(wire::kNonBlocking));
  EXPECT_EQ(observation->payload.endpoint.cookie, 42u);
  EXPECT_EQ(observation->peer, (connect::Address{"ipv4", "192.0.2.1", 443}));
  EXPECT_FALSE(observation->local);
  ASSERT_TRUE(observation->tcp);
  EXPECT_EQ(std::memcmp(&*observation->tcp, &picture, sizeof picture), 0);
}

TEST(Decode, AWait) {
  std::vector<wire::WaitEntry> entries(wire::kEntriesPerEvent);
  for (std::size_t i = 0; i < entries.size(); ++i) entries[i] = {static_cast<int>(i), 4, 0x1c};
  const auto observation =
      decode(EventBuilder(Op::poll, -1, 9)
                 .part(Part::entries, entries.data(), entries.size() * sizeof entries[0])
                 .slots());
  ASSERT_TRUE(observation);
  ASSERT_EQ(observation->entries.size(), wire::kEntriesPerEvent);
  EXPECT_EQ(observation->entries[20].fd, 20);
  EXPECT_EQ(observation->entries[20].revents, 0x1c);
}

TEST(Decode, ALookUp) {
  wire::ResolvedAddress resolved[2] = {};
  resolved[0].family = AF_INET;
  inet_pton(AF_INET, "192.0.2.9", resolved[0].bytes);
  resolved[1].family = AF_INET6;
  inet_pton(AF_INET6, "::ffff:192.0.2.8", resolved[1].bytes);
  const std::string name(wire::kMaxNameBytes, 'n');
  const auto observation = decode(EventBuilder(Op::getaddrinfo, -1, 9)
                                      .text(Part::name, name)
                                      .text(Part::service, "https")
                                      .part(Part::addresses, resolved, sizeof resolved)
                                      .slots());
  ASSERT_TRUE(observation);
  EXPECT_EQ(observation->name, name);
  EXPECT_EQ(observation->service, "https");
  EXPECT_THAT(observation->addresses, ElementsAre("192.0.2.9", "192.0.2.8"));
}

TEST(Decode, DurationCountsOnlyWhereItWasMeasured) {
  auto slots = EventBuilder(Op::close, 3, 100).slots();
  slots[0].duration_ns = 999;
  ASSERT_TRUE(decode(slots));
  EXPECT_EQ(decode(slots)->duration_ns, 0);
  slots[0].flags = wire::kHasStart;
  EXPECT_FALSE(decode(slots)) << "started before the clock did";
}

TEST(Decode, ALimitOfAgesIsBounded) {
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  const auto wait = [](Op op, std::int64_t timeout_ns) {
    wire::Payload payload{};
    payload.wait.timeout_ns = timeout_ns;
    const auto observation = decode(EventBuilder(op, 4, 100).payload(payload).slots());
    return observation ? observation->payload.wait.timeout_ns : -2;
  };
  for (const Op op : {Op::poll, Op::pselect, Op::epoll_pwait2}) {
    EXPECT_EQ(wait(op, kMax), connect::kMostNs);
    EXPECT_EQ(wait(op, std::numeric_limits<std::int64_t>::min()), -1) << "for ever";
    EXPECT_EQ(wait(op, 2'000'000), 2'000'000);
  }
  wire::Payload option{};
  option.option.value = kMax;
  const auto set = decode(EventBuilder(Op::setsockopt, 4, 100).payload(option).slots());
  ASSERT_TRUE(set);
  EXPECT_EQ(set->payload.option.value, connect::kMostNs);
  EXPECT_TRUE(decode(EventBuilder(Op::close, 4, connect::kMostNs).slots())) << "the last that is";
}

using Change = void (*)(std::vector<wire::Event>&);
struct Malformed {
  const char* what;
  Change change;
};

wire::Continuation continuation(const wire::Event& event) {
  wire::Continuation slot;
  std::memcpy(&slot, &event, sizeof slot);
  return slot;
}
template <typename Edit>
void edit(wire::Event& event, Edit&& change) {
  wire::Continuation slot = continuation(event);
  change(slot);
  std::memcpy(static_cast<void*>(&event), &slot, sizeof slot);
}

class DecodeMalformed : public testing::TestWithParam<Malformed> {};

// A lookup with a name over two slots (full and not), then a service.
std::vector<wire::Event> good_publication() {
  return EventBuilder(Op::getaddrinfo, -1, 100)
      .text(Part::name, std::string(60, 'n'))
      .text(Part::service, "http")
      .slots();
}

TEST_P(DecodeMalformed, IsRefused) {
  auto slots = good_publication();
  ASSERT_TRUE(decode(slots));
  GetParam().change(slots);
  EXPECT_FALSE(decode(slots));
}

using Slots = std::vector<wire::Event>;
using Slot = wire::Continuation;
INSTANTIATE_TEST_SUITE_P(
    All, DecodeMalformed,
    testing::Values(
        Malformed{"Nothing", [](Slots& s) { s.clear(); }},
        Malformed{"NoOp", [](Slots& s) { s[0].op = Op::none; }},
        Malformed{"UnknownOp", [](Slots& s) { s[0].op = static_cast<Op>(999); }},
        Malformed{"ContinuationAsEvent", [](Slots& s) { s[0].op = Op::continuation; }},
        Malformed{"UnknownFlag", [](Slots& s) { s[0].flags = 0x8000; }},
        Malformed{"TimeBeyondInt64", [](Slots& s) { s[0].t_ns = ~std::uint64_t{0}; }},
        Malformed{"TimeThatWouldOverflow", [](Slots& s) { s[0].t_ns = connect::kMostNs + 1; }},
        Malformed{"NegativeErrno", [](Slots& s) { s[0].error = -5; }},
        Malformed{"HugeErrno", [](Slots& s) { s[0].error = 4096; }},
        Malformed{"TooFewSlots", [](Slots& s) { s.pop_back(); }},
        Malformed{"TooManySlots", [](Slots& s) { s.push_back(s.back()); }},
        Malformed{"CountTooLarge", [](Slots& s) { s[0].continuation_slots = 255; }},
        Malformed{"SlotIsNoContinuation", [](Slots& s) { s[2].op = Op::close; }},
        Malformed{"PartZero", [](Slots& s) { edit(s[3], [](Slot& p) { p.part = Part{}; }); }},
        Malformed{"PartUnknown",
                  [](Slots& s) { edit(s[3], [](Slot& p) { p.part = static_cast<Part>(8); }); }},
        Malformed{"LengthBeyondSlot", [](Slots& s) { edit(s[1], [](Slot& p) { p.length = 57; }); }},
        Malformed{"IndexWrong", [](Slots& s) { edit(s[2], [](Slot& p) { p.index = 1; }); }},
        Malformed{"GoesOnAfterAPartlyFilledSlot",
                  [](Slots& s) { edit(s[1], [](Slot& p) { p.length = 10; }); }},
        Malformed{"PartTwice",
                  [](Slots& s) {
                    edit(s[2], [](Slot& p) { p.part = Part::service; });
                    edit(s[3], [](Slot& p) { p.part = Part::name; });
                  }},
        Malformed{"NulInName",
                  [](Slots& s) { edit(s[1], [](Slot& p) { p.bytes[3] = std::byte{0}; }); }},
        Malformed{"TcpOfAnotherSize",
                  [](Slots& s) { edit(s[3], [](Slot& p) { p.part = Part::tcp; }); }},
        Malformed{"HalfAnEntry",
                  [](Slots& s) { edit(s[3], [](Slot& p) { p.part = Part::entries; }); }},
        Malformed{"HalfAnAddress",
                  [](Slots& s) { edit(s[3], [](Slot& p) { p.part = Part::addresses; }); }},
        Malformed{"ShortSocketAddress",
                  [](Slots& s) {
                    edit(s[3], [](Slot& p) {
                      p.part = Part::peer_address;
                      const sa_family_t family = AF_INET;
                      std::memcpy(p.bytes, &family, sizeof family);
                    });
                  }},
        Malformed{"LostWithoutCause",
                  [](Slots& s) {
                    s[0].op = Op::lost;
                    s[0].payload.lost.cause = wire::kLossCauses;
                  }}),
    [](const auto& instance) { return instance.param.what; });

TEST(Decode, TooManyEntriesAddressesAndNameBytes) {
  const std::vector<wire::WaitEntry> entries(wire::kEntriesPerEvent + 1);
  EXPECT_FALSE(decode(EventBuilder(Op::poll, -1, 9)
                          .part(Part::entries, entries.data(), entries.size() * 8)
                          .slots()));
  std::vector<wire::ResolvedAddress> addresses(wire::kMaxResolvedAddresses + 1);
  for (auto& address : addresses) address.family = AF_INET;
  const auto lookup = [&](std::size_t count) {
    return decode(EventBuilder(Op::getaddrinfo, -1, 9)
                      .part(Part::addresses, addresses.data(), count * sizeof addresses[0])
                      .slots());
  };
  EXPECT_TRUE(lookup(wire::kMaxResolvedAddresses));
  EXPECT_FALSE(lookup(wire::kMaxResolvedAddresses + 1));
  addresses[0].family = AF_UNIX;
  EXPECT_FALSE(lookup(1));
  EXPECT_FALSE(
      decode(EventBuilder(Op::getaddrinfo, -1, 9).text(Part::name, std::string(256, 'n')).slots()));
}

// What comes through must keep every promise of Observation, whatever went in.
void check_promises(const connect::Observation& observation) {
  ASSERT_GE(observation.t_ns, 0);
  ASSERT_LE(observation.t_ns, connect::kMostNs);
  ASSERT_GE(observation.duration_ns, 0);
  ASSERT_GE(observation.start_ns(), 0);
  ASSERT_GE(observation.error, 0);
  ASSERT_LE(observation.entries.size(), wire::kEntriesPerEvent);
  ASSERT_LE(observation.addresses.size(), wire::kMaxResolvedAddresses);
  ASSERT_LE(observation.name.size(), wire::kMaxNameBytes);
}

TEST(Decode, MillionRandomEventsAreSurvived) {
  std::mt19937_64 random(20240607);
  std::vector<wire::Event> slots;
  std::size_t accepted = 0;
  constexpr int kCount = 1'000'000;
  constexpr Op kOps[] = {Op::connect, Op::close, Op::poll, Op::getaddrinfo, Op::lost, Op::recv};
  for (int i = 0; i < kCount; ++i) {
    slots.resize(1 + random() % 5);
    for (wire::Event& slot : slots) {
      std::uint64_t words[8];
      for (std::uint64_t& word : words) word = random();
      std::memcpy(static_cast<void*>(&slot), words, sizeof slot);
    }
    // Most of the time as right as need be to get past the first checks.
    wire::Event& event = slots[0];
    if (random() % 8 != 0) {
      event.op = kOps[random() % std::size(kOps)];
      event.flags &= 0x3f;
      event.t_ns >>= 5;
      event.error = static_cast<std::int16_t>(event.error & 0xfff);
      event.duration_ns >>= 4 + random() % 3;
      event.continuation_slots = static_cast<std::uint8_t>(slots.size() - 1);
      for (std::size_t at = 1; at < slots.size(); ++at) {
        edit(slots[at], [&](Slot& part) {
          part.op = Op::continuation;
          part.part = static_cast<Part>(random() % 9);
          part.length = random() % 2 == 0 ? 56 : static_cast<std::uint16_t>(random() % 58);
          part.index = static_cast<std::uint16_t>(at);
          if (random() % 2 == 0) part.bytes[0] = static_cast<std::byte>(random() % 11);
          part.bytes[1] = random() % 2 == 0 ? std::byte{0} : part.bytes[1];
        });
      }
    }
    if (const auto observation = decode(slots)) {
      ++accepted;
      check_promises(*observation);
    }
  }
  EXPECT_GT(accepted, kCount / 20) << "the fuzz must get behind the first check";
  EXPECT_LT(accepted, kCount);
}

}  // namespace
}  // namespace sockwatch::drain
