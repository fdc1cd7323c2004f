// A private network, with private /etc files and shared memory, for one test.
//
// A keeper process holds a network and a mount namespace. Nothing has a name on the host: when the
// keeper goes, the network goes. The keeper ends with its owner, even one killed by SIGKILL, and
// before it ends it kills every process that is still in the network and removes the scratch
// directory.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "collector/support/result.h"
#include "tests/netlab/lab/process.h"

namespace sockwatch::netlab {

class Namespace {
 public:
  // Loopback is up (127.0.0.0/8 and ::1), there is no route to anywhere else, /dev/shm is empty and
  // private. As root directly, else inside a user namespace. An error says what the machine
  // refused.
  static Result<Namespace> create();

  ~Namespace();
  Namespace(Namespace&& other) noexcept;
  Namespace& operator=(Namespace&&) = delete;

  const std::string& scratch() const { return scratch_; }
  bool in_user_namespace() const { return user_fd_ >= 0; }

  // The program runs inside, in the scratch directory.
  Process start(const Command& command) const;
  Finished run(const Command& command) const { return start(command).wait(); }

  // Forks a child that runs `body` inside and ends with its value. It dies with the calling thread.
  pid_t fork_into(const std::function<int()>& body) const;

  // Set-up steps. They throw std::runtime_error with what the tool said: a fault that could not be
  // made is a broken test, never a finding about the product.
  void ip(std::string_view commands) const;                          // lines for `ip -batch -`
  void nft(std::string_view rules) const;                            // a ruleset for `nft -f -`
  void sysctl(std::string_view name, std::string_view value) const;  // name with slashes
  void replace_file(const std::string& path, std::string_view text) const;  // seen inside only
  std::string write_scratch(const std::string& name, std::string_view text) const;  // its path

 private:
  Namespace() = default;
  void enter() const;
  void feed(const std::vector<std::string>& argv, std::string_view input) const;

  pid_t keeper_ = -1;
  int user_fd_ = -1;
  int mount_fd_ = -1;
  int net_fd_ = -1;
  std::string scratch_;
};

}  // namespace sockwatch::netlab
