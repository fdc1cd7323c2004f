/* Tells on standard output each signal it gets, "ready" first. SIGTERM ends it with status 3, end
 * of input with 4. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <unistd.h>

int main(void) {
  const int numbers[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH};
  sigset_t told;
  sigemptyset(&told);
  for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; ++i) sigaddset(&told, numbers[i]);
  sigprocmask(SIG_BLOCK, &told, NULL);
  const int signals = signalfd(-1, &told, SFD_CLOEXEC);
  printf("ready %d\n", (int)getpid());
  fflush(stdout);
  for (;;) {
    struct pollfd waits[2] = {{signals, POLLIN, 0}, {0, POLLIN, 0}};
    if (poll(waits, 2, -1) < 0) continue;
    if (waits[0].revents != 0) {
      struct signalfd_siginfo info;
      if (read(signals, &info, sizeof info) != sizeof info) return 5;
      printf("signal %u\n", info.ssi_signo);
      fflush(stdout);
      if (info.ssi_signo == SIGTERM) return 3;
    } else if (waits[1].revents != 0) {
      char byte;
      if (read(0, &byte, 1) <= 0) return 4;
    }
  }
}
