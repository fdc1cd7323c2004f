#include "tests/netlab/incidents/runner.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <sys/wait.h>
#include <algorithm>
#include <array>
#include <csignal>
#include <numeric>

namespace sockwatch::netlab {
namespace {

constexpr unsigned kLimitSeconds = 120;

Played described(const Incident& incident) {
  return {.name = incident.name,
          .client = incident.client,
          .expected = incident.expected,
          .also = incident.also,
          .found = {},
          .skipped = {},
          .broken = {},
          .told = {}};
}

void check_installed(const Incident& incident) {
  Words programs = incident.needs;
  programs.insert(programs.end(), {"ip", "nft"});
  if (incident.client != "C") programs.push_back(incident.client);
  for (const auto& program : programs) {
    if (find_program(program).empty()) throw Skipped(program + " is not installed");
  }
  if (incident.client == "java" && std::string(NETLAB_JAVA_CLASSES).empty()) {
    throw Skipped("no Java compiler was there when the tests were built");
  }
}

Json play_here(const Incident& incident) try {
  check_installed(incident);
  const auto network = Namespace::create();
  if (!network) throw Skipped(network.error().message);
  if (incident.client == "nginx" && network->in_user_namespace()) {
    throw Skipped("nginx cannot change user in a user namespace");
  }
  const Recording seen = incident.play(Scene(*network));
  return {{"report", {{"diagnoses", seen.report.at("diagnoses")}}}, {"told", seen.told()}};
} catch (const Skipped& reason) {
  return {{"skipped", reason.what()}};
} catch (const std::exception& failure) {
  return {{"broken", failure.what()}};
}

// A child process that plays one incident and tells its result through a pipe.
struct Stage {
  std::size_t incident = 0;
  pid_t pid = -1;
  int from = -1;
  std::string told;
};

Stage open_stage(const std::vector<Incident>& incidents, std::size_t index) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("out of descriptors");
  const pid_t runner = getpid();
  const pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != runner) _exit(125);
    alarm(kLimitSeconds);
    close(ends[0]);
    const std::string result =
        play_here(incidents[index]).dump(-1, ' ', true, Json::error_handler_t::replace);
    std::size_t sent = 0;
    while (sent < result.size()) {
      const ssize_t more = write(ends[1], result.data() + sent, result.size() - sent);
      if (more <= 0) break;
      sent += static_cast<std::size_t>(more);
    }
    _exit(0);
  }
  close(ends[1]);
  if (child < 0) throw std::runtime_error("cannot fork");
  return {.incident = index, .pid = child, .from = ends[0], .told = {}};
}

void close_stage(Stage& stage, Played& played) {
  close(stage.from);
  waitpid(stage.pid, nullptr, 0);
  const Json result = Json::parse(stage.told, nullptr, false);
  if (!result.is_object()) {
    played.broken = "its process ended without a result";
    return;
  }
  played.skipped = result.value("skipped", "");
  played.broken = result.value("broken", "");
  played.told = result.value("told", "");
  if (result.contains("report")) played.found = findings_of(result.at("report"));
}

// Reads what there is; true at the end of it.
bool drained(Stage& stage) {
  std::array<char, 65536> chunk;
  const ssize_t got = read(stage.from, chunk.data(), chunk.size());
  if (got > 0) stage.told.append(chunk.data(), static_cast<std::size_t>(got));
  return got <= 0;
}

}  // namespace

std::vector<Played> play(const std::vector<Incident>& incidents, int at_once) {
  std::vector<Played> all;
  for (const Incident& incident : incidents) all.push_back(described(incident));
  std::vector<std::size_t> waiting(incidents.size());
  std::iota(waiting.begin(), waiting.end(), 0);
  // Taken from the back: the longest first.
  std::stable_sort(waiting.begin(), waiting.end(), [&](std::size_t a, std::size_t b) {
    return incidents[a].seconds < incidents[b].seconds;
  });
  std::vector<Stage> stages;
  while (!waiting.empty() || !stages.empty()) {
    while (!waiting.empty() && stages.size() < static_cast<std::size_t>(at_once)) {
      stages.push_back(open_stage(incidents, waiting.back()));
      waiting.pop_back();
    }
    std::vector<pollfd> readable;
    for (const Stage& stage : stages) readable.push_back({stage.from, POLLIN, 0});
    poll(readable.data(), readable.size(), -1);
    for (std::size_t i = readable.size(); i-- > 0;) {
      if (readable[i].revents == 0 || !drained(stages[i])) continue;
      close_stage(stages[i], all[stages[i].incident]);
      stages.erase(stages.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
  return all;
}

}  // namespace sockwatch::netlab
