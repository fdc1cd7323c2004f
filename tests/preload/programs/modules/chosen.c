// Chooses one of its functions while the loader relocates it, by a look at the machine, as
// libraries with code for several processors do. Objects behind a preloaded library are relocated
// before it.
#include <fcntl.h>
#include <unistd.h>

static int by_reading(void) { return 1; }
static int without(void) { return 2; }

static int (*choose(void))(void) {
  char text[64];
  const int fd = open("/proc/cpuinfo", O_RDONLY);
  const ssize_t got = read(fd, text, sizeof text);
  return close(fd) == 0 && got > 0 && read(fd, text, sizeof text) == -1 ? by_reading : without;
}

int chosen(void) __attribute__((ifunc("choose")));
