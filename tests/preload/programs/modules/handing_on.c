// A library in LD_PRELOAD with a dlsym of its own, as tracers and overlays have one: it hands on to
// libc's, for which the caller is this library then.
#include <dlfcn.h>
#include <stdlib.h>

void* dlsym(void* restrict handle, const char* restrict name) {
  static void* (*next)(void*, const char*);
  const char* versions[] = {"GLIBC_2.2.5", "GLIBC_2.17", "GLIBC_2.34"};
  for (int i = 0; next == NULL && i < 3; ++i)
    *(void**)&next = dlvsym(RTLD_NEXT, "dlsym", versions[i]);
  if (next == NULL) abort();
  void* volatile found = next(handle, name);  // a call, no jump: the caller is who is returned to
  return found;
}
