// Modules opened at run time: they connect and are closed again; RTLD_DEEPBIND, which would bind a
// module past us, and gives it its own functions first; the search path of the library that calls
// dlopen; dlopen(NULL); what dlerror says.
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"
#include "support/thread.h"

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

// Also by the modules that have one of their own.
int whose(void);
int whose(void) { return 1; }

// Nothing of libc's but its name: no business of a module that was opened deeply.
long splice(void);
long splice(void) { return -7; }

static char folder[4096];  // of the modules

static void use_deep(const char* name, int flags, int own) {
  char path[4200];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  void* module = dlopen(path, flags);
  if (!CHECK(module != NULL)) {
    fprintf(stderr, "%s\n", dlerror());
    return;
  }
  CHECK(dlerror() == NULL);
  int (*deep_whose)(void) = (int (*)(void))dlsym(module, "deep_whose");
  int (*deep_listens)(void) = (int (*)(void))dlsym(module, "deep_listens");
  int (*deep_connects)(const struct sockaddr_in*) =
      (int (*)(const struct sockaddr_in*))dlsym(module, "deep_connects");
  struct sockaddr_in closed;
  loopback_refuse(&closed);
  CHECK_EQUAL(deep_whose(), own ? 2 : 1);
  CHECK_EQUAL(deep_listens(), own ? 107 : -1);
  long (*deep_splices)(void) = (long (*)(void))dlsym(module, "deep_splices");
  CHECK_EQUAL(deep_splices(), own ? -1 : -7);
  CHECK_EQUAL(deep_connects(&closed), ECONNREFUSED);
  CHECK_EQUAL(dlclose(module), 0);
}

static void* open_and_close(void* barrier) {
  char path[4200];
  snprintf(path, sizeof path, "%s/libdeep_now.so", folder);
  for (int i = 0; i < 200; ++i) {
    pthread_barrier_wait(barrier);
    void* module = dlopen(path, RTLD_NOW | RTLD_DEEPBIND);
    CHECK(module != NULL);
    pthread_barrier_wait(barrier);
    dlclose(module);
  }
  return NULL;
}

static void open_at_the_same_time(void) {
  pthread_barrier_t barrier;
  pthread_barrier_init(&barrier, NULL, 2);
  const pthread_t one = thread_start(open_and_close, &barrier);
  const pthread_t two = thread_start(open_and_close, &barrier);
  thread_join(one);
  thread_join(two);
}

static void use_deep_ones(void) {
  ssize_t length = readlink("/proc/self/exe", folder, sizeof folder - 16);
  CHECK(length > 0);
  strcpy(strrchr(folder, '/') + 1, "modules");
  const char* names[] = {"libdeep_now.so", "libdeep_lazy.so"};
  for (int i = 0; i < 2; ++i) {
    use_deep(names[i], RTLD_LAZY, 0);
    use_deep(names[i], RTLD_LAZY | RTLD_DEEPBIND, 1);
    use_deep(names[i], RTLD_NOW | RTLD_DEEPBIND, 1);
  }
  open_at_the_same_time();
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
  use_deep_ones();
  CHECK(dlopen(NULL, RTLD_NOW | RTLD_DEEPBIND) == dlopen(NULL, RTLD_LAZY));
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
