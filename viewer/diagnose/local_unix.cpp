// Unix sockets: the other program is on this host.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "viewer/diagnose/bounded.h"
#include "viewer/diagnose/local.h"
#include "viewer/diagnose/phrase.h"
#include "viewer/model/shell_word.h"

namespace sockwatch::diagnose {
namespace {

using model::Outcome;

// Services of the host that many programs ask if they are there, and do well without.
bool is_optional(std::string_view path) {
  constexpr std::array<std::string_view, 14> kWords = {
      "/nscd/",      "/sssd/",  "/systemd/", "/dbus/", "/avahi-daemon/", "/dev/log", "/X11-unix/",
      "/.X11-unix/", "wayland", "/pulse/",   "/bus",   "ssh-agent",      "/agent.",  "/gnupg/"};
  return std::any_of(kWords.begin(), kWords.end(), [path](std::string_view word) {
    return path.find(word) != std::string_view::npos;
  });
}

// Names of the kernel's own, no files: "@name" in a trace and in ss.
bool is_abstract(std::string_view path) { return path.starts_with('@'); }

// Who listens there, to be copied into a shell.
std::string listeners(const std::string& path) {
  return "ss -xlp | grep -F -e " + model::shell_word(path);
}

struct Path {
  std::int64_t attempts = 0;
  std::int64_t connected = 0;
  Sightings sightings;
  std::int64_t error = 0;
};

class UnixFull : public Rule {
 public:
  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "UNIXFULL",
        .family = Family::local,
        .title = "the queue of a unix socket is full",
        .signature = "connect to a unix socket failed with EAGAIN.",
        .meaning =
            "Another program on this host listens on the path, but takes connections more "
            "slowly than they come: all its workers are busy. Its queue is full, and the "
            "kernel turned this one away at once.",
        .not_this = "Not a missing service: that would be another error (ENOENT, ECONNREFUSED).",
        .next = {"ss -xlp | grep -F -e PATH",
                 "more workers, or a larger backlog (capped by net.core.somaxconn)"}};
    return kEntry;
  }
  bool wants_healthy() const override { return true; }

  void see(const Attempt& attempt) override {
    if (attempt.row.protocol != "unix") return;
    Path* path = paths_.slot(attempt.place);
    if (path == nullptr) return;
    ++path->attempts;
    if (attempt.is(Outcome::local_error) && attempt.row.error == EAGAIN) {
      path->sightings.add(attempt.row);
    }
  }

  void conclude(std::vector<Finding>& findings) override {
    for (const auto& [id, path] : paths_) {
      if (path.sightings.count() == 0) continue;
      const std::string& subject = context().places[id].endpoint;
      auto result = finding(Severity::error, Confidence::high, subject);
      path.sightings.fill(result, path.attempts);
      result.summary = fmt::format("The queue of {} is full: all workers are busy.", subject);
      result.evidence.push_back(
          fmt::format("{} attempts got EAGAIN", share(result.count, result.of)));
      result.excluded.push_back("A missing service: somebody listens.");
      result.next_steps = {
          listeners(subject),
          fmt::format("more workers, or a larger backlog (somaxconn is {})", settings().somaxconn)};
      findings.push_back(std::move(result));
    }
  }

 private:
  Bounded<PlaceId, Path> paths_;
};

class UnixGone : public Rule {
 public:
  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "UNIXGONE",
        .family = Family::local,
        .title = "nobody serves a unix socket",
        .signature =
            "connect to a unix socket failed with ENOENT, EACCES or ECONNREFUSED. Info "
            "for services that programs do well without (nscd, dbus, syslog, ...).",
        .meaning =
            "The program wanted to talk to another program on this host through a unix socket: a "
            "file, or a name of the kernel's own (it begins with @, and there is no file). "
            "The file is not there, may not be used by this user, or is left over from a "
            "program that has ended; or no program listens on the name.",
        .not_this = "Not a network problem: unix sockets never leave the host.",
        .next = {"ls -l PATH", "ss -xlp | grep -F -e PATH",
                 "start the service, or mend the path or its rights"}};
    return kEntry;
  }
  bool wants_healthy() const override { return true; }

  void see(const Attempt& attempt) override {
    if (attempt.row.protocol != "unix") return;
    Path* path = paths_.slot(attempt.place);
    if (path == nullptr) return;
    ++path->attempts;
    if (attempt.is(Outcome::connected)) ++path->connected;
    const auto& error = attempt.row.error;
    const bool gone = (attempt.is(Outcome::local_error) || attempt.is(Outcome::refused) ||
                       attempt.is(Outcome::unreachable)) &&
                      (error == ENOENT || error == EACCES || error == ECONNREFUSED);
    if (!gone) return;
    path->sightings.add(attempt.row);
    path->error = *error;
  }

  void conclude(std::vector<Finding>& findings) override {
    for (const auto& [id, path] : paths_) {
      if (path.sightings.count() == 0) continue;
      const std::string& subject = context().places[id].endpoint;
      const Severity severity = is_optional(subject) ? Severity::info
                                : path.connected > 0 ? Severity::warning
                                                     : Severity::error;
      auto result = finding(severity, Confidence::high, subject);
      path.sightings.fill(result, path.attempts);
      result.summary = fmt::format(
          "Nobody serves {} ({}).", subject,
          is_abstract(subject) ? "no program listens on this name" : reason(path.error));
      result.evidence.push_back(fmt::format(
          "{} attempts failed with {}", share(result.count, result.of), errno_name(path.error)));
      if (path.connected > 0) {
        result.evidence.push_back(
            fmt::format("{} connected", counted(path.connected, "other attempt")));
      }
      if (severity == Severity::info) {
        result.evidence.push_back("programs usually do well without this service");
      }
      result.next_steps = {listeners(subject)};
      if (!is_abstract(subject)) {
        result.next_steps.insert(result.next_steps.begin(), "ls -l " + model::shell_file(subject));
      }
      findings.push_back(std::move(result));
    }
  }

 private:
  static std::string_view reason(std::int64_t error) {
    if (error == ENOENT) return "there is no such file";
    if (error == EACCES) return "this user may not use it";
    return "its program has ended, or does not listen";
  }

  Bounded<PlaceId, Path> paths_;
};

}  // namespace

void add_unix_rules(Rules& rules) {
  rules.push_back(std::make_unique<UnixFull>());
  rules.push_back(std::make_unique<UnixGone>());
}

}  // namespace sockwatch::diagnose
