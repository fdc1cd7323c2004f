// Every blocking call in a state where it blocks for ever. For programs that get out of one in an
// unusual way.
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

struct BlockingCall {
  const char* name;
  long (*call)(void);
  int uncancellable;  // in this libc it is no cancellation point
};

extern const struct BlockingCall blocking_calls[];
extern int blocking_call_count;

// Makes the sockets the calls wait on, and leaves out the calls that cannot be tried here. Once,
// before the first call.
void blocking_prepare(void);

#ifdef __cplusplus
}
#endif
