// Brings a dlsym of its own, as tracers and overlays do, which hands on to libc's. For that one the
// caller is this program, and the function that comes next is the first of all.
#include <dlfcn.h>
#include <stdlib.h>

#include "support/check.h"
#include "support/loopback.h"

void* dlsym(void* restrict handle, const char* restrict name) {
  static void* (*next)(void*, const char*);
  const char* versions[] = {"GLIBC_2.2.5", "GLIBC_2.17", "GLIBC_2.34"};
  for (int i = 0; next == NULL && i < 3; ++i)
    *(void**)&next = dlvsym(RTLD_NEXT, "dlsym", versions[i]);
  if (next == NULL) abort();
  void* volatile found = next(handle, name);  // a call, no jump: the caller is who is returned to
  return found;
}

int main(void) {
  struct sockaddr_in open, closed;
  const int listener = loopback_listen(&open, 1);
  loopback_refuse(&closed);
  CHECK_EQUAL(loopback_exchange(&open, listener), 0);
  CHECK_EQUAL(loopback_refused(&closed), ECONNREFUSED);
  CHECK(dlsym(RTLD_DEFAULT, "getpid") != NULL);
  return check_status();
}
