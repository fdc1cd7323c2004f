// Connects on loopback as fast as it can, in several processes of several threads each, until a
// file appears. Prints how many connects succeeded, so that a recording of it can be checked.
//
//   connect_storm STOP_FILE [PROCESSES [THREADS [PAUSE_US]]]
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

namespace {

struct Shared {
  std::atomic<bool> stop{false};
  std::atomic<long> connects{0};
};

void storm(Shared& shared, const sockaddr_in& server, int pause_us) {
  long made = 0;
  while (!shared.stop) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) continue;
    const linger at_once{1, 0};  // a reset: no port is kept in TIME_WAIT
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&server), sizeof server) == 0) ++made;
    ::close(fd);
    if (pause_us > 0) ::usleep(static_cast<useconds_t>(pause_us));
  }
  shared.connects += made;
}

int argument(int argc, char** argv, int index, int otherwise) {
  return argc > index ? std::atoi(argv[index]) : otherwise;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const int processes = argument(argc, argv, 2, 4);
  const int threads = argument(argc, argv, 3, 4);
  const int pause_us = argument(argc, argv, 4, 0);

  sockaddr_in server{};
  server.sin_family = AF_INET;
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof server;
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::bind(listener, reinterpret_cast<sockaddr*>(&server), sizeof server) != 0 ||
      ::listen(listener, 4096) != 0 ||
      ::getsockname(listener, reinterpret_cast<sockaddr*>(&server), &length) != 0) {
    std::perror("connect_storm");
    return 1;
  }
  void* place =
      ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  auto& shared = *new (place) Shared;

  // The server is a process of its own too.
  const pid_t accepting = ::fork();
  if (accepting == 0) {
    for (;;) {
      const int fd = ::accept(listener, nullptr, nullptr);
      if (fd >= 0) ::close(fd);
    }
  }
  std::vector<pid_t> clients;
  for (int process = 0; process < processes; ++process) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      std::vector<std::thread> all;
      for (int i = 0; i < threads; ++i) all.emplace_back([&] { storm(shared, server, pause_us); });
      for (std::thread& thread : all) thread.join();
      ::_exit(0);
    }
    clients.push_back(pid);
  }
  while (::access(argv[1], F_OK) != 0) ::usleep(20'000);
  shared.stop = true;
  for (const pid_t pid : clients) ::waitpid(pid, nullptr, 0);
  ::kill(accepting, SIGKILL);
  ::waitpid(accepting, nullptr, 0);
  std::printf("%ld\n", shared.connects.load());
  return 0;
}
