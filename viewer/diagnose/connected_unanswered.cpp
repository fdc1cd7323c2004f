// The network works, and the other program says nothing.
#include <fmt/format.h>

#include <csignal>
#include <cstring>
#include <deque>
#include <set>

#include "viewer/diagnose/cases.h"
#include "viewer/diagnose/connected.h"
#include "viewer/diagnose/connected_picture.h"
#include "viewer/diagnose/connected_silence.h"
#include "viewer/diagnose/phrase.h"
#include "viewer/diagnose/plain_run.h"
#include "viewer/diagnose/units.h"
#include "viewer/model/shell_word.h"

namespace sockwatch::diagnose {
namespace {

using model::Ending;

// The wait that ran out, where one did: a program may close long after it has given up.
store::Ns silence_ns(const Attempt& attempt) {
  const auto& row = attempt.row;
  const bool own_clock = gave_up_waiting(attempt) || silence_behind_tls(attempt);
  if (own_clock && row.budget_ns) return *row.budget_ns;
  return row.turns == 0 ? awaited_ns(row) : row.budget_ns.value_or(0);
}

class UnansweredRule : public CaseRule {
 protected:
  void remember(const Attempt& attempt) override {
    Said& said = said_[attempt.service];
    const auto& row = attempt.row;
    said.waited.add(silence_ns(attempt));
    said.sent.add(row.bytes_sent);
    const bool goodbye_alone_open = silence_behind_tls(attempt) || later_silence(attempt);
    said.acknowledged += all_acknowledged(row) || goodbye_alone_open ? 1 : 0;
    if (const auto signal = signal_that_ended(attempt)) {
      if (said.by_signal++ == 0) said.signal = *signal;
    }
    said.behind_tls += silence_behind_tls(attempt) ? 1 : 0;
    if (later_silence(attempt)) said.replies.add(row.turns);
    if (!gave_up_waiting(attempt) && !reply_stopped(attempt)) {
      ++said.without_wait;
    } else {
      said.by_epoll += waited_for_this(row) ? 0 : 1;
      said.in_pieces += in_few_pieces(row) ? 0 : 1;
      const bool content = ended_content(attempt);
      said.content += content ? 1 : 0;
      said.doubtful += waited_for_this(row) && in_few_pieces(row) && !content ? 0 : 1;
    }
  }
  // What nobody is known to have waited for is no fault.
  Severity severity(const Cases& cases) const override {
    if (cases.confidence() == Confidence::low) return Severity::info;
    return cases.failed() > 0 ? Severity::error : Severity::warning;
  }

  struct Said {
    Span waited;
    Span sent;
    std::int64_t acknowledged = 0;
    std::int64_t without_wait = 0;  // none is known to have run out
    std::int64_t by_epoll = 0;
    std::int64_t in_pieces = 0;
    std::int64_t content = 0;   // the process ended with it, and with success
    std::int64_t doubtful = 0;  // one of these three
    std::int64_t behind_tls = 0;
    Span replies;  // before the request, where there were some
    std::int64_t by_signal = 0;
    int signal = 0;  // the first of them
  };
  const Said& said(const Cases& cases) const { return said_.at(place(cases).service); }

  // Of the process, where the connection ended with it. A program may take the time to tidy up
  // (Python, after Ctrl-C). Known of the recorded command alone.
  store::OptInt exit_status_at_close(const Attempt& attempt) const {
    constexpr store::Ns kTidyingUp = 500 * kMs;
    const store::ProcessRow* process = context().programs.process(attempt.row.process_id);
    if (process == nullptr || !process->ended_ns) return {};
    if (attempt.row.closed_ns.value_or(0) < *process->ended_ns - kTidyingUp) return {};
    return process->exit_status;
  }
  std::optional<int> signal_that_ended(const Attempt& attempt) const {
    constexpr std::int64_t kKilled = 128;
    if (!attempt.is(Ending::closed)) return {};
    const std::int64_t status = exit_status_at_close(attempt).value_or(0);
    if (status <= kKilled || status >= kKilled + NSIG) return {};
    return static_cast<int>(status - kKilled);
  }
  // What it sent needed no answer, as far as the program was concerned.
  bool ended_content(const Attempt& attempt) const { return exit_status_at_close(attempt) == 0; }

  static std::string signal_name(int signal) {
    const char* name = sigabbrev_np(signal);
    return name != nullptr ? fmt::format("SIG{}", name) : fmt::format("signal {}", signal);
  }

