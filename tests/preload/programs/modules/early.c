// A library that uses sockets in its constructor, perhaps before ours has run, and in its
// destructor, perhaps after ours. A failure ends the process with status 99, which the program
// itself never gives.
#include <errno.h>
#include <poll.h>
#include <unistd.h>

int module_connects(void);

static void use_sockets(void) {
  errno = 4242;
  if (poll(NULL, 0, 1) != 0 || errno != 4242) _exit(99);
  if (module_connects() != ECONNREFUSED) _exit(99);
}

__attribute__((constructor)) static void before_main(void) { use_sockets(); }
__attribute__((destructor)) static void after_main(void) { use_sockets(); }

// For programs that link this library: without a reference the linker would leave it out.
int early_present(void);
int early_present(void) { return 1; }
