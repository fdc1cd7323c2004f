// Lookups that took as long as the resolver waits for a name server.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "viewer/diagnose/bounded.h"
#include "viewer/diagnose/lookup.h"
#include "viewer/diagnose/phrase.h"
#include "viewer/diagnose/units.h"
#include "viewer/model/shell_word.h"

namespace sockwatch::diagnose {
namespace {

struct NameCounts {
  std::int64_t lookups = 0;  // that found something
  std::int64_t slow = 0;
  std::int64_t twice = 0;  // AAAA alone: two time-outs, only IPv4 found
  std::int64_t quick = 0;  // both questions were answered, or so it seems
};

constexpr std::size_t kKeptLookups = 1'000;

// Where the question for IPv6 addresses is never answered there are no such lookups: only those
// that ask for IPv4 alone, or nobody.
bool had_both_answers(const store::ResolutionRow& row, const Settings& settings) {
  constexpr store::Ns kAskedAServer = 100'000;
  return row.family != "ipv4" && row.duration_ns > kAskedAServer &&
         row.duration_ns < settings.resolver_timeout / 2;
}

// Names with something slow, most affected first.
std::vector<std::string> affected(Bounded<std::string, NameCounts>& names) {
  std::vector<std::pair<std::int64_t, std::string>> order;
  for (const auto& [name, counts] : names) {
    if (counts.slow > 0) order.emplace_back(-counts.slow, name);
  }
  std::sort(order.begin(), order.end());
  std::vector<std::string> result;
  result.reserve(order.size());
  for (auto& [count, name] : order) result.push_back(std::move(name));
  return result;
}

class Dns5s : public Rule {
 public:
  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "DNS-5S",
        .family = Family::lookup,
        .title = "a lost query or a dead name server",
        .signature =
            "The lookup found the name, but took 1, 2 or 3 times the resolver's timeout "
            "(-0.5 % to +3 %; resolv.conf `timeout`, 5 s by default). Or as long as all tries at "
            "all "
            "name servers, where the resolver asks for the name with a suffix of the search list "
            "first.",
        .meaning =
            "Before a program can connect to a name it asks a name server for the address. "
            "The question or its answer got lost, or the first name server is dead. "
            "The resolver waited its full timeout, asked again, and then had the answer. "
            "The connection itself began only after that.",
        .not_this =
            "Not a slow server and not a slow network to it: nothing was sent to it yet. "
            "A slow name server gives times all over the place; this one waited exactly "
            "as long as the resolver waits.",
        .next = {"resolvectl status", "dig @NAMESERVER NAME A; dig @NAMESERVER NAME AAAA",
                 "conntrack -S    # insert_failed rising: queries are lost in NAT",
                 "put `options single-request-reopen` or `timeout:1` into /etc/resolv.conf"}};
    return kEntry;
  }

  void see(const store::ResolutionRow& row) override {
    if (!asks_a_nameserver(row) || !found(row)) return;
    ++lookups_;
    NameCounts* counts = names_.slot(*row.name);
    if (counts != nullptr) {
      ++counts->lookups;
      counts->quick += had_both_answers(row, settings()) ? 1 : 0;
    }
    const int times = timeouts_taken(row.duration_ns, settings().resolver_timeout);
    std::string other = gave_up_on_first(row, settings());
    if (!other.empty()) {
      if (others_++ == 0) other_name_ = std::move(other);
      add(row, times == 0 ? 3 : times, counts);
    } else if (times == 0) {
      return;
    } else if (times == 3 && only_ipv4(row)) {
      if (three_times_.size() < kKeptLookups) three_times_.push_back(row);
    } else {
      add(row, times, counts);
    }
  }