  void tell_silence(const Cases& cases, Finding& finding) const {
    const Said& s = said(cases);
    finding.evidence = {observed(finding, "connections without a reply"),
                        "connected in " + times(cases.took())};
    if (s.acknowledged > 0) {
      finding.evidence.push_back(fmt::format("all bytes acknowledged by the peer's kernel: {}",
                                             share(s.acknowledged, finding.count)));
    }
    if (s.acknowledged < finding.count) {
      finding.evidence.push_back(fmt::format(
          "TCP not read after the request (the process ended first, or the close went unseen): {}; "
          "whether it was acknowledged is not known there, so a path that died is possible",
          share(finding.count - s.acknowledged, finding.count)));
    }
    finding.excluded = {"not a connect time-out: the handshake was over"};
    if (s.acknowledged == finding.count) {
      finding.excluded.emplace_back(
          "not a request lost on the way: the peer's kernel acknowledged it");
    }
  }

  // The acknowledgement says that the request arrived, and nothing of the answer.
  void tell_where_to_look(const Cases& cases, Finding& finding) const {
    finding.next_steps.push_back(
        fmt::format("{}: does the service on port {} get the request, and does its log say that it "
                    "answered? If not: its latency, thread pool and upstreams",
                    at_host(place(cases)), port_of(place(cases))));
    finding.next_steps.push_back(fmt::format(
        "if it did: ping -M do -s 1472 {}   (do large packets pass?)", host_of(place(cases))));
  }

  // Whether the program waited for a reply at all.
  void tell_doubts(const Said& s, Finding& finding) const {
    const auto doubt = [&](std::int64_t count, std::string_view why) {
      if (count == 0) return;
      finding.evidence.push_back(fmt::format("{}: {}", why, share(count, finding.count)));
    };
    if (s.by_signal > 0) {
      doubt(s.by_signal, fmt::format("the process was ended by {} meanwhile, which says that "
                                     "somebody stopped it, and not why",
                                     signal_name(s.signal)));
    }
    doubt(s.without_wait, "no wait known to have run out, so maybe no reply expected");
    doubt(s.by_epoll, "waited by epoll, for many sockets at once, so maybe not for this reply");
    doubt(s.in_pieces, "sent in more pieces than a request, as by one who only ever sends");
    doubt(s.content,
          "then the program ended with success (exit status 0), so maybe it missed none");
  }

 private:
  std::map<ServiceId, Said> said_;
};

class Silent : public UnansweredRule {
 public:
  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "SILENT",
        .family = Family::connected,
        .title = "request acknowledged, no answer",
        .signature =
            "connected, the request sent and every byte of it acknowledged, no reply to it (the "
            "first, the first under TLS, or a later one), and the program's wait ran out. Medium: "
            "mostly the application does not "
            "answer, but an answer that gets lost looks alike from this side; a warning where each "
            "wait was an epoll_wait, more pieces were sent than a request has, or the process "
            "ended "
            "with it and with success, or where the "
            "process was ended by a signal after 1 s or more. Low, for information: closed after "
            "1 s or more without any wait running out",
        .meaning =
            "The connection was made and the request sent; wherever TCP was read after that, the "
            "other machine's kernel had confirmed every byte. Then nothing came back for as long "
            "as this side kept the connection. Mostly the server is busy, stuck, or waits for "
            "something itself. But a confirmed request says nothing of the answer: where only "
            "large packets get lost (a wrong MTU on the way), or the path dies after the request, "
            "it looks the same.",
        .not_this =
            "The request was not lost: if it is, nothing acknowledges it (PATHLOST, SYNDROP). "
            "Where some packets of a lost answer arrive it is MTUIN. Large headers or limits on "
            "request rates show here or as LATERESET, never while connecting.",
        .next = {"log of the server at that time: did it answer?",
                 "if not: its own latency, thread pool and upstreams",
                 "if it did: ping -M do -s 1472 ADDRESS"}};
    return kEntry;
  }

