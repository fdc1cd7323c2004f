#include "tests/preload/expectations.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <regex>

namespace sockwatch::preload {
namespace {

constexpr std::string_view kLossNames[] = {"ring_full", "no_slot", "nested", "no_memory",
                                           "descriptor"};
static_assert(std::size(kLossNames) == wire::kLossCauses);

bool contains(const std::vector<wire::Loss>& causes, std::size_t cause) {
  return std::find(causes.begin(), causes.end(), static_cast<wire::Loss>(cause)) != causes.end();
}

class Comparison {
 public:
  Comparison(const ProgramRun& run, const Recording& expected) : run_(run), expected_(expected) {}

  std::vector<std::string> of(const std::vector<std::filesystem::path>& files) {
    for (const auto& file : files) add_file(file);
    if (segments_.size() < expected_.fewest_segments ||
        segments_.size() > expected_.most_segments) {
      say("{} segments, expected {} to {}", segments_.size(), expected_.fewest_segments,
          expected_.most_segments);
    }
    check_losses();
    check_notes();
    for (const Expected& wanted : expected_.events) check_event(wanted);
    return std::move(differences_);
  }

 private:
  template <class... Values>
  void say(fmt::format_string<Values...> text, Values&&... values) {
    differences_.push_back(fmt::format(text, std::forward<Values>(values)...));
  }

  void add_file(const std::filesystem::path& file) {
    static const std::regex name(R"(\d+\.\d+\.seg)");
    struct stat status {};
    if (lstat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode) ||
        (status.st_mode & 07777) != 0600 ||
        !(std::regex_match(file.filename().string(), name) ||
          file.filename() == wire::kExecNotesFile)) {
      say("{}: not a segment, or its mode is {:o}", file.filename().string(), status.st_mode);
      return;
    }
    if (file.filename() == wire::kExecNotesFile) return read_notes(file);
    const Segment& segment = segments_.emplace_back(read_segment(file));
    for (const std::string& fault : segment.faults) say("{}: {}", file.filename().string(), fault);
    if (!contains(expected_.may_lose, static_cast<std::size_t>(wire::Loss::nested))) {
      for (const std::string& event : segment.out_of_order) {
        say("{}: {}", file.filename().string(), event);
      }
    }
    if (segment.slots_used > expected_.most_slots) {
      say("{} rings were used, expected at most {}", segment.slots_used, expected_.most_slots);
    }
    if ((segment.sandboxed_ns != 0) != expected_.sandboxed)
      say("sandboxed_ns is {}", segment.sandboxed_ns);
    check_times(segment);
  }

  void read_notes(const std::filesystem::path& file) {
    std::ifstream stream(file, std::ios::binary);
    for (wire::ExecNote note; stream.read(reinterpret_cast<char*>(&note), sizeof note);) {
      const bool sound = note.magic == wire::kExecNoteMagic && within(note.t_ns) && note.pid > 0 &&
                         note.tid > 0 && note.path_length > 0 && note.path[0] == '/' &&
                         note.command_line_length > 1;
      if (!sound) say("a note of an exec is not as it should be");
      if (note.why != wire::ExecWhy::returned) {
        notes_.push_back(note);
      } else if (!notes_.empty() && notes_.back().tid == note.tid) {
        notes_.pop_back();  // the programs make one call at a time
      } else {
        say("an exec is taken back that was not told");
      }
    }
    if (stream.gcount() != 0) say("the notes end in the middle of one");
  }

  void check_notes() {
    std::map<wire::ExecWhy, std::size_t> found;
    bool good = true;
    for (const auto& [why, times] : expected_.notes) found[why] = 0;
    for (const wire::ExecNote& note : notes_) ++found[note.why];
    for (const auto& [why, count] : found) {
      const auto wanted = expected_.notes.find(why);
      good = good && wanted != expected_.notes.end() && count >= wanted->second.fewest &&
             count <= wanted->second.most;
    }
    if (good) return;
    for (const wire::ExecNote& note : notes_) {
      say("noted ({}): {}", static_cast<int>(note.why),
          std::string_view(note.path, note.path_length));
    }
    say("{} programs were noted in all, or others than expected", notes_.size());
  }

  bool within(std::uint64_t time) const { return time >= run_.started_ns && time <= run_.ended_ns; }

