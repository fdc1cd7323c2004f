// Runs the program itself on traces written by the writer of the collector.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "collector/store/writer.h"
#include "tests/unit/viewer/render/traces.h"

namespace sockwatch::testing {

struct Ran {
  int status = -1;
  std::string out;
  std::string err;
};

inline std::string content(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

class Commands : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "sockwatch-test-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return folder_ + "/" + name; }

  std::string write(const Trace& trace, const std::string& name = "trace",
                    std::int64_t pack_from = store::Writer::kPackFrom) const {
    auto writer = store::Writer::open(path(name), store::OpenMode::create);
    if (!writer) throw std::runtime_error(writer.error().message);
    const auto must = [](const Status& status) {
      if (!status) throw std::runtime_error(status.error().message);
    };
    for (const auto& [key, value] : trace.facts) {
      if (key != "schema_version") must(writer->set(key, value));
    }
    for (const auto& row : trace.processes) must(writer->put(row));
    for (const auto& row : trace.connections) must(writer->put(row));
    for (const auto& row : trace.resolutions) must(writer->put(row));
    for (const auto& row : trace.losses) must(writer->put(row));
    must(writer->finish(pack_from));
    return path(name);
  }

  Ran run(const std::string& arguments, const std::string& environment = "LC_ALL=C.UTF-8") const {
    const std::string command = "env -u COLUMNS -u NO_COLOR TZ=UTC " + environment + " " SOCKWATCH +
                                " " + arguments + " 2>" + path("err");
    std::FILE* pipe = popen(command.c_str(), "r");
    Ran ran;
    std::array<char, 4096> block{};
    for (std::size_t n; (n = fread(block.data(), 1, block.size(), pipe)) > 0;) {
      ran.out.append(block.data(), n);
    }
    const int status = pclose(pipe);
    ran.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    ran.err = content(path("err"));
    return ran;
  }

  static std::size_t lines(const std::string& text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  }

  static void expect_two_lines(const Ran& ran, int status) {
    EXPECT_EQ(ran.status, status);
    EXPECT_EQ(ran.out, "");
    EXPECT_EQ(lines(ran.err), 2u) << ran.err;
    EXPECT_THAT(ran.err, ::testing::StartsWith("sockwatch: "));
  }

  std::string folder_;
};

}  // namespace sockwatch::testing