 protected:
  std::optional<Confidence> grade(const Attempt& attempt) const override {
    if (attempt.row.tls.value_or(false) && attempt.row.turns == 0) return std::nullopt;
    // Nothing that is seen from here excludes that it is the answer that was lost.
    if (const auto confidence = no_reply(attempt)) {
      const bool stopped = signal_that_ended(attempt).has_value() && in_few_pieces(attempt.row);
      if (*confidence == Confidence::low && stopped) return Confidence::medium;
      return std::max(*confidence, Confidence::medium);
    }
    if (large_lost_in_later(attempt.row)) return std::nullopt;  // MTUIN
    if (silence_behind_tls(attempt) || later_silence(attempt)) return Confidence::medium;
    return std::nullopt;
  }
  Severity severity(const Cases& cases) const override {
    const Severity usual = UnansweredRule::severity(cases);
    return maybe_nobody_waited(cases) ? std::max(usual, Severity::warning) : usual;
  }
  // One who sends a line, rests in its event loop and closes looks the same.
  bool maybe_nobody_waited(const Cases& cases) const {
    return said(cases).doubtful == cases.count();
  }

  void tell(const Cases& cases, Finding& finding) const override {
    const Said& s = said(cases);
    const std::string at = with_address(context().places, cases.first_place());
    const std::string ended_by =
        s.by_signal == cases.count()
            ? fmt::format(", then the process was ended by {}", signal_name(s.signal))
            : "";
    tell_silence(cases, finding);
    tell_doubts(s, finding);
    if (context().programs.name(cases.program()) == "ssh") {
      finding.summary = fmt::format("{} never sent its greeting, in {}.", at, times(s.waited));
    } else if (s.behind_tls == cases.count()) {
      finding.summary = fmt::format(
          "{} made the TLS handshake and acknowledged the request, and then nothing came for {}. "
          "Either its application sent nothing, or the answer was lost on the way.",
          at, times(s.waited));
      finding.evidence.emplace_back(
          "what came within an instant of the request is taken for the tickets of TLS 1.3: an "
          "answer that stopped at once looks alike");
    } else if (s.replies.known == cases.count() && s.acknowledged == cases.count()) {
      finding.summary = fmt::format(
          "{} acknowledged a request on a connection that had had {} {} before, and nothing came "
          "back for {}. Either its application sent nothing, or the answer was lost on the way.",
          at, numbers(s.replies), s.replies.most == 1 ? "reply" : "replies", times(s.waited));
    } else if (s.acknowledged == 0) {
      finding.summary = fmt::format("Nothing came back from {} for {} after the request{}.", at,
                                    times(s.waited), ended_by);
    } else {
      finding.summary = fmt::format(
          "{} acknowledged the request ({}), and nothing came back for {}{}. Either its "
          "application sent nothing, or the answer was lost on the way.",
          at,
          s.sent.known > 0 ? fmt::format("all {} bytes", numbers(s.sent))
                           : std::string("as far as known"),
          times(s.waited), ended_by);
    }
    tell_where_to_look(cases, finding);
    finding.next_steps.emplace_back(
        "if the time allowed is shorter than an honest answer needs: raise it");
    if (maybe_nobody_waited(cases)) {
      finding.summary += " Whether the program waited for an answer is not known.";
    }
  }
};

class TlsHang : public UnansweredRule {
 public:
  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "TLSHANG",
        .family = Family::connected,
        .title = "TLS hello unanswered",
        .signature =
            "as SILENT, and the first byte sent began a TLS handshake. Medium where a wait for "
            "this "
            "very socket ran out, or TCP was read after the hello; also closed by the "
            "program after 1 s or more without a wait running out",
        .meaning =
            "The connection was made. To encrypt it, this program sent its greeting (the TLS "
            "hello); where TCP was read after that, the other machine's kernel had confirmed it. "
            "No "
            "TLS answer came. The server is overloaded, the port does not speak TLS, a box in "
            "between swallows it, or the answer was lost: its certificate takes large packets.",
        .not_this =
            "A wrong certificate is answered and then refused. If the answer's large packets get "
            "lost on the way, some packets do arrive: MTUIN.",
        .next = {"openssl s_client -connect ADDRESS:PORT"}};
    return kEntry;
  }

 protected:
  std::optional<Confidence> grade(const Attempt& attempt) const override {
    if (!attempt.row.tls.value_or(false) || attempt.row.turns > 0) return std::nullopt;
    // A hello always waits for its answer.
    if (!no_reply(attempt)) return std::nullopt;
    const bool wanted = gave_up_waiting(attempt) && waited_for_this(attempt.row);
    return wanted || has_last_picture(attempt.row) ? Confidence::medium : Confidence::low;
  }

  void tell(const Cases& cases, Finding& finding) const override {
    finding.summary = fmt::format(
        "TCP to {} is up, the TLS hello was {}, no TLS answer in {}: overloaded, not a TLS "
        "port, an intercepting box, or the answer was lost on the way.",
        with_address(context().places, cases.first_place()),
        said(cases).acknowledged > 0 ? "received" : "sent", times(said(cases).waited));
    tell_silence(cases, finding);
    const std::string& at = place(cases).endpoint;
    finding.next_steps = {
        "openssl s_client -connect " + model::shell_word(at),
        "curl -v " + url_of(at) + "   (does the port speak plain HTTP?)",
        fmt::format("ping -M do -s 1472 {}   (do large packets pass?)", host_of(place(cases)))};
  }
};

