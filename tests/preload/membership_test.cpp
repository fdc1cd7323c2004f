// In which sets a connection is must be known at every wait that expires, and costs no more than
// that.
#include <gmock/gmock.h>
#include <sys/epoll.h>

#include <map>

#include "tests/preload/hazards.h"
#include "tests/preload/read_segment.h"
#include "tests/preload/under.h"

namespace sockwatch::preload {
namespace {

using ::testing::ElementsAre;

// What the collector learns, in the order of time: sets and descriptors by letters, as they come.
std::vector<std::string> story(const Segment& segment) {
  std::vector<RecordedEvent> events = segment.events;
  std::ranges::stable_sort(events, {}, [](const auto& recorded) { return recorded.event.t_ns; });
  std::vector<std::string> told;
  std::map<int, char> sets;
  std::map<int, char> clients;
  for (const auto& [event, slot, peer, local, name, entries, tcp] : events) {
    if (event.op == wire::Op::connect && event.result == 0) {
      clients.emplace(event.fd, static_cast<char>('a' + clients.size()));
    } else if (event.op == wire::Op::dup) {
      clients.emplace(static_cast<int>(event.result), static_cast<char>('a' + clients.size()));
    }
    const std::string who(1, clients.contains(event.fd) ? clients[event.fd] : '?');
    if (event.op == wire::Op::epoll_ctl) {
      const char set =
          sets.emplace(event.payload.epoll.epoll_fd, static_cast<char>('S' + sets.size()))
              .first->second;
      told.push_back((event.detail == EPOLL_CTL_ADD ? "+" : "-") + who + set);
    } else if (event.op == wire::Op::send) {
      told.push_back("request " + who);
    } else if (event.op == wire::Op::epoll_wait) {
      told.emplace_back("waited");
    }
  }
  return told;
}

TEST(EpollMembership, IsToldBeforeItMattersAndNotMoreOften) {
  const RunDirectory directory;
  Command command = bare_command({"epoll_membership"});
  under_library(command, directory, {});
  const ProgramRun run = run_program(command);
  ASSERT_EQ(run.status, 0) << run.out << run.err;
  ASSERT_EQ(directory.files().size(), 1U);
  const Segment segment = read_segment(directory.files()[0]);
  EXPECT_THAT(segment.faults, ::testing::IsEmpty());
  EXPECT_THAT(story(segment),
              ElementsAre("+aS",                      //
                          "-aS", "request a", "+aS",  // out for a request
                          "-aS", "waited", "+aS",     // out during a wait
                          "-aS", "+aT",               // into another set
                          "-aT", "+bS", "+aS",        //
                          "-aS", "-bS", "waited",     // two that leave
                          "+aS", "-aS",               // the thread ends
                          "+aS", "+aS",               // back, by another thread
                          "-aS", "+dS", "-dS"));      // the copy alone
}

}  // namespace
}  // namespace sockwatch::preload
