// A module opened with RTLD_DEEPBIND again and again while it is there, as a program may that asks
// for it at each request. What the loader opens meanwhile is counted from outside.
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "support/check.h"

enum { kTimes = 100 };

int main(void) {
  char path[4200];
  const ssize_t length = readlink("/proc/self/exe", path, 4096);
  if (!CHECK(length > 0)) return check_status();
  path[length] = '\0';
  strcpy(strrchr(path, '/') + 1, "modules/libdeep_now.so");
  void* first = NULL;
  for (int i = 0; i < kTimes; ++i) {
    void* module = dlopen(path, RTLD_NOW | RTLD_DEEPBIND);
    if (first == NULL) first = module;
    CHECK(module != NULL && module == first);
  }
  return check_status();
}