class HelloHang : public UnansweredRule {
 public:
  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "HELLOHANG",
        .family = Family::connected,
        .title = "protocol greeting missing",
        .signature =
            "connected, nothing sent, nothing received, closed by the program after 1 s or more. "
            "For information where no wait of the program is known to have run out",
        .meaning =
            "In some protocols the server speaks first: mail, FTP, SSH, MySQL. This program "
            "connected and waited for that greeting; it never came.",
        .not_this =
            "A connection opened in advance and never used looks alike, so see whether the "
            "program reported an error. Of a server that was asked and did not answer: SILENT.",
        .next = {"is it the right port?", "nc ADDRESS PORT"}};
    return kEntry;
  }

 protected:
  std::optional<Confidence> grade(const Attempt& attempt) const override {
    const auto& row = attempt.row;
    if (!is_connected_tcp(attempt) || row.first_send_ns || !nothing_received(row) ||
        row.bytes_sent.value_or(0) > 0 || !row.closed_ns) {
      return std::nullopt;
    }
    if (!attempt.is(Ending::closed) && !attempt.is(Ending::response_timed_out)) return std::nullopt;
    if (*row.closed_ns - row.noticed_ns.value_or(row.started_ns) < kSecond) return std::nullopt;
    return row.expired_waits > 0 ? Confidence::medium : Confidence::low;
  }

  void remember(const Attempt& attempt) override {
    UnansweredRule::remember(attempt);
    const auto& row = attempt.row;
    open_[attempt.service].add(*row.closed_ns - row.noticed_ns.value_or(row.started_ns));
    // A call is told when it has returned: the end of a process leaves the last one out.
    const store::ProcessRow* process = context().programs.process(row.process_id);
    const bool left =
        process != nullptr && process->ended_ns && *row.closed_ns >= *process->ended_ns;
    left_open_[attempt.service] += left ? 1 : 0;
  }

  void tell(const Cases& cases, Finding& finding) const override {
    const Place& to = place(cases);
    finding.summary = fmt::format("Connected to {}, but the peer never spoke first in {}.",
                                  with_address(context().places, cases.first_place()),
                                  times(open_.at(to.service)));
    finding.evidence = {observed(finding, "connections on which nobody spoke"),
                        "bytes sent: 0, bytes received: 0"};
    finding.excluded = {"not a request without a reply: nothing was sent"};
    if (const std::int64_t left = left_open_.at(to.service); left > 0) {
      finding.evidence.back() = fmt::format(
          "no send and no receive had returned when the process ended: {}; one that stood still "
          "(the peer does not read) does not show",
          share(left, finding.count));
      finding.excluded.clear();
    }
    if (finding.confidence == Confidence::low) {
      finding.evidence.emplace_back(
          "it is not known that the program waited for a greeting: it may just not have used the "
          "connection");
    }
    finding.next_steps = {
        fmt::format("is {} the right port?", port_of(to)),
        fmt::format("nc {} {}   (a greeting should appear)", host_of(to), port_of(to))};
  }

 private:
  std::map<ServiceId, Span> open_;
  std::map<ServiceId, std::int64_t> left_open_;  // when their process ended
};