  void conclude(std::vector<Finding>& findings) override {
    // Three time-outs and no IPv6 address is what DNS-AAAA speaks of, unless others were quick.
    for (const auto& row : three_times_) {
      NameCounts* counts = names_.find(*row.name);
      if (counts != nullptr && counts->quick > 0) add(row, 3, counts);
    }
    const std::vector<std::string> names = affected(names_);
    if (names.empty()) return;
    auto result = finding(Severity::warning, Confidence::high, subject_of(names));
    sightings_.fill(result, lookups_);
    const std::string took = time_span(longest_);
    result.summary = fmt::format(
        "Looking up {} took {}{}: {} got no answer and was retried after the resolver timeout{}",
        result.subject, time_span(shortest_) == took ? "" : "up to ", took,
        times_[1] + times_[2] == 0 ? "one query" : "a query", cause());
    result.evidence.push_back(fmt::format("{} lookups that found their name took a multiple of {}",
                                          share(result.count, result.of),
                                          time_span(settings().resolver_timeout)));
    for (std::size_t i = 0; i < std::min<std::size_t>(names.size(), 5) && names.size() > 1; ++i) {
      const NameCounts& counts = *names_.find(names[i]);
      result.evidence.push_back(
          fmt::format("{}: {}", names[i], share(counts.slow, counts.lookups)));
    }
    result.excluded.push_back(
        "A slow answer: its time would lie anywhere, not just behind the resolver's timeout.");
    result.next_steps = dig_commands(settings(), names.front());
    result.next_steps.insert(result.next_steps.begin(), "resolvectl status");
    if (others_ > 0) {
      result.evidence.push_back(fmt::format(
          "took as long as all tries for one name, and the search list puts {} first: {}",
          other_name_, share(others_, result.count)));
      result.next_steps.insert(
          result.next_steps.begin(),
          {dig(other_name_, "A"),
           "if that gets no answer: a dot at the end of the name, `ndots:1`, or no such suffix in "
           "/etc/resolv.conf"});
    }
    result.next_steps.push_back("conntrack -S    # insert_failed rising: queries are lost in NAT");
    findings.push_back(std::move(result));
  }

 private:
  void add(const store::ResolutionRow& row, int times, NameCounts* counts) {
    ++times_[static_cast<std::size_t>(times - 1)];
    shortest_ = shortest_ == 0 ? row.duration_ns : std::min(shortest_, row.duration_ns);
    longest_ = std::max(longest_, row.duration_ns);
    sightings_.add(row);
    if (counts != nullptr) ++counts->slow;
  }

  // Says nothing of shares below five lookups.
  std::string cause() const {
    const std::int64_t slow = sightings_.count();
    if (others_ * 2 > slow) {
      return fmt::format(
          ". The resolver asks for {} first (search list); nobody may answer for that.",
          other_name_);
    }
    if (lookups_ >= 5 && slow * 10 >= lookups_ * 9) {
      return settings().nameservers > 1 ? ". The first name server is dead."
                                        : ". Nearly every first query is lost.";
    }
    if (slow * 20 < lookups_) {
      return ". Queries are being lost (a conntrack race of A and AAAA is a known cause).";
    }
    return ".";
  }

  Bounded<std::string, NameCounts> names_;
  std::vector<store::ResolutionRow> three_times_;  // and only IPv4 addresses
  Sightings sightings_;
  std::int64_t others_ = 0;  // that may have waited for another name of the search list
  std::string other_name_;
  std::array<std::int64_t, 3> times_{};
  std::int64_t lookups_ = 0;
  store::Ns shortest_ = 0;
  store::Ns longest_ = 0;
};

