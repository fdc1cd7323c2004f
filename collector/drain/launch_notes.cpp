#include "collector/drain/launch_notes.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "collector/drain/run_directory.h"
#include "collector/drain/system_error.h"
#include "collector/drain/unique_fd.h"

namespace sockwatch::drain {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxNotesBytes = 16 << 20;
constexpr char kProcesses[] = "processes";

// The columns of a note, in one place for both directions.
template <typename Row, typename Visit>
void visit_columns(Row& row, Visit&& visit) {
  visit("pid", row.pid);
  visit("ppid", row.ppid);
  visit("start_ticks", row.start_ticks);
  visit("exe", row.exe);
  visit("command_line", row.command_line);
  visit("uid", row.uid);
  visit("started_ns", row.started_ns);
  visit("ended_ns", row.ended_ns);
  visit("exit_status", row.exit_status);
  visit("coverage", row.coverage);
}

struct ToJson {
  Json& object;
  template <typename T>
  void operator()(const char* key, const T& value) const {
    object[key] = value;
  }
  template <typename T>
  void operator()(const char* key, const std::optional<T>& value) const {
    if (value) object[key] = *value;
  }
};

// Sets `good` to false when a column has a value of another kind.
struct FromJson {
  const Json& object;
  bool& good;

  void operator()(const char* key, std::int64_t& value) const {
    store::OptInt found;
    (*this)(key, found);
    good = good && found.has_value();
    value = found.value_or(0);
  }
  void operator()(const char* key, std::string& value) const {
    store::OptText found;
    (*this)(key, found);
    good = good && found.has_value();
    value = found.value_or("");
  }
  void operator()(const char* key, store::OptInt& value) const {
    const auto at = object.find(key);
    if (at == object.end()) return;
    if (!at->is_number_integer()) {
      good = false;
    } else {
      value = at->get<std::int64_t>();
    }
  }
  void operator()(const char* key, store::OptText& value) const {
    const auto at = object.find(key);
    if (at == object.end()) return;
    if (!at->is_string()) {
      good = false;
    } else {
      value = at->get<std::string>();
    }
  }
};

Status write_all(int fd, const std::string& text) {
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t wrote = ::write(fd, text.data() + done, text.size() - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0)
      return Error{fmt::format("cannot write launch notes: {}", errno_text(errno)), ""};
    done += static_cast<std::size_t>(wrote);
  }
  return {};
}

Error damaged(const std::string& run_directory, const std::string& why) {
  return Error{fmt::format("launch notes '{}/{}' are damaged: {}", run_directory, kNotesFile, why),
               "exit statuses and processes that were not seen are missing from the trace"};
}

}  // namespace

Status write_notes(const std::string& run_directory,
                   const std::vector<store::ProcessRow>& processes) {
  Json list = Json::array();
  for (const store::ProcessRow& row : processes) {
    visit_columns(row, ToJson{list.emplace_back(Json::object())});
  }
  // Paths and arguments are bytes, JSON is UTF-8: what is none becomes U+FFFD.
  const std::string text =
      Json{{kProcesses, list}}.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";

  const Result<UniqueFd> directory = open_run_directory(run_directory);
  if (!directory) return directory.error();
  // Under another name first: a reader sees all of it or the notes before.
  const std::string temporary = fmt::format("{}.{}", kNotesFile, ::getpid());
  ::unlinkat(directory->get(), temporary.c_str(), 0);
  const UniqueFd fd(::openat(directory->get(), temporary.c_str(),
                             O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) {
    return Error{
        fmt::format("cannot write launch notes in '{}': {}", run_directory, errno_text(errno)), ""};
  }
  if (Status written = write_all(fd.get(), text); !written) {
    ::unlinkat(directory->get(), temporary.c_str(), 0);
    return written;
  }
  if (::renameat(directory->get(), temporary.c_str(), directory->get(), kNotesFile) != 0) {
    return Error{
        fmt::format("cannot write launch notes in '{}': {}", run_directory, errno_text(errno)), ""};
  }
  return {};
}

Result<std::vector<store::ProcessRow>> read_notes(const std::string& run_directory) {
  const Result<UniqueFd> directory = open_run_directory(run_directory);
  if (!directory) return directory.error();
  const UniqueFd fd(::openat(directory->get(), kNotesFile,
                             O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) {
    if (errno == ENOENT) return std::vector<store::ProcessRow>();
    return damaged(run_directory, errno_text(errno));
  }
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return damaged(run_directory, "no regular file");
  }
  std::string text;
  char buffer[65536];
  for (;;) {
    const ssize_t got = ::read(fd.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return damaged(run_directory, errno_text(errno));
    if (got == 0) break;
    text.append(buffer, static_cast<std::size_t>(got));
    if (text.size() > kMaxNotesBytes) return damaged(run_directory, "larger than 16 MiB");
  }
  const Json notes = Json::parse(text, nullptr, false);
  if (!notes.is_object() || !notes.contains(kProcesses) || !notes[kProcesses].is_array()) {
    return damaged(run_directory, "not the expected JSON");
  }
  std::vector<store::ProcessRow> processes;
  for (const Json& object : notes[kProcesses]) {
    bool good = object.is_object();
    store::ProcessRow row;
    if (good) visit_columns(row, FromJson{object, good});
    if (!good) return damaged(run_directory, "a process is not described as expected");
    processes.push_back(std::move(row));
  }
  return processes;
}

}  // namespace sockwatch::drain
