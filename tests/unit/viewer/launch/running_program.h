// Programs under test: with pipes, or on a terminal of their own.
#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <string>
#include <vector>

namespace sockwatch::launch {

struct Ran {
  int status = -1;  // as waitpid gives it
  std::string out;
  std::string err;
  int exit_status() const;  // -1 if killed
};

struct Setting {
  std::string directory;                 // to change to
  std::string input;                     // on standard input
  std::vector<std::string> environment;  // added
  bool close_input = false;              // standard input is closed instead
  bool ignore_children = false;          // SIGCHLD ignored, as some parents leave it
};

// Runs to the end; killed after half a minute.
Ran run(const std::vector<std::string>& words, const Setting& setting = {});

// `sockwatch` and these words.
std::vector<std::string> sockwatch(const std::vector<std::string>& words);

// A program that talks to us through pipes, or a terminal if `on_terminal`: then it leads a
// session.
class Conversation {
 public:
  Conversation(const std::vector<std::string>& words, const Setting& setting, bool on_terminal);
  ~Conversation();  // kills it
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;

  pid_t pid() const { return pid_; }
  void type(const std::string& text);
  void close_input();

  // Reads until `text` came behind what was expected before; false after ten seconds.
  bool expect(const std::string& text);
  // Everything that comes within this time.
  std::string listen(int milliseconds);
  const std::string& heard() const { return heard_; }
  int wait();  // as waitpid gives it; -1 after ten seconds

 private:
  bool read_some(int milliseconds);
  pid_t pid_ = -1;
  int input_ = -1;
  int output_ = -1;
  std::string heard_;
  std::size_t expected_to_ = 0;
};

// Polls; false after ten seconds.
bool wait_until(const auto& condition) {
  for (int i = 0; i < 2000; ++i) {
    if (condition()) return true;
    ::usleep(5000);
  }
  return false;
}

}  // namespace sockwatch::launch
