// A connection goes in and out of epoll sets. What of it is worth an event stands in
// membership_test.cpp, step by step.
#include <pthread.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"

static int set, other_set;

static void put(int epoll, int fd) {
  struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
  RETURNS(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), 0);
}

static void take(int epoll, int fd) { RETURNS(epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL), 0); }

static void request(int fd) { RETURNS(send(fd, "q", 1, 0), 1); }

static void wait_in_vain(void) {
  struct epoll_event event;
  RETURNS(epoll_wait(set, &event, 1, 60), 0);
}

static void* takes_and_ends(void* fd) {
  int own[2];
  loopback_pair(own);  // it has a ring
  take(set, *(int*)fd);
  return NULL;
}

static void* puts_back(void* fd) {
  put(set, *(int*)fd);
  return NULL;
}

static void in_thread(void* (*body)(void*), int* fd) {
  pthread_t thread;
  RETURNS(pthread_create(&thread, NULL, body, fd), 0);
  RETURNS(pthread_join(thread, NULL), 0);
}

int main(void) {
  int a[2], b[2];
  loopback_pair(a);
  loopback_pair(b);
  set = epoll_create1(EPOLL_CLOEXEC);
  other_set = epoll_create1(EPOLL_CLOEXEC);
  put(set, a[0]);
  for (int i = 0; i < 50; ++i) {  // out and in again
    take(set, a[0]);
    put(set, a[0]);
  }
  take(set, a[0]);  // out for a request
  request(a[0]);
  put(set, a[0]);
  take(set, a[0]);  // out while it waits for others
  wait_in_vain();
  put(set, a[0]);
  take(set, a[0]);  // into another set
  put(other_set, a[0]);
  take(other_set, a[0]);
  put(set, b[0]);
  put(set, a[0]);
  take(set, a[0]);  // two that leave
  take(set, b[0]);
  wait_in_vain();
  put(set, a[0]);
  in_thread(takes_and_ends, &a[0]);
  put(set, a[0]);
  take(set, a[0]);  // put back by another thread
  in_thread(puts_back, &a[0]);
  take(set, a[0]);  // its copy is not in it
  const int copy = dup(a[0]);
  CHECK(copy >= 0);
  put(set, copy);
  take(set, copy);
  RETURNS(close(copy), 0);
  return check_status();
}
