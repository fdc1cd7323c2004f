// A library with our hooks that is opened while we record, by its path, and closed again: no call
// may come to harm or be recorded twice.
#include <dlfcn.h>
#include <stdio.h>

#include "support/check.h"
#include "support/loopback.h"

int main(int count, char** arguments) {
  struct sockaddr_in open_address, closed_address;
  int listener = loopback_listen(&open_address, 4);
  loopback_refuse(&closed_address);
  if (count < 2) return 1;
  CHECK_EQUAL(loopback_refused(&closed_address), ECONNREFUSED);
  for (int i = 0; i < 3; ++i) {
    void* library = dlopen(arguments[1], i == 0 ? RTLD_NOW | RTLD_GLOBAL : RTLD_NOW);
    if (!CHECK(library != NULL)) fprintf(stderr, "%s\n", dlerror());
    CHECK_EQUAL(loopback_refused(&closed_address), ECONNREFUSED);
    CHECK_EQUAL(loopback_exchange(&open_address, listener), 0);
    CHECK_EQUAL(dlclose(library), 0);
    CHECK_EQUAL(loopback_refused(&closed_address), ECONNREFUSED);
  }
  return check_status();
}
