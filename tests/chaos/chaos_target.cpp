// Programs that end in every way while they connect, and count what they did where it outlives
// them.
//
//   chaos_target COUNTS HOW TIMES SEED
//
// COUNTS: a file for the counters. HOW, TIMES times: `short` a process that connects once; `kill`,
// `exit`, `exec`, `stop` a process whose threads connect until it is killed, leaves by _exit,
// executes itself, or is stopped and continued. Prints "MADE BEGUN": connects that succeeded, and
// that were begun.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr int kThreads = 3;
constexpr int kAtOnce = 4;
constexpr int kConnectsBeforeExec = 5;

struct Counts {
  std::atomic<long> made;
  std::atomic<long> begun;
};

Counts* open_counts(const char* path) {
  const int fd = ::open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0 || ::ftruncate(fd, sizeof(Counts)) != 0) return nullptr;
  void* place = ::mmap(nullptr, sizeof(Counts), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  ::close(fd);
  return place == MAP_FAILED ? nullptr : static_cast<Counts*>(place);
}

void connect_once(Counts& counts, std::uint16_t port) {
  sockaddr_in server{};
  server.sin_family = AF_INET;
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  server.sin_port = htons(port);
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const linger at_once{1, 0};  // a reset: no port is kept in TIME_WAIT
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ++counts.begun;
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&server), sizeof server) == 0) ++counts.made;
  ::close(fd);
}

// Paced: rings must not overflow, whatever happens to the collector.
[[noreturn]] void connect_for_ever(Counts& counts, std::uint16_t port) {
  const auto connect_on = [&] {
    for (;;) {
      connect_once(counts, port);
      ::usleep(2000);
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) threads.emplace_back(connect_on);
  for (;;) ::pause();
}

[[noreturn]] void execute(const char* counts, const char* how, int times, int port) {
  const std::string times_text = std::to_string(times), port_text = std::to_string(port);
  ::execl("/proc/self/exe", "chaos_target", counts, how, times_text.c_str(), "0", port_text.c_str(),
          nullptr);
  ::_exit(126);
}

// What the processes are that were executed: they connect, and some execute themselves again.
int executed(char** words) {
  Counts* counts = open_counts(words[1]);
  const int times = std::atoi(words[3]);
  const int port = std::atoi(words[5]);
  if (counts == nullptr) return 1;
  const bool again = std::strcmp(words[2], "again") == 0;
  for (int i = 0; i < (again ? kConnectsBeforeExec : 1); ++i) {
    connect_once(*counts, static_cast<std::uint16_t>(port));
  }
  if (again && times > 1) execute(words[1], "again", times - 1, port);
  return 0;
}

int listener(std::uint16_t& port) {
  sockaddr_in server{};
  server.sin_family = AF_INET;
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof server;
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::bind(fd, reinterpret_cast<sockaddr*>(&server), sizeof server) != 0 ||
      ::listen(fd, 4096) != 0 ||
      ::getsockname(fd, reinterpret_cast<sockaddr*>(&server), &length) != 0) {
    return -1;
  }
  port = ntohs(server.sin_port);
  return fd;
}

// Gives the child its end, after a while.
void end_child(const std::string& how, pid_t pid, useconds_t pause) {
  ::usleep(pause);
  if (how == "stop") {
    ::kill(pid, SIGSTOP);
    ::usleep(pause);
    ::kill(pid, SIGCONT);
    ::usleep(pause);
  }
  if (how == "kill" || how == "stop") ::kill(pid, SIGKILL);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 6) return executed(argv);
  if (argc != 5) return 2;
  Counts* counts = open_counts(argv[1]);
  const std::string how = argv[2];
  const int times = std::atoi(argv[3]);
  std::mt19937 dice(static_cast<unsigned>(std::atoi(argv[4])));
  std::uint16_t port = 0;
  const int server = listener(port);
  if (counts == nullptr || server < 0) {
    std::perror("chaos_target");
    return 1;
  }
  const pid_t accepting = ::fork();
  if (accepting == 0) {
    for (;;) {
      const int fd = ::accept(server, nullptr, nullptr);
      if (fd >= 0) ::close(fd);
    }
  }
  ::close(server);

  std::vector<pid_t> running;
  const auto finish_oldest = [&] {
    if (how == "kill" || how == "stop")
      end_child(how, running.front(), static_cast<useconds_t>(dice() % 40'000));
    ::waitpid(running.front(), nullptr, 0);
    running.erase(running.begin());
  };
  for (int i = 0; i < times; ++i) {
    const auto lifetime = static_cast<useconds_t>(dice() % 60'000);
    const pid_t pid = ::fork();
    if (pid == 0) {
      if (how == "short") execute(argv[1], "once", 1, port);
      if (how == "exec") execute(argv[1], "again", 3, port);
      if (how == "exit") {
        std::thread([&] { connect_for_ever(*counts, port); }).detach();
        ::usleep(lifetime);
        ::_exit(0);
      }
      connect_for_ever(*counts, port);
    }
    running.push_back(pid);
    if (running.size() >= kAtOnce) finish_oldest();
  }
  while (!running.empty()) finish_oldest();
  ::kill(accepting, SIGKILL);
  ::waitpid(accepting, nullptr, 0);
  std::printf("%ld %ld\n", counts->made.load(), counts->begun.load());
  return 0;
}
