// The base of every test here: a private network, or a skip that says why there is none.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "tests/netlab/clients/commands.h"
#include "tests/netlab/lab/namespace.h"

namespace sockwatch::netlab {

class Lab : public testing::Test {
 protected:
  // Programs that must be installed; the test is skipped where one is missing.
  explicit Lab(std::vector<std::string> needed = {}) : needed_(std::move(needed)) {}

  void SetUp() override {
    needed_.insert(needed_.end(), {"ip", "nft"});
    for (const auto& program : needed_) {
      if (find_program(program).empty()) {
        GTEST_SKIP() << "skipped, because " << program << " is not installed";
      }
    }
    auto made = Namespace::create();
    if (!made) GTEST_SKIP() << "skipped, because " << made.error().message;
    network_.emplace(std::move(*made));
  }

  const Namespace& network() const { return *network_; }

 private:
  std::vector<std::string> needed_;
  std::optional<Namespace> network_;
};

}  // namespace sockwatch::netlab
