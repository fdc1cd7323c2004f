// How a program goes about its sockets.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "viewer/diagnose/bounded.h"
#include "viewer/diagnose/client.h"
#include "viewer/diagnose/phrase.h"
#include "viewer/diagnose/plain_run.h"

namespace sockwatch::diagnose {
namespace {

class BlockLoop : public Rule {
 public:
  static constexpr store::Ns kLong = 100'000'000;

  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "BLOCKLOOP",
        .family = Family::client,
        .title = "a blocking connect in an event loop",
        .signature =
            "A blocking connect took 100 ms or longer on a thread that had waited for "
            "another connect with epoll before, or while the thread had another, "
            "non-blocking connection whose request or connect it had begun before and "
            "took notice of after. A loop without a connection of its own does not show.",
        .meaning =
            "One thread serves many connections in turn (an event loop). It called connect "
            "in blocking mode and stood still until the answer came. All its other "
            "connections waited meanwhile and looked slow, though nothing was wrong with "
            "them.",
        .not_this =
            "Not slow servers behind the other connections: compare their times outside "
            "of the pause.",
        .next = {"make the socket non-blocking before connect"}};
    return kEntry;
  }
  bool wants_healthy() const override { return true; }

  void see(const Attempt& attempt) override {
    const auto& row = attempt.row;
    if (row.protocol == "unix") return;
    if (row.blocking == true) {
      ++blocking_;
      if (attempt.elapsed_ns >= kLong) stood_still(attempt);
      return;
    }
    const bool looped = row.budget_source == "epoll";
    const auto waits = waits_of(attempt);
    if (!looped && std::none_of(waits.begin(), waits.end(), is_long)) return;
    Thread* thread = thread_of(row);
    if (thread == nullptr) return;
    thread->waits_with_epoll = thread->waits_with_epoll || looped;
    for (const Wait& wait : waits) {
      if (is_long(wait)) thread->remember(wait);
    }
  }
  void see_plain(const PlainRun& run) override {
    for (std::size_t i = 0; i < run.size(); ++i) {
      if (run.blocking(i) == true) {
        ++blocking_;
      } else if (took_long(run.started_ns(i), run.noticed_ns(i)) ||
                 took_long(run.first_send_ns(i), run.first_receive_ns(i))) {
        see(run.attempt(i));
      }
    }
  }

  void conclude(std::vector<Finding>& findings) override {
    for (const auto& [id, thread] : threads_) {
      if (thread.sightings.count() == 0) continue;
      const std::string name(context().programs.name(thread.program));
      // Without epoll it may be a program that sends several requests before it reads.
      auto result = finding(Severity::warning,
                            thread.waits_with_epoll ? Confidence::high : Confidence::medium,
                            fmt::format("{} (thread {})", name, id & 0xffffffff));
      thread.sightings.fill(result, blocking_);
      result.summary = fmt::format(
          "The event loop of {} stood still for {} inside a blocking connect to {}.",
          result.subject, time_span(thread.longest), context().places[thread.place].endpoint);
      result.evidence.push_back(fmt::format(
          "{} of 100 ms or longer on a thread that {}", counted(result.count, "blocking connect"),
          thread.waits_with_epoll ? "also waits with epoll" : "had others waiting"));
      if (thread.held_up > 0) {
        result.evidence.push_back(
            fmt::format("{} of this thread waited meanwhile: begun before, noticed after",
                        counted(thread.held_up, "other connection")));
      }
      result.next_steps = {"make the socket non-blocking before connect"};
      findings.push_back(std::move(result));
    }
  }

 private:
  // A connect, or a request and its reply, that a thread waits for: not in a call that blocks, so
  // it does something else meanwhile.
  struct Wait {
    store::Ns from_ns = 0;
    store::Ns to_ns = 0;
  };
  static constexpr std::size_t kRemembered = 16;

  struct Thread {
    bool waits_with_epoll = false;
    std::array<Wait, kRemembered> waits{};  // of the newest non-blocking connections
    std::size_t next = 0;
    Sightings sightings;
    store::Ns longest = 0;
    PlaceId place = 0;
    ProgramId program = 0;
    std::int64_t held_up = 0;

    void remember(const Wait& wait) {
      waits[next] = wait;
      next = (next + 1) % kRemembered;
    }
    std::int64_t waiting(store::Ns from_ns, store::Ns to_ns) const {
      return std::count_if(waits.begin(), waits.end(), [&](const Wait& wait) {
        return wait.from_ns < from_ns && wait.to_ns >= to_ns;
      });
    }
  };

