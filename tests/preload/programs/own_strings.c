// Brings functions of libc's names that cannot be used before main, as programs built with
// ThreadSanitizer do. The loader gives them to every library that asks for such a name.
#include <stdlib.h>
#include <string.h>

#include "support/check.h"
#include "support/loopback.h"

static volatile int started;

static void too_early(void) {
  if (!started) abort();
}

void* memcpy(void* restrict to, const void* restrict from, size_t size) {
  too_early();
  for (size_t i = 0; i < size; ++i) ((volatile char*)to)[i] = ((const char*)from)[i];
  return to;
}

void* memset(void* to, int byte, size_t size) {
  too_early();
  for (size_t i = 0; i < size; ++i) ((volatile char*)to)[i] = (char)byte;
  return to;
}

size_t strlen(const char* text) {
  too_early();
  size_t length = 0;
  while (((const volatile char*)text)[length] != '\0') ++length;
  return length;
}

int strncmp(const char* left, const char* right, size_t most) {
  too_early();
  for (size_t i = 0; i < most; ++i) {
    if (left[i] != right[i]) return (unsigned char)left[i] - (unsigned char)right[i];
    if (left[i] == '\0') break;
  }
  return 0;
}

int strcmp(const char* left, const char* right) { return strncmp(left, right, (size_t)-1); }

int main(void) {
  started = 1;
  struct sockaddr_in closed;
  loopback_refuse(&closed);
  CHECK_EQUAL(loopback_refused(&closed), ECONNREFUSED);
  return 0;
}
