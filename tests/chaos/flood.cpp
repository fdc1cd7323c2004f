// Events as fast as threads can make them, for so many seconds. Prints "CONNECTS SECONDS".
//
//   flood HOW THREADS SECONDS [PER_SECOND]
//
// HOW: `unix` connects to a path where nobody listens (some four events each, hardly any work in
// the kernel), `tcp` to a port of loopback where nobody listens. PER_SECOND: of all threads
// together, in small bursts; without it, as many as there is time for.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

void connect_unix() {
  sockaddr_un nobody{};
  nobody.sun_family = AF_UNIX;
  std::strcpy(nobody.sun_path, "/nobody");
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  (void)!::connect(fd, reinterpret_cast<const sockaddr*>(&nobody), sizeof nobody);
  ::close(fd);
}

void connect_tcp() {
  sockaddr_in nobody{};
  nobody.sin_family = AF_INET;
  nobody.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  nobody.sin_port = htons(1);
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  (void)!::connect(fd, reinterpret_cast<const sockaddr*>(&nobody), sizeof nobody);
  ::close(fd);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  void (*const connect_once)() = std::strcmp(argv[1], "unix") == 0 ? connect_unix : connect_tcp;
  const int threads = std::atoi(argv[2]);
  const double seconds = std::atof(argv[3]);
  const double per_thread = argc > 4 ? std::atof(argv[4]) / threads : 0;
  std::atomic<long> connects{0};
  const auto began = Clock::now();
  const auto passed = [&] { return std::chrono::duration<double>(Clock::now() - began).count(); };
  const auto work = [&] {
    long made = 0;
    for (double now = 0; now < seconds; now = passed()) {
      if (per_thread > 0 && static_cast<double>(made) > now * per_thread) {
        ::usleep(500);
        continue;
      }
      for (int i = 0; i < 8; ++i) connect_once();
      made += 8;
    }
    connects += made;
  };
  std::vector<std::thread> all;
  for (int i = 0; i < threads; ++i) all.emplace_back(work);
  for (std::thread& thread : all) thread.join();
  std::printf("%ld %.3f\n", connects.load(), passed());
  return 0;
}