class NeverRead : public Rule {
 public:
  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "NEVERREAD",
        .family = Family::connected,
        .title = "accepted by the kernel, never by the application",
        .signature =
            "at least 5 connections to one address without a first reply within 60 s and "
            "none with one in between, and a SYN lost there in the same time, or a "
            "recorded listener with waiting connections and no accept",
        .meaning =
            "A server's kernel completes connections by itself and lets them wait until the "
            "program takes them. Here connections came up, none of them ever got a word, and then "
            "further ones were not even let in: the program behind accepts nobody. It hangs.",
        .not_this =
            "The network works: handshakes completed and requests were acknowledged. A merely "
            "slow server answers some.",
        .next = {"on the server: ss -ltn (Recv-Q stands at its limit)",
                 "stack of the server process (gdb, jstack, py-spy)"}};
    return kEntry;
  }

  bool wants_healthy() const override { return true; }

  void see(const store::ListenerRow& row) override {
    if (row.accepts == 0 && row.queue_max.value_or(0) >= 2 && row.local_port) {
      stuck_ports_.push_back(*row.local_port);
    }
  }

  void see(const Attempt& attempt) override {
    if (!is_tcp(attempt)) return;
    if (places_.size() <= attempt.place) places_.resize(attempt.place + 1);
    Here& here = places_[attempt.place];
    const auto& row = attempt.row;
    if (path_dead(row) && !peer_repeats_itself(row)) dead_paths_.insert(attempt.service);
    if (row.first_receive_ns) {
      end_run(here);
      return;
    }
    const auto silent = no_reply(attempt);
    if (silent && *silent != Confidence::low) {
      if (here.run == nullptr) here.run = std::make_unique<Run>();
      if (here.run->cases.count() > 0 &&
          row.started_ns - *here.run->cases.seen().last_ns() > 60 * kSecond) {
        end_run(here);
        here.run = std::make_unique<Run>();
      }
      here.run->cases.add(Case(attempt), Confidence::medium);
    } else if (attempt.silent && row.syn_retransmits.value_or(0) >= 1) {
      if (here.run == nullptr) here.run = std::make_unique<Run>();
      ++here.run->lost_syns;
    }
  }
  void see_plain(const PlainRun& run) override {  // all had a reply
    if (places_.size() <= run.place()) places_.resize(run.place() + 1);
    end_run(places_[run.place()]);
  }

  void conclude(std::vector<Finding>& findings) override {
    for (PlaceId place = 0; place < places_.size(); ++place) {
      Here& here = places_[place];
      end_run(here);
      if (here.worst == nullptr) continue;
      const Run& run = *here.worst;
      const Place& to = context().places[place];
      const bool listener =
          std::find(stuck_ports_.begin(), stuck_ports_.end(), port_of(to)) != stuck_ports_.end();
      if (run.cases.count() < 5 || (run.lost_syns == 0 && !listener)) continue;
      Finding found = finding(Severity::error, listener ? Confidence::high : Confidence::medium,
                              context().places.service(to.service));
      run.cases.seen().fill(found, context().places.fared(to.service).attempts);
      found.summary =
          fmt::format("The kernel of {} completes handshakes, but its application accepts nobody.",
                      to.endpoint);
      found.evidence = {observed(found, "connections that came up and got no reply"),
                        "with a reply in that time: 0",
                        "connects whose SYNs were dropped meanwhile: " + number(run.lost_syns)};
      if (listener) {
        found.evidence.emplace_back("the recorded listener had connections waiting and accepted 0");
      }
      found.excluded = {"not the network: handshakes completed, requests were acknowledged"};
      found.next_steps = {fmt::format("{}: ss -ltn 'sport = :{}'   (Recv-Q at its limit)",
                                      at_host(to), port_of(to)),
                          "look where the server process hangs: gdb -p, jstack, py-spy dump"};
      explain_covered(found, findings, found.subject, found.count + run.lost_syns,
                      {"SILENT", "TLSHANG", "SYNDROP", "SYNGIVEUP"});
      // Its queue is full because nobody takes from it.
      if (run.lost_syns > 0) found.explains.push_back({"QUEUEFULL", found.subject});
      // Such a queue also drops what would end the handshakes that the clients hold for done.
      if (!dead_paths_.contains(to.service)) found.explains.push_back({"PATHLOST", found.subject});
      findings.push_back(std::move(found));
    }
  }

 private:
  struct Run {
    Cases cases;
    std::int64_t lost_syns = 0;
  };
  struct Here {
    std::unique_ptr<Run> run;
    std::unique_ptr<Run> worst;
  };

  static void end_run(Here& here) {
    if (here.run == nullptr) return;
    if (here.worst == nullptr || here.worst->cases.count() < here.run->cases.count()) {
      here.worst = std::move(here.run);
    }
    here.run.reset();
  }

  std::vector<std::int64_t> stuck_ports_;
  std::set<ServiceId> dead_paths_;
  std::vector<Here> places_;
};

}  // namespace

void add_unanswered_rules(Rules& rules) {
  rules.push_back(std::make_unique<Silent>());
  rules.push_back(std::make_unique<TlsHang>());
  rules.push_back(std::make_unique<HelloHang>());
  rules.push_back(std::make_unique<NeverRead>());
}

}  // namespace sockwatch::diagnose
