// A proxy with functions of its own for connect and, chosen when it is loaded, send; and, with
// handing_on.c, a dlsym.
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

static void* find(const char* name) {
  const char* versions[] = {"GLIBC_2.2.5", "GLIBC_2.17"};
  void* found = NULL;
  for (int i = 0; found == NULL && i < 2; ++i) found = dlvsym(RTLD_NEXT, name, versions[i]);
  if (found == NULL) abort();
  return found;
}

static atomic_int connects, sends;

__attribute__((destructor)) static void say(void) {
  printf("by proxy: %d connects, %d sends\n", connects, sends);
}

int connect(int fd, const struct sockaddr* address, socklen_t length) {
  static int (*next)(int, const struct sockaddr*, socklen_t);
  if (next == NULL) *(void**)&next = find("connect");
  ++connects;
  return next(fd, address, length);
}

static ssize_t send_by_proxy(int fd, const void* bytes, size_t size, int flags) {
  static ssize_t (*next)(int, const void*, size_t, int);
  if (next == NULL) *(void**)&next = find("send");
  ++sends;
  return next(fd, bytes, size, flags);
}

static ssize_t (*choose_send(void))(int, const void*, size_t, int) { return send_by_proxy; }
ssize_t send(int fd, const void* bytes, size_t size, int flags)
    __attribute__((ifunc("choose_send")));