  static bool is_long(const Wait& wait) { return wait.to_ns - wait.from_ns >= kLong; }
  static bool took_long(const store::OptInt& from_ns, const store::OptInt& to_ns) {
    return from_ns && to_ns && is_long({*from_ns, *to_ns});
  }
  // The connect, and the first request, of a non-blocking connection that came up.
  static std::array<Wait, 2> waits_of(const Attempt& attempt) {
    const auto& row = attempt.row;
    std::array<Wait, 2> waits{};
    if (row.blocking != false || !attempt.tcp || !attempt.is(model::Outcome::connected)) {
      return waits;
    }
    if (row.noticed_ns) waits[0] = {row.started_ns, *row.noticed_ns};
    if (row.first_send_ns && row.first_receive_ns) {
      waits[1] = {*row.first_send_ns, *row.first_receive_ns};
    }
    return waits;
  }

  Thread* thread_of(const store::ConnectionRow& row) {
    return threads_.slot(static_cast<std::uint64_t>(row.process_id) << 32 |
                         static_cast<std::uint32_t>(row.tid));
  }

  void stood_still(const Attempt& attempt) {
    Thread* thread = thread_of(attempt.row);
    if (thread == nullptr) return;
    const store::Ns from = attempt.row.started_ns;
    const std::int64_t held_up = thread->waiting(from, from + attempt.elapsed_ns);
    // A program that connects before it begins to wait with epoll has no loop yet.
    if (!thread->waits_with_epoll && held_up == 0) return;
    thread->sightings.add(attempt.row);
    thread->held_up = std::max(thread->held_up, held_up);
    thread->program = attempt.program;
    if (attempt.elapsed_ns < thread->longest) return;
    thread->longest = attempt.elapsed_ns;
    thread->place = attempt.place;
  }

  Bounded<std::uint64_t, Thread> threads_;  // by process and thread
  std::int64_t blocking_ = 0;
};