  void check_times(const Segment& segment) {
    if (!within(segment.created_ns)) say("the segment was created at {}", segment.created_ns);
    for (const RecordedEvent& recorded : segment.events) {
      const wire::Event& event = recorded.event;
      if (!within(event.t_ns) || event.duration_ns > run_.ended_ns - run_.started_ns) {
        say("{}: at {} for {} ns, outside the run {} to {}", describe(recorded), event.t_ns,
            event.duration_ns, run_.started_ns, run_.ended_ns);
        return;
      }
    }
  }

  void check_losses() {
    for (std::size_t cause = 0; cause < wire::kLossCauses; ++cause) {
      std::uint64_t lost = 0;
      for (const Segment& segment : segments_) lost += segment.lost[cause];
      const bool must = contains(expected_.must_lose, cause);
      if (must && lost == 0) say("nothing was lost by {}", kLossNames[cause]);
      if (!must && lost != 0 && !contains(expected_.may_lose, cause))
        say("{} lost by {}", lost, kLossNames[cause]);
      if (cause == static_cast<std::size_t>(wire::Loss::nested) && lost > expected_.most_nested)
        say("{} lost by nested, expected at most {}", lost, expected_.most_nested);
    }
  }

  void check_event(const Expected& wanted) {
    std::size_t found = 0;
    for (const Segment& segment : segments_) {
      found += static_cast<std::size_t>(
          std::count_if(segment.events.begin(), segment.events.end(),
                        [&](const auto& event) { return wanted.matches(event); }));
    }
    if (wanted.times() == 0 ? found == 0 : found >= wanted.times()) return;
    std::vector<std::string> all;
    for (const Segment& segment : segments_) {
      for (const RecordedEvent& event : segment.events) {
        if (all.size() < 30)
          all.push_back(fmt::format("  pid {} {}", segment.pid, describe(event)));
      }
    }
    say("{} events like {}, expected {}; the first there are:\n{}", found, wanted.describe(),
        wanted.times(), fmt::join(all, "\n"));
  }

  const ProgramRun& run_;
  const Recording& expected_;
  std::vector<Segment> segments_;
  std::vector<wire::ExecNote> notes_;
  std::vector<std::string> differences_;
};

}  // namespace

bool Expected::matches(const RecordedEvent& recorded) const {
  const wire::Event& event = recorded.event;
  return event.op == op_ && (!error_ || event.error == *error_) &&
         (!result_ || event.result == *result_) && (!fd_ || event.fd == *fd_) &&
         (event.flags & flags_) == flags_ && (event.flags & without_) == 0 &&
         (event.detail & detail_) == detail_ && (!tcp_ || recorded.tcp) &&
         (!idle_ns_ || (event.payload.transfer.idle_ns >= *idle_ns_ &&
                        event.payload.transfer.tcp_state_before == state_before_)) &&
         (!peer_ || !recorded.peer.empty()) && (!local_ || !recorded.local.empty()) &&
         (!entries_ || !recorded.entries.empty());
}

std::string Expected::describe() const {
  RecordedEvent example;
  example.event = {};
  example.event.op = op_;
  std::string text = preload::describe(example);
  text = text.substr(text.find("tid 0 ") + 6);
  text = text.substr(0, text.find(' '));
  if (fd_) text += fmt::format(" fd {}", *fd_);
  if (result_) text += fmt::format(" = {}", *result_);
  if (error_) text += fmt::format(" (errno {})", *error_);
  if (flags_ != 0) text += fmt::format(" flags {:#x}", flags_);
  if (without_ != 0) text += fmt::format(" without flags {:#x}", without_);
  if (detail_ != 0) text += fmt::format(" detail {:#x}", detail_);
  if (idle_ns_) text += fmt::format(" after {} ns in state {}", *idle_ns_, state_before_);
  return text + (tcp_ ? " with tcp" : "") + (peer_ ? " with peer" : "") +
         (local_ ? " with local" : "") + (entries_ ? " with entries" : "");
}

std::vector<std::string> compare(const RunDirectory& directory, const ProgramRun& run,
                                 const Recording& expected) {
  return Comparison(run, expected).of(directory.files());
}

}  // namespace sockwatch::preload