class DnsAaaa : public Rule {
 public:
  static constexpr std::int64_t kRepeatedly = 3;

  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "DNS-AAAA",
        .family = Family::lookup,
        .title = "the question for IPv6 addresses is never answered",
        .signature =
            "The lookup found only IPv4 addresses and took 3 times the resolver's timeout "
            "(-0.5 % to +3 %); or 2 times, in at least 3 lookups of that name. Not where another "
            "lookup of that name for both families was quick (0.1 ms to half a timeout), nor where "
            "another name of the search list may have had no answer (DNS-5S).",
        .meaning =
            "A program asks for IPv4 addresses (A) and IPv6 addresses (AAAA) of a name at "
            "once. The name server answered the first question and never the second. The "
            "resolver repeated it until it had no more tries, then used what it had.",
        .not_this =
            "Not a dead name server: that would have failed the lookup. Three lost "
            "packets in a row look the same once, but not again and again.",
        .next = {"dig NAME AAAA", "put `options no-aaaa` into /etc/resolv.conf (glibc 2.36)"}};
    return kEntry;
  }

  void see(const store::ResolutionRow& row) override {
    if (!asks_a_nameserver(row) || !found(row)) return;
    ++lookups_;
    NameCounts* counts = names_.slot(*row.name);
    if (counts == nullptr) return;
    ++counts->lookups;
    counts->quick += had_both_answers(row, settings()) ? 1 : 0;
    if (!only_ipv4(row) || !gave_up_on_first(row, settings()).empty()) return;
    const int times = timeouts_taken(row.duration_ns, settings().resolver_timeout);
    if (times < 2) return;
    if (times == 2) ++counts->twice;
    if (slow_.size() < kKeptLookups) slow_.push_back(row);
  }

  void conclude(std::vector<Finding>& findings) override {
    for (const auto& row : slow_) {
      NameCounts& counts = *names_.find(*row.name);
      if (counts.quick > 0) continue;
      const bool thrice = timeouts_taken(row.duration_ns, settings().resolver_timeout) == 3;
      if (!thrice && counts.twice < kRepeatedly) continue;
      ++counts.slow;
      sightings_.add(row);
      longest_ = std::max(longest_, row.duration_ns);
    }
    const std::vector<std::string> names = affected(names_);
    if (names.empty()) return;
    auto result = finding(Severity::warning, Confidence::medium, subject_of(names));
    sightings_.fill(result, lookups_);
    result.summary =
        fmt::format("The name server answers A but ignores AAAA for {}; each lookup waits {}.",
                    result.subject, time_span(longest_));
    result.evidence.push_back(fmt::format(
        "{} lookups found only IPv4 addresses and waited 2 or 3 times the resolver's {}",
        share(result.count, result.of), time_span(settings().resolver_timeout)));
    result.excluded.push_back("A dead name server: the lookup would have failed.");
    result.next_steps = {dig(names.front(), "AAAA"), "try `options no-aaaa` in /etc/resolv.conf"};
    result.explains = {{"DNS-5S", result.subject}};
    findings.push_back(std::move(result));
  }

 private:
  Bounded<std::string, NameCounts> names_;
  std::vector<store::ResolutionRow> slow_;  // two or three time-outs, only IPv4 addresses
  Sightings sightings_;
  std::int64_t lookups_ = 0;
  store::Ns longest_ = 0;
};

