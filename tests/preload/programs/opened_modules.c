// Modules opened at run time: they connect and are closed again; RTLD_DEEPBIND, which would bind a
// module past us; the search path of the library that calls dlopen; dlopen(NULL); what dlerror
// says.
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "support/check.h"
#include "support/loopback.h"

void* opener_open(const char* name, int flags);

static void use(void* module) {
  if (!CHECK(module != NULL)) {
    fprintf(stderr, "%s\n", dlerror());
    return;
  }
  int (*connects)(void) = (int (*)(void))dlsym(module, "module_connects");
  if (CHECK(connects != NULL)) CHECK_EQUAL(connects(), ECONNREFUSED);
  CHECK_EQUAL(dlclose(module), 0);
}

static void print_error(const char* name, int flags) {
  CHECK(dlopen(name, flags) == NULL);
  const char* text = dlerror();
  printf("%s\n", text ? text : "no text");
  CHECK(dlerror() == NULL);
}

int main(void) {
  // Found through the RUNPATH of libopener.so; the program itself has none that leads there.
  use(opener_open("libconnecting.so", RTLD_NOW));
  use(opener_open("libconnecting.so", RTLD_LAZY | RTLD_LOCAL));
  use(opener_open("libconnecting.so", RTLD_NOW | RTLD_DEEPBIND));
  CHECK(dlopen("libconnecting.so", RTLD_NOW | RTLD_NOLOAD) == NULL);  // closed is closed
  CHECK(dlopen(NULL, RTLD_NOW) == dlopen(NULL, RTLD_LAZY));
  CHECK(dlsym(dlopen(NULL, RTLD_NOW), "connect") != NULL);
  dlerror();
  print_error("libconnecting.so", RTLD_NOW);
  print_error("/nonexistent.so", RTLD_NOW);
  print_error("/proc/self/status", RTLD_NOW);
  print_error("libc.so.6", 0);
  void* libc = dlopen("libc.so.6", RTLD_NOW | RTLD_NOLOAD);
  CHECK(libc != NULL);
  return check_status();
}
