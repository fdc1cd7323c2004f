// The calls whose cost is measured, one case a run.
//
//   calls CASE COUNT         makes the case's call COUNT times inside `measured`, which is where
//                            callgrind counts; prints the nanoseconds of one call
//   calls idle               connects once, then sleeps until it is killed
//   calls paced RATE COUNT   COUNT connections, RATE of them a second
//   calls flood THREADS RATE COUNT
//                            recorded calls, COUNT a thread, RATE of them a second in all (0: as
//                            fast as they go); prints the calls made and the rate reached
//
// Loopback only. `calls` without arguments names the cases.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void die(const char* what) {
  std::perror(what);
  std::exit(1);
}

int checked(int result, const char* what) {
  if (result < 0) die(what);
  return result;
}

sockaddr* generic(sockaddr_in& address) { return reinterpret_cast<sockaddr*>(&address); }

int listen_on_loopback(sockaddr_in& address, int backlog) {
  address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  const int fd = checked(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  checked(::bind(fd, generic(address), length), "bind");
  checked(::listen(fd, backlog), "listen");
  checked(::getsockname(fd, generic(address), &length), "getsockname");
  return fd;
}

int begin_connect(sockaddr_in& to) {
  const int fd =
      checked(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "socket");
  if (::connect(fd, generic(to), sizeof to) != 0 && errno != EINPROGRESS) die("connect");
  return fd;
}

// A listener whose queue is full: what connects to it afterwards hangs in its handshake. Another
// process fills the queue, so that the library in this one has seen none of that.
void fill_queue(sockaddr_in& full) {
  listen_on_loopback(full, 0);
  int ready[2];
  checked(::pipe(ready), "pipe");
  if (checked(::fork(), "fork") == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int i = 0; i < 4; ++i) begin_connect(full);
    ::usleep(50'000);
    if (::write(ready[1], "", 1) != 1) ::_exit(1);
    for (;;) ::pause();
  }
  char byte = 0;
  if (::read(ready[0], &byte, 1) != 1) die("read");
  ::close(ready[0]);
  ::close(ready[1]);
}

struct Place {
  int pipe_ends[2] = {-1, -1};  // with a byte in it: ready to be read
  int quiet[2] = {-1, -1};      // never ready
  int epoll = -1;
  int hanging = -1;  // a connect under way that stays so
  int client = -1;   // a connection, and the server's end of it
  int server = -1;
  int listener = -1;
  sockaddr_in address = {};
  std::vector<pollfd> polled;
  int highest = 0;
  fd_set selected = {};
};

void one_read(Place& place) {
  char byte = 0;
  if (::read(place.quiet[0], &byte, 0) != 0) die("read");
}
void one_write(Place& place) {
  if (::write(place.quiet[1], "", 0) != 0) die("write");
}
void one_poll(Place& place) {
  checked(::poll(place.polled.data(), place.polled.size(), 0), "poll");
}
// With time to wait, which it does not need: one of them is ready.
void one_wait(Place& place) {
  checked(::poll(place.polled.data(), place.polled.size(), 1000), "poll");
}
void one_select(Place& place) {
  fd_set set = place.selected;
  timeval none = {};
  checked(::select(place.highest + 1, &set, nullptr, nullptr, &none), "select");
}
void one_epoll(Place& place) {
  epoll_event events[16];
  checked(::epoll_wait(place.epoll, events, 16, 0), "epoll_wait");
}
void one_connect(Place& place) {
  const int fd = begin_connect(place.address);
  pollfd wait{fd, POLLOUT, 0};
  checked(::poll(&wait, 1, 1000), "poll");
  int error = 0;
  socklen_t length = sizeof error;
  checked(::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length), "getsockopt");
  if (error != 0) {
    errno = error;
    die("connect");
  }
  ::close(checked(::accept(place.listener, nullptr, nullptr), "accept"));
  // The server's end is closed first and keeps the port in TIME_WAIT: ours is reset.
  const linger at_once{1, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ::close(fd);
}
void one_turn(Place& place) {
  char buffer[64] = {};
  if (::send(place.client, buffer, 32, 0) != 32) die("send");
  if (::recv(place.server, buffer, sizeof buffer, 0) != 32) die("recv");
  if (::send(place.server, buffer, 32, 0) != 32) die("send");
  pollfd wait{place.client, POLLIN, 0};
  checked(::poll(&wait, 1, 1000), "poll");
  if (::recv(place.client, buffer, sizeof buffer, 0) != 32) die("recv");
}

void watch(Place& place, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const int fd = i == 0 ? place.quiet[0] : checked(::dup(place.quiet[0]), "dup");
    place.polled.push_back({fd, POLLIN, 0});
    epoll_event event{};
    event.events = EPOLLIN;
    checked(::epoll_ctl(place.epoll, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
    if (fd >= FD_SETSIZE) continue;
    FD_SET(fd, &place.selected);
    place.highest = fd > place.highest ? fd : place.highest;
  }
}

// One of those that are watched is ready: the wait has a result to be looked at.
void make_one_ready(Place& place) {
  place.polled.back().fd = place.pipe_ends[0];
  FD_SET(place.pipe_ends[0], &place.selected);
}

void hang(Place& place) {
  sockaddr_in full;
  fill_queue(full);
  place.hanging = begin_connect(full);
}

void open_connection(Place& place) {
  place.client = begin_connect(place.address);
  pollfd wait{place.client, POLLOUT, 0};
  checked(::poll(&wait, 1, 1000), "poll");
  int error = 0;
  socklen_t length = sizeof error;
  checked(::getsockopt(place.client, SOL_SOCKET, SO_ERROR, &error, &length), "getsockopt");
  place.server = checked(::accept(place.listener, nullptr, nullptr), "accept");
}

struct Case {
  const char* name;
  void (*call)(Place&);
  void (*prepare)(Place&);
};

const Case kCases[] = {
    {"read", one_read, [](Place&) {}},
    {"write", one_write, [](Place&) {}},
    {"poll-1", one_poll, [](Place& place) { watch(place, 1); }},
    {"poll-100", one_poll, [](Place& place) { watch(place, 100); }},
    {"poll-1000", one_poll, [](Place& place) { watch(place, 1000); }},
    {"select-1", one_select, [](Place& place) { watch(place, 1); }},
    {"select-100", one_select, [](Place& place) { watch(place, 100); }},
    {"select-1000", one_select, [](Place& place) { watch(place, 1000); }},
    {"epoll-1", one_epoll, [](Place& place) { watch(place, 1); }},
    {"epoll-100", one_epoll, [](Place& place) { watch(place, 100); }},
    {"epoll-1000", one_epoll, [](Place& place) { watch(place, 1000); }},
    {"pending-poll-2", one_poll,
     [](Place& place) {
       hang(place);
       watch(place, 2);
       make_one_ready(place);
     }},
    {"pending-poll-1002", one_poll,
     [](Place& place) {
       hang(place);
       watch(place, 1002);
       make_one_ready(place);
     }},
    {"pending-select-900", one_select,
     [](Place& place) {
       hang(place);
       watch(place, 900);
       make_one_ready(place);
     }},
    {"recorded", one_wait,
     [](Place& place) {
       hang(place);
       watch(place, 2);
       make_one_ready(place);
       place.polled[0] = {place.hanging, POLLOUT, 0};
     }},
    {"connect", one_connect, [](Place&) {}},
    {"talk", one_turn, open_connection},
};

void set_up(Place& place) {
  checked(::pipe(place.pipe_ends), "pipe");
  checked(::pipe(place.quiet), "pipe");
  if (::write(place.pipe_ends[1], "x", 1) != 1) die("write");
  place.epoll = checked(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  place.listener = listen_on_loopback(place.address, 128);
}

int flood(int threads, double rate, long count) {
  sockaddr_in full;
  fill_queue(full);
  std::vector<std::thread> all;
  const auto begun = Clock::now();
  for (int i = 0; i < threads; ++i) {
    all.emplace_back([&] {
      Place place;
      checked(::pipe(place.pipe_ends), "pipe");
      if (::write(place.pipe_ends[1], "x", 1) != 1) die("write");
      place.polled = {{begin_connect(full), POLLOUT, 0}, {place.pipe_ends[0], POLLIN, 0}};
      const double each_ns = rate > 0 ? 1e9 * threads / rate : 0;
      for (long done = 0; done < count; ++done) {
        one_wait(place);
        if (each_ns <= 0 || done % 64 != 63) continue;
        const auto due = begun + std::chrono::nanoseconds(
                                     static_cast<long>(each_ns * static_cast<double>(done)));
        if (each_ns < 2000) {
          while (Clock::now() < due) {  // a sleep would be longer than what is waited for
          }
        } else {
          std::this_thread::sleep_until(due);
        }
      }
    });
  }
  for (std::thread& thread : all) thread.join();
  const double seconds = std::chrono::duration<double>(Clock::now() - begun).count();
  std::printf("%ld %.0f\n", count * threads, static_cast<double>(count * threads) / seconds);
  return 0;
}

int paced(double rate, long count) {
  Place place;
  set_up(place);
  const auto begun = Clock::now();
  for (long done = 0; done < count; ++done) {
    one_connect(place);
    std::this_thread::sleep_until(begun + std::chrono::nanoseconds(static_cast<long>(
                                              1e9 / rate * static_cast<double>(done))));
  }
  std::printf("%.0f\n", static_cast<double>(count) /
                            std::chrono::duration<double>(Clock::now() - begun).count());
  return 0;
}

[[noreturn]] void idle() {
  Place place;
  set_up(place);
  open_connection(place);
  std::puts("ready");
  std::fflush(stdout);
  for (;;) ::pause();
}

}  // namespace

// Its name is what callgrind is told to count in.
extern "C" [[gnu::noinline]] void measured(void (*call)(Place&), Place& place, long count) {
  for (long i = 0; i < count; ++i) call(place);
}

int main(int argc, char** argv) {
  const std::string name = argc > 1 ? argv[1] : "";
  if (name == "idle") idle();
  if (name == "paced" && argc == 4) return paced(std::atof(argv[2]), std::atol(argv[3]));
  if (name == "flood" && argc == 5) {
    return flood(std::atoi(argv[2]), std::atof(argv[3]), std::atol(argv[4]));
  }
  for (const Case& one : kCases) {
    if (name != one.name || argc != 3) continue;
    const long count = std::atol(argv[2]);
    Place place;
    set_up(place);
    one.prepare(place);
    one.call(place);  // the first is dearer: names are bound, pages are touched
    const auto begun = Clock::now();
    measured(one.call, place, count);
    const auto took = std::chrono::duration<double, std::nano>(Clock::now() - begun).count();
    std::printf("%.1f\n", took / static_cast<double>(count));
    return 0;
  }
  std::fputs("calls CASE COUNT | idle | paced RATE COUNT | flood THREADS RATE COUNT\ncases:",
             stderr);
  for (const Case& one : kCases) std::fprintf(stderr, " %s", one.name);
  std::fputc('\n', stderr);
  return 2;
}
