// Starting threads that do one thing, and waiting a bounded time.
#pragma once

#include <pthread.h>

#ifdef __cplusplus
extern "C" {
#endif

pthread_t thread_start(void* (*body)(void*), void* argument);
void thread_join(pthread_t thread);
void sleep_ms(long milliseconds);
// Waits for `child`: its exit status, or 128 + the signal that killed it.
int wait_for(int child);

#ifdef __cplusplus
}
#endif
