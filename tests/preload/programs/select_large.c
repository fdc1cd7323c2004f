// select as old servers use it: bit sets of their own beyond 1024 descriptors, sets used again
// after the call, the remaining time that Linux writes back.
#include <string.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/time.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"

enum { kHigh = 1900, kWords = 32 };

static void mark(unsigned long* set, int fd) { set[fd / 64] |= 1UL << fd % 64; }
static int marked(const unsigned long* set, int fd) { return set[fd / 64] >> fd % 64 & 1; }

int main(void) {
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_max <= kHigh) check_skip("the limit of open files is too low");
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  int pair[2];
  loopback_pair(pair);
  RETURNS(dup2(pair[0], kHigh), kHigh);

  unsigned long in[kWords] = {0}, out[kWords] = {0}, except[kWords] = {0};
  struct timeval left = {5, 0};
  mark(in, kHigh);
  mark(out, kHigh);
  mark(in, pair[0]);
  mark(except, pair[0]);
  RETURNS(select(kHigh + 1, (fd_set*)in, (fd_set*)out, (fd_set*)except, &left), 1);
  CHECK(marked(out, kHigh) && !marked(in, kHigh) && !marked(in, pair[0]) &&
        !marked(except, pair[0]));
  CHECK(left.tv_sec == 4 && left.tv_usec > 0);  // what was not used

  left = (struct timeval){0, 30000};
  RETURNS(select(kHigh + 1, (fd_set*)in, NULL, NULL, &left), 0);  // empty sets, as left behind
  CHECK(left.tv_sec == 0 && left.tv_usec == 0);

  memset(in, 0, sizeof in);
  mark(in, kHigh);
  left = (struct timeval){0, 30000};
  RETURNS(select(kHigh + 1, (fd_set*)in, NULL, NULL, &left), 0);
  RETURNS(send(pair[1], "x", 1, 0), 1);
  mark(in, kHigh);
  const struct timespec brief = {1, 0};
  RETURNS(pselect(kHigh + 1, (fd_set*)in, NULL, NULL, &brief, NULL), 1);
  CHECK(marked(in, kHigh));
  // While connecting, too.
  struct sockaddr_in full;
  loopback_full(&full);
  int made = loopback_socket(SOCK_NONBLOCK);
  RETURNS(dup2(made, kHigh), kHigh);
  RETURNS(close(made), 0);
  FAILS(connect(kHigh, loopback_name(&full), sizeof full), EINPROGRESS);
  memset(out, 0, sizeof out);
  mark(out, kHigh);
  left = (struct timeval){0, 40000};
  RETURNS(select(kHigh + 1, NULL, (fd_set*)out, NULL, &left), 0);
  CHECK(!marked(out, kHigh));
  RETURNS(close(kHigh), 0);
  return check_status();
}
