#include "tests/netlab/lab/dns.h"

#include <arpa/inet.h>

#include <array>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "tests/netlab/lab/address.h"

namespace sockwatch::netlab {
namespace {

// Message layout: RFC 1035 section 4.
constexpr std::size_t kHeader = 12;
constexpr unsigned kTypeA = 1;
constexpr unsigned kTypeAaaa = 28;
constexpr unsigned char kServfail = 2;
constexpr unsigned char kNxdomain = 3;

struct Question {
  std::string name;
  unsigned type = 0;
  std::size_t end = 0;  // offset behind it
};

std::optional<Question> parse_question(const std::string& query) {
  Question question;
  std::size_t at = kHeader;
  while (at < query.size() && query[at] != 0) {
    const auto length = static_cast<unsigned char>(query[at]);
    if (length > 63 || at + 1 + length >= query.size()) return std::nullopt;
    if (!question.name.empty()) question.name += '.';
    question.name += query.substr(at + 1, length);
    at += 1U + length;
  }
  if (at + 5 > query.size()) return std::nullopt;
  question.type =
      static_cast<unsigned char>(query[at + 1]) * 256U + static_cast<unsigned char>(query[at + 2]);
  question.end = at + 5;
  return question;
}

std::string record(unsigned type, const std::string& text) {
  const SocketAddress address = internet_address(text, 0);
  std::string data;
  if (type == kTypeA) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(&address.storage);
    data.assign(reinterpret_cast<const char*>(&v4->sin_addr), 4);
  } else {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&address.storage);
    data.assign(reinterpret_cast<const char*>(&v6->sin6_addr), 16);
  }
  std::string text_record = {'\xc0', kHeader, 0, static_cast<char>(type), 0, 1, 0, 0, 0, 60, 0};
  text_record += static_cast<char>(data.size());
  return text_record + data;
}

std::string reply(const std::string& query, const Question& question, unsigned char code,
                  const std::vector<std::string>& addresses) {
  std::string message = query.substr(0, 2);
  message += {'\x81', static_cast<char>(0x80 | code), 0, 1, 0, static_cast<char>(addresses.size())};
  message += std::string(4, '\0');
  message += query.substr(kHeader, question.end - kHeader);
  for (const auto& address : addresses) message += record(question.type, address);
  return message;
}

void answer(int fd, const std::map<std::string, NameAnswer>& zone, const std::string& query,
            const Question& question, const SocketAddress& from) {
  const auto found = zone.find(question.name);
  std::string message;
  if (found == zone.end()) {
    message = reply(query, question, kNxdomain, {});
  } else {
    const NameAnswer& told = found->second;
    if (told.manner == NameAnswer::Manner::silence) return;
    if (told.ignore_aaaa && question.type == kTypeAaaa) return;
    std::this_thread::sleep_for(told.delay);
    const bool fails = told.manner == NameAnswer::Manner::servfail;
    std::vector<std::string> addresses;
    if (!fails && question.type == kTypeA) addresses = told.v4;
    if (!fails && question.type == kTypeAaaa) addresses = told.v6;
    message = reply(query, question, fails ? kServfail : 0, addresses);
  }
  sendto(fd, message.data(), message.size(), 0, from.get(), from.length);
}

}  // namespace

Server serve_dns(const Namespace& network, std::map<std::string, NameAnswer> zone,
                 const std::string& address) {
  auto bound = std::make_shared<int>(-1);
  return serve_with(
      network,
      [&address, bound] {
        *bound = bound_socket(internet_address(address, 53), SOCK_DGRAM);
        return port_of(*bound);
      },
      [zone = std::move(zone), bound] {
        std::array<char, 2048> datagram;
        std::map<std::string, int> lost;
        for (;;) {
          SocketAddress from;
          from.length = sizeof from.storage;
          const ssize_t got =
              recvfrom(*bound, datagram.data(), datagram.size(), 0, from.get(), &from.length);
          if (got < static_cast<ssize_t>(kHeader)) continue;
          std::string query(datagram.data(), static_cast<std::size_t>(got));
          const auto question = parse_question(query);
          if (!question) continue;
          const auto known = zone.find(question->name);
          if (known != zone.end() && lost[question->name] < known->second.lose_first) {
            ++lost[question->name];
            continue;
          }
          // A and AAAA of one lookup come together; a delayed answer must not hold up the other.
          std::thread(answer, *bound, std::cref(zone), std::move(query), *question, from).detach();
        }
      });
}

}  // namespace sockwatch::netlab
