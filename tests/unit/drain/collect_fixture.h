// A run directory, a collector over it in a thread or a process of its own, and the trace it wrote.
#pragma once

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "collector/drain/clock.h"
#include "collector/drain/collect.h"
#include "collector/store/reader.h"
#include "tests/unit/drain/target.h"
#include "tests/unit/drain/temporary_directory.h"

namespace sockwatch::drain {

inline bool eventually(const std::function<bool()>& condition) {
  const std::int64_t give_up = monotonic_ns() + 20 * kNsPerSecond;
  while (!condition()) {
    if (monotonic_ns() > give_up) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

// One byte for each stage, as a launcher is told.
inline std::function<void(Stage)> telling(int fd) {
  return [fd](Stage) {
    const char byte = 1;
    (void)!::write(fd, &byte, 1);
  };
}

class CollectTest : public testing::Test {
 protected:
  // In a thread: started once the directory is watched, stopped by the end of the pipe.
  void start(store::OpenMode mode = store::OpenMode::create, bool redact = false) {
    int stop[2], ready[2];
    ASSERT_EQ(::pipe2(stop, O_CLOEXEC), 0);
    ASSERT_EQ(::pipe2(ready, O_CLOEXEC), 0);
    stop_fd_ = stop[1];
    CollectOptions options{run_.path(), trace_, mode, false, stop[0], telling(ready[1])};
    options.redact = redact;
    collector_ = std::thread([this, options, stop, ready] {
      result_.emplace(collect(options));
      ::close(stop[0]);
      ::close(ready[1]);
    });
    char byte = 0;
    ASSERT_EQ(::read(ready[0], &byte, 1), 1);
    ::close(ready[0]);
  }
  const Result<CollectSummary>& stop() {
    ::close(stop_fd_);
    stop_fd_ = -1;
    collector_.join();
    return *result_;
  }
  void TearDown() override {
    if (stop_fd_ >= 0) stop();
  }

  // In a process of its own, to be killed or starved.
  // `stop`: both ends of a pipe, or -1.
  pid_t fork_collector(const int (&stop)[2], std::optional<rlim_t> file_size,
                       const std::string& errors, store::OpenMode mode = store::OpenMode::create) {
    int ready[2];
    if (::pipe2(ready, O_CLOEXEC) != 0) return -1;
    const pid_t pid = ::fork();
    if (pid == 0) {
      if (stop[1] >= 0) ::close(stop[1]);
      const int error_fd = ::open(errors.c_str(), O_CREAT | O_WRONLY | O_TRUNC, 0600);
      ::dup2(error_fd, 2);
      if (file_size) {
        rlimit limit{};
        ::getrlimit(RLIMIT_FSIZE, &limit);
        limit.rlim_cur = *file_size;
        ::setrlimit(RLIMIT_FSIZE, &limit);
      }
      const auto result =
          collect(CollectOptions{run_.path(), trace_, mode, false, stop[0], telling(ready[1])});
      ::_exit(result ? 0 : 1);
    }
    ::close(ready[1]);
    char byte = 0;
    if (::read(ready[0], &byte, 1) != 1) ADD_FAILURE() << "the collector did not start";
    ::close(ready[0]);
    return pid;
  }

  void read_trace() { read_trace(trace_); }
  void read_trace(const std::string& path) {
    const auto reader = store::Reader::open(path);
    ASSERT_TRUE(reader) << reader.error().message;
    facts_ = reader->trace().value();
    processes_ = reader->processes().value();
    connections_.clear();
    ASSERT_TRUE(reader->connections({}, [&](const store::ConnectionRow& row) {
      connections_.push_back(row);
      return true;
    }));
    losses_.clear();
    const auto losses = reader->losses();
    ASSERT_TRUE(losses);
    for (const store::LossRow& row : *losses) losses_[row.cause] += row.count;
  }
  const store::ConnectionRow* connection(std::int64_t port) const {
    const auto at = std::find_if(connections_.begin(), connections_.end(),
                                 [&](const auto& row) { return row.peer_port == port; });
    return at == connections_.end() ? nullptr : &*at;
  }
  std::string outcome(std::int64_t port) const {
    const store::ConnectionRow* row = connection(port);
    return row == nullptr ? "(none)" : row->outcome;
  }
  std::size_t segments() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        std::filesystem::directory_iterator(run_.path()), std::filesystem::directory_iterator(),
        [](const auto& file) { return file.path().extension() == wire::kSegmentSuffix; }));
  }
  // The child's side: makes a segment once, keeps it.
  Producer& producer() {
    if (!producer_) producer_ = std::make_unique<Producer>(run_.path());
    return *producer_;
  }

  TemporaryDirectory run_;
  TemporaryDirectory out_;
  const std::string trace_ = out_ / "trace";
  std::unique_ptr<Producer> producer_;

  std::thread collector_;
  int stop_fd_ = -1;
  std::optional<Result<CollectSummary>> result_;

  std::map<std::string, std::string> facts_;
  std::vector<store::ProcessRow> processes_;
  std::vector<store::ConnectionRow> connections_;
  std::map<std::string, std::int64_t> losses_;
};

}  // namespace sockwatch::drain
