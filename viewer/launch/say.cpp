#include "viewer/launch/say.h"

#include <unistd.h>

#include "collector/support/clean_text.h"

namespace sockwatch::launch {
namespace {

// One write, so that lines of the program recorded do not get in between.
void write_all(const std::string& text) {
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t n = ::write(STDERR_FILENO, text.data() + done, text.size() - done);
    if (n <= 0) return;  // nobody is left to be told
    done += static_cast<std::size_t>(n);
  }
}

}  // namespace

void say(const std::string& line) { write_all("sockwatch: " + clean(line) + "\n"); }

void say(const Error& error) {
  write_all("sockwatch: " + clean(error.message) + "\n" +
            (error.hint.empty() ? "" : "sockwatch: " + clean(error.hint) + "\n"));
}

}  // namespace sockwatch::launch
