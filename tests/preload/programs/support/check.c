#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures;

static bool report(const char* file, int line, const char* what) {
  __atomic_add_fetch(&failures, 1, __ATOMIC_RELAXED);
  fprintf(stderr, "%s:%d: %s: ", file, line, what);
  return false;
}

bool check_true(bool held, const char* what, const char* file, int line) {
  if (held) return true;
  int error = errno;
  report(file, line, what);
  fprintf(stderr, "does not hold (errno %d)\n", error);
  return false;
}

bool check_equal(long got, long want, const char* what, const char* file, int line) {
  if (got == want) return true;
  int error = errno;
  report(file, line, what);
  fprintf(stderr, "is %ld, expected %ld (errno %d)\n", got, want, error);
  return false;
}

long check_success(long result, int error, const char* what, const char* file, int line) {
  if (result == -1 || error != kMarker) {
    report(file, line, what);
    fprintf(stderr, "gave %ld and errno %d, expected success and errno untouched\n", result, error);
  }
  errno = error;
  return result;
}

long check_failure(long result, int error, int want, const char* what, const char* file, int line) {
  if (result != -1 || error != want) {
    report(file, line, what);
    fprintf(stderr, "gave %ld and errno %d, expected -1 and errno %d\n", result, error, want);
  }
  errno = error;
  return result;
}

int check_status(void) { return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE; }

void check_skip(const char* reason) {
  printf("skipped: %s\n", reason);
  exit(kSkipped);
}

bool check_in_valgrind(void) {
  const char* preloaded = getenv("LD_PRELOAD");
  return preloaded != NULL && strstr(preloaded, "vgpreload") != NULL;
}