class DnsDead : public Rule {
 public:
  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "DNS-DEAD",
        .family = Family::lookup,
        .title = "no name server answers",
        .signature =
            "The lookup ended with EAI_AGAIN after at least 97 % of timeout x attempts "
            "of resolv.conf (5 s x 2 by default). Or, medium: a program with a resolver of its own "
            "(Node's dns.resolve, dig) sent to UDP port 53, and nothing came back for 1 s or "
            "longer, until it closed the socket; a warning where another name server answered it.",
        .meaning =
            "The program asked for the address of a name. None of the name servers "
            "answered any of the questions, and the resolver gave up. The program has no "
            "address, so it never tried to connect.",
        .not_this =
            "Not a problem of the server with that name: nothing was ever sent to it. Not "
            "a wrong name either: a name server would have said so at once.",
        .next = {"dig @NAMESERVER NAME", "cat /etc/resolv.conf",
                 "see whether UDP port 53 to the name servers is let through"}};
    return kEntry;
  }

  void see(const store::ResolutionRow& row) override {
    if (!asks_a_nameserver(row)) return;
    ++lookups_;
    const store::Ns whole = settings().resolver_timeout * settings().resolver_attempts;
    if (!try_again(row)) {
      // What took less than a first query has not asked, or asks somebody who answers.
      if (found(row) && row.duration_ns > kAsked) ++answered_;
      return;
    }
    if (row.duration_ns < whole / 100 * 97) return;
    NameCounts* counts = names_.slot(*row.name);
    if (counts != nullptr) ++counts->slow;
    sightings_.add(row);
    longest_ = std::max(longest_, row.duration_ns);
  }

  // What is in the datagrams is not looked at; that they go to port 53 makes them questions.
  void see(const Attempt& attempt) override {
    const auto& row = attempt.row;
    if (row.protocol != "udp" || row.peer_port != kPort) return;
    if (!attempt.is(model::Outcome::connected) || !row.first_send_ns || row.first_receive_ns) {
      return;
    }
    if (!row.closed_ns || *row.closed_ns - *row.first_send_ns < kGivenUp) return;
    Own& own = own_[attempt.service];
    if (own.sightings.count() == 0) {
      own.program = attempt.program;
      own.address = context().places[attempt.place].address;
    }
    own.sightings.add(row);
    own.unconnected += row.fast_open.value_or(false) ? 1 : 0;
    own.longest = std::max(own.longest, *row.closed_ns - *row.first_send_ns);
  }

  void conclude(std::vector<Finding>& findings) override {
    conclude_own(findings);
    const std::vector<std::string> names = affected(names_);
    if (names.empty()) return;
    auto result = finding(Severity::error, Confidence::high, subject_of(names));
    sightings_.fill(result, lookups_);
    result.summary =
        fmt::format("No name server answered within {}; nothing was ever sent to {}.",
                    time_span(longest_), names.size() == 1 ? names.front() : "these names");
    result.evidence.push_back(fmt::format(
        "{} lookups ended with EAI_AGAIN after all {} tries of {}", share(result.count, result.of),
        settings().resolver_attempts, time_span(settings().resolver_timeout)));
    for (std::size_t i = 0; i < std::min<std::size_t>(names.size(), 5) && names.size() > 1; ++i) {
      result.evidence.push_back(
          fmt::format("{}: {}", names[i], counted(names_.find(names[i])->slow, "lookup")));
    }
    if (answered_ > 0) {
      result.evidence.push_back(fmt::format("{} of other names or at other times were answered",
                                            counted(answered_, "lookup")));
    }
    result.excluded.push_back("A wrong name: a name server would have said so at once.");
    result.next_steps = dig_commands(settings(), names.front());
    result.next_steps.push_back("see whether UDP port 53 to the name servers is let through");
    findings.push_back(std::move(result));
  }

 private:
  static constexpr store::Ns kAsked = 100'000;
  static constexpr std::int64_t kPort = 53;
  static constexpr store::Ns kGivenUp = kSecond;

  // Name servers that a program asked by itself.
  struct Own {
    Sightings sightings;
    ProgramId program = 0;  // the first that asked it
    std::string address;
    store::Ns longest = 0;
    std::int64_t unconnected = 0;
  };

  // Sockets on which any name server answered, as far as they were seen.
  std::int64_t answered_own() const {
    std::int64_t sockets = 0;
    for (PlaceId id = 0; id < context().places.size(); ++id) {
      const Place& place = context().places[id];
      if (place.protocol == "udp" && place.port == kPort) sockets += place.fared.attempts;
    }
    for (const auto& [service, own] : own_) sockets -= own.sightings.count();
    return sockets;
  }

  void conclude_own(std::vector<Finding>& findings) const {
    const std::int64_t others = own_.empty() ? 0 : answered_own();
    for (const auto& [service, own] : own_) {
      const std::string& server = context().places.service(service);
      auto result =
          finding(others > 0 ? Severity::warning : Severity::error, Confidence::medium, server);
      own.sightings.fill(result, context().places.fared(service).attempts);
      result.summary = fmt::format(
          "{} asked {} by a resolver of its own, and nothing came back for {}: the name server "
          "does "
          "not answer, or the answers get lost.",
          context().programs.name(own.program), server, time_span(own.longest));
      result.evidence.push_back(
          fmt::format("{} sockets sent to UDP port 53 and received nothing until they were closed",
                      share(result.count, result.of)));
      result.evidence.emplace_back(
          "which names were asked for is not known: what is sent is not looked at");
      if (others > 0) {
        result.evidence.push_back(fmt::format("{} to port 53 had an answer, or was closed sooner",
                                              counted(others, "other socket")));
      }
      result.excluded = {
          "The resolver of libc (getaddrinfo): what that sends is not counted here."};
      if (own.unconnected == 0) {
        result.excluded.emplace_back("A refusal: the kernel would have told the program.");
      } else {
        result.evidence.emplace_back(
            "the socket was not connected, so it would not be told that nobody serves the port");
      }
      result.next_steps = {
          fmt::format("dig {} NAME", model::shell_word("@" + own.address)),
          "see whether UDP port 53 to it is let through",
          "which name servers is the program told to use? (Node: dns.getServers())"};
      findings.push_back(std::move(result));
    }
  }

  std::map<ServiceId, Own> own_;
  Bounded<std::string, NameCounts> names_;
  Sightings sightings_;
  std::int64_t lookups_ = 0;
  std::int64_t answered_ = 0;
  store::Ns longest_ = 0;
};

}  // namespace

void add_slow_lookup_rules(Rules& rules) {
  rules.push_back(std::make_unique<Dns5s>());
  rules.push_back(std::make_unique<DnsAaaa>());
  rules.push_back(std::make_unique<DnsDead>());
}

}  // namespace sockwatch::diagnose