class ViaProxy : public Rule {
 public:
  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "VIAPROXY",
        .family = Family::client,
        .title = "it talks to the proxy",
        .signature =
            "The destination is the host and port of http_proxy, https_proxy or "
            "all_proxy, as the recorder or a recorded program was started with.",
        .meaning =
            "The environment tells programs to send their requests to a proxy. The program "
            "did so: what connects, fails or is slow here is the way to the proxy, and the "
            "server behind it does not show.",
        .not_this = "Not the server of the URL: that connection is made by the proxy.",
        .next = {"env | grep -i proxy", "test the proxy itself",
                 "unset the variable, or put the host into no_proxy"}};
    return kEntry;
  }
  bool wants_healthy() const override { return true; }

  void begin(const Context& context) override {
    Rule::begin(context);
    proxies_.insert(settings().proxies.begin(), settings().proxies.end());
  }
  // A program may be given a proxy of its own: env http_proxy=... curl.
  void see(const store::ProcessRow& row) override {
    std::string_view rest = row.proxies ? std::string_view(*row.proxies) : std::string_view();
    while (!rest.empty() && proxies_.size() < kMostProxies) {
      const std::size_t end = std::min(rest.find(' '), rest.size());
      if (end > 0) proxies_.emplace(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }

  void see(const Attempt& attempt) override {
    if (proxies_.empty()) return;
    ++attempts_;
    if (attempt.place >= known_.size()) known_.resize(context().places.size(), kUnasked);
    char& known = known_[attempt.place];
    if (known == kUnasked) known = is_proxy(context().places[attempt.place]) ? kYes : kNo;
    if (known == kNo) return;
    Seen* seen = services_.slot(attempt.service);
    if (seen == nullptr) return;
    seen->sightings.add(attempt.row);
    seen->failed += attempt.failed ? 1 : 0;
    seen->program = attempt.program;
  }

  void conclude(std::vector<Finding>& findings) override {
    for (const auto& [id, seen] : services_) {
      auto result = finding(Severity::info, Confidence::high, context().places.service(id));
      seen.sightings.fill(result, attempts_);
      result.summary = fmt::format("{} talks to the proxy {}, not to the server.",
                                   context().programs.name(seen.program), result.subject);
      result.evidence.push_back(fmt::format("{} attempts went to the proxy, {} of them failed",
                                            share(result.count, result.of), number(seen.failed)));
      result.next_steps = {"env | grep -i proxy", "test the proxy itself, or unset the variable"};
      findings.push_back(std::move(result));
    }
  }

 private:
  enum : char { kUnasked, kYes, kNo };

  struct Seen {
    Sightings sightings;
    std::int64_t failed = 0;
    ProgramId program = 0;
  };

  bool is_proxy(const Place& place) const {
    const auto named = [&](const std::string& label) { return proxies_.contains(label); };
    return place.protocol == "tcp" &&
           (named(place.endpoint) || named(context().places.service(place.service)));
  }

  static constexpr std::size_t kMostProxies = 1'000;

  std::set<std::string> proxies_;
  std::vector<char> known_;
  std::int64_t attempts_ = 0;
  Bounded<ServiceId, Seen> services_;
};

class ServerQ : public Rule {
 public:
  static constexpr store::Ns kLong = 100'000'000;
  static constexpr std::int64_t kAgain = 3;

  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "SERVERQ",
        .family = Family::client,
        .title = "the own accept queue fills",
        .signature =
            "A listening socket of a recorded program was seen with its accept queue at "
            "its limit: in three looks (of a queue longer than one), or while a connection waited "
            "100 ms or longer for its accept, or with one more than the limit; or at half of it, "
            "with a wait of more than 100 ms.",
        .meaning =
            "This program is the server. New connections wait in a queue until it accepts "
            "them, and it accepted them more slowly than they came. When the queue is "
            "full, the kernel drops further SYNs, and clients see a server that does not "
            "answer.",
        .not_this =
            "Not a firewall and not the network, though clients cannot tell the "
            "difference.",
        .next = {"ss -ltn    # Recv-Q against Send-Q", "nstat -az TcpExtListenOverflows",
                 "accept faster, or raise the backlog and net.core.somaxconn"}};
    return kEntry;
  }

  void see(const store::ListenerRow& row) override {
    if (!row.queue_max || !row.queue_limit || *row.queue_limit <= 0) return;
    // A queue of one is at its limit with every connection, and once is no lasting state; the
    // kernel takes one more than the limit before it drops a SYN.
    const bool again = *row.queue_limit > 1 && row.full >= kAgain;
    const bool full = row.full > 0 && (again || *row.queue_max > *row.queue_limit ||
                                       row.accept_gap_max_ns.value_or(0) >= kLong);
    const bool slow = *row.queue_max * 2 >= *row.queue_limit && *row.queue_max > 1 &&
                      row.accept_gap_max_ns.value_or(0) > kLong;
    if (!full && !slow) return;
    if (kept_.size() < kMost) kept_.push_back(row);
  }

  void conclude(std::vector<Finding>& findings) override {
    for (const auto& row : kept_) {
      auto result =
          finding(Severity::warning, row.full > 0 ? Confidence::high : Confidence::medium,
                  endpoint_label(row.local_address.value_or(""), row.local_port, row.protocol));
      result.count = row.full;
      result.of = row.pictures;
      result.first_ns = row.first_full_ns ? row.first_full_ns : store::OptInt(row.started_ns);
      result.last_ns = row.last_full_ns ? row.last_full_ns : result.first_ns;
      const std::string queue = fmt::format("queue {}/{}", *row.queue_max, *row.queue_limit);
      result.summary =
          row.accept_gap_max_ns
              ? fmt::format("{} leaves connections waiting up to {} before accept; {}.",
                            context().programs.name_of(row.process_id),
                            time_span(*row.accept_gap_max_ns), queue)
              : fmt::format("{} leaves connections waiting before accept; {}.",
                            context().programs.name_of(row.process_id), queue);
      result.evidence.push_back(
          fmt::format("full in {} looks at the queue", share(row.full, row.pictures)));
      result.evidence.push_back(fmt::format("{} accepted", counted(row.accepts, "connection")));
      if (row.backlog) {
        result.evidence.push_back(fmt::format("listen asked for {}, somaxconn allows {}",
                                              *row.backlog, settings().somaxconn));
      }
      result.next_steps = {"ss -ltn    # Recv-Q against Send-Q",
                           "accept faster, or raise the backlog and net.core.somaxconn"};
      findings.push_back(std::move(result));
    }
  }

 private:
  static constexpr std::size_t kMost = 1'000;
  std::vector<store::ListenerRow> kept_;
};

}  // namespace

void add_program_rules(Rules& rules) {
  rules.push_back(std::make_unique<BlockLoop>());
  rules.push_back(std::make_unique<ViaProxy>());
  rules.push_back(std::make_unique<ServerQ>());
}

}  // namespace sockwatch::diagnose
