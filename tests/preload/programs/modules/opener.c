// Opens a module that only its own RUNPATH leads to: whoever calls dlopen decides where the loader
// searches.
#include <dlfcn.h>
#include <stddef.h>

void* opener_open(const char* name, int flags);

void* opener_open(const char* name, int flags) {
  void* module = dlopen(name, flags);
  __asm__("" : "+r"(module));  // no tail call, for the loader looks at who called
  return module;
}
