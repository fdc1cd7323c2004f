#include "viewer/launch/watch.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "shim/wire/segment.h"
#include "viewer/launch/library.h"
#include "viewer/launch/proc.h"

namespace sockwatch::launch {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr int kPatience = 2;  // looks; the loader needs a moment after exec
constexpr auto kInterval = milliseconds(150);
constexpr int kShareOfProcessor = 50;
constexpr const char* kOtherUser = "other-user";
constexpr const char* kOtherMounts = "other-mounts";

bool is_seen(const std::string& coverage) { return coverage.empty() || coverage == "preload"; }

}  // namespace

std::string shut_out(pid_t pid, const std::string& run_directory) {
  const auto user = effective_user(pid);
  const bool other_user = user && *user != ::geteuid() && *user != 0;
  const bool other_mounts = !finds_the_same(pid, run_directory).value_or(true);
  if (!other_user && !other_mounts) return "";
  // By its last part alone: seen from another root the path may begin differently.
  const std::string name = run_directory.substr(run_directory.rfind('/') + 1);
  if (has_mapped(pid, name + "/").value_or(true)) return "";
  return other_mounts ? kOtherMounts : kOtherUser;
}

std::string running_coverage(pid_t pid, const std::string& run_directory) {
  const auto loaded = has_mapped(pid, kLibraryName);
  // A process may also keep its maps from us because it made itself undumpable: then we cannot
  // tell.
  if (!loaded) return has_more_rights(pid) ? "setuid" : "";
  // Opened through /proc, so it is the right file also in another mount namespace.
  const auto facts = read_executable(fmt::format("/proc/{}/exe", pid));
  if (facts && facts->readable) {
    const Sight sight = judge_elf(*facts, process_executable(pid));
    if (sight.verdict != Verdict::preload && sight.verdict != Verdict::unknown) {
      return coverage_word(sight.verdict);
    }
  }
  if (*loaded) {
    const std::string why = shut_out(pid, run_directory);
    return why.empty() ? "preload" : why;
  }
  const auto environment = process_environment(pid);
  if (!environment) return "";
  const auto has = [&](const std::string& start) {
    return std::ranges::any_of(*environment,
                               [&](const std::string& e) { return e.starts_with(start); });
  };
  const bool started_with_ours =
      has("LD_PRELOAD=") && has(std::string(wire::kDirVariable) + "=" + run_directory);
  return started_with_ours ? "unknown" : "no-env";
}

ProcessWatch::ProcessWatch(Target target, std::string run_directory)
    : target_(std::move(target)), run_directory_(std::move(run_directory)) {
  Member& member = members_[target_.pid];
  member.row.pid = target_.pid;
  member.row.ppid = ::getpid();
  member.row.start_ticks = target_.start_ticks;
  member.row.started_ns = target_.started_ns;
  member.row.uid = ::getuid();
  member.row.exe = target_.executable;
  member.row.command_line = target_.command_line;
  member.row.coverage = coverage_word(target_.verdict);
}

milliseconds ProcessWatch::look() {
  const auto begin = Clock::now();
  find_new_members();
  for (auto it = members_.begin(); it != members_.end();) {
    const auto stat = process_stat(it->first);
    const bool same = stat && stat->start_ticks == it->second.row.start_ticks;
    if (same && stat->state != 'Z') {
      judge(it->first, it->second);
      ++it;
    } else if (it->first == target_.pid) {
      ++it;  // its row is wanted to the end
    } else {
      if (!is_seen(it->second.row.coverage)) ended_not_seen_.push_back(it->second.row);
      it = members_.erase(it);
    }
  }
  ++looks_;
  const auto cost = std::chrono::duration_cast<milliseconds>(Clock::now() - begin);
  // The first looks come fast: short children are started early.
  const auto wanted = std::min(kInterval, milliseconds(10) * looks_ * looks_);
  return std::max(wanted, cost * kShareOfProcessor);
}

Carries ProcessWatch::belongs(pid_t pid) const {
  const auto stat = process_stat(pid);
  if (!stat || stat->kernel_thread || stat->start_ticks < target_.start_ticks) return Carries::no;
  if (members_.contains(stat->ppid)) return Carries::yes;
  // Its parent may have ended before we saw it.
  if (process_owner(pid) != ::geteuid()) return Carries::no;
  return carries_directory(pid, run_directory_);
}

void ProcessWatch::find_new_members() {
  std::unordered_set<pid_t> known;
  std::vector<pid_t> pids = all_processes();
  std::ranges::sort(pids);  // parents mostly first
  for (const pid_t pid : pids) {
    const bool seen_before = known_.contains(pid) || members_.contains(pid) || pid == ::getpid();
    const Carries answer = seen_before ? Carries::no : belongs(pid);
    if (answer != Carries::not_yet_known) known.insert(pid);
    if (answer != Carries::yes) continue;
    const auto stat = process_stat(pid);
    if (!stat) continue;
    Member& member = members_[pid];
    member.row.pid = pid;
    member.row.ppid = stat->ppid;
    member.row.start_ticks = stat->start_ticks;
  }
  known_ = std::move(known);
}

void ProcessWatch::judge(pid_t pid, Member& member) {
  const std::string exe = process_executable(pid);
  const auto user = effective_user(pid);
  if (!member.judged.empty() && member.judged == exe && member.judged_user == user) return;
  const std::string coverage = running_coverage(pid, run_directory_);
  if (coverage.empty()) return;
  const bool may_still_load = coverage == "unknown" || coverage == "no-env";
  if (may_still_load && ++member.unloaded < kPatience) return;
  member.unloaded = 0;
  member.judged = exe;
  member.judged_user = user;
  // An image that was not seen stays the news, whatever the process executes later.
  if (!member.row.coverage.empty() && !is_seen(member.row.coverage)) return;
  member.row.coverage = coverage;
  if (!exe.empty()) member.row.exe = exe;
  if (auto line = process_command_line(pid); !line.empty()) member.row.command_line = line;
  if (const auto owner = process_owner(pid)) member.row.uid = *owner;
}

std::vector<store::ProcessRow> ProcessWatch::not_seen() const {
  std::vector<store::ProcessRow> rows = ended_not_seen_;
  for (const auto& [pid, member] : members_) {
    if (!is_seen(member.row.coverage)) rows.push_back(member.row);
  }
  return rows;
}

std::vector<store::ProcessRow> ProcessWatch::notes(std::int64_t ended_ns,
                                                   std::int64_t exit_status) const {
  store::ProcessRow target = members_.at(target_.pid).row;
  target.ended_ns = ended_ns;
  target.exit_status = exit_status;
  std::vector<store::ProcessRow> rows = {target};
  for (const auto& row : not_seen()) {
    if (row.pid != target.pid) rows.push_back(row);
  }
  return rows;
}

}  // namespace sockwatch::launch
