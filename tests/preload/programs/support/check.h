// What every program here says about itself: nothing while all is as expected, one line on stderr
// for each thing that is not, and exit status 0 or 1. 77 means "cannot be tried on this machine"
// with the reason on stdout.
#pragma once

#include <errno.h>
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
  kMarker = 4242,  // an errno no call ever sets: what is still there after a call was left alone
  kSkipped = 77,
};

// True when it held; counts and tells when not.
bool check_true(bool held, const char* what, const char* file, int line);
bool check_equal(long got, long want, const char* what, const char* file, int line);
// A call that succeeds leaves errno alone; one that fails sets it. Both give the result back.
long check_success(long result, int error, const char* what, const char* file, int line);
long check_failure(long result, int error, int want, const char* what, const char* file, int line);
// Exit status for main.
int check_status(void);
__attribute__((noreturn)) void check_skip(const char* reason);
// Under valgrind: slow, one thread at a time, and without some system calls.
bool check_in_valgrind(void);

#ifdef __cplusplus
}
#endif

#define CHECK(condition) check_true((condition), #condition, __FILE__, __LINE__)
#define CHECK_EQUAL(got, want) check_equal((long)(got), (long)(want), #got, __FILE__, __LINE__)
#define SUCCEEDS(call)                                                           \
  ({                                                                             \
    errno = kMarker;                                                             \
    long succeeds_result_ = (long)(call);                                        \
    int succeeds_error_ = errno;                                                 \
    check_success(succeeds_result_, succeeds_error_, #call, __FILE__, __LINE__); \
  })
#define RETURNS(call, want) check_equal(SUCCEEDS(call), (long)(want), #call, __FILE__, __LINE__)
#define FAILS(call, want)                                                          \
  ({                                                                               \
    errno = kMarker;                                                               \
    long fails_result_ = (long)(call);                                             \
    int fails_error_ = errno;                                                      \
    check_failure(fails_result_, fails_error_, (want), #call, __FILE__, __LINE__); \
  })
