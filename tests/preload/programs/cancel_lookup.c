// pthread_cancel in the look-up of a name, with a nameserver that never answers: it ends, or not,
// as it does without us. What happens is told on stdout, because it is libc's business. One process
// a call: some of them leave a lock of libc behind.
#include <net/if.h>
#include <netdb.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"
#include "support/thread.h"

static const char name[] = "nobody.answers.test";
static int cleaned;

static void by_getaddrinfo(void) {
  struct addrinfo* found;
  getaddrinfo(name, "80", NULL, &found);
}
static void by_gethostbyname(void) { gethostbyname(name); }
static void by_gethostbyname2(void) { gethostbyname2(name, AF_INET); }
static void by_gethostbyname_r(void) {
  struct hostent entry, *found;
  char buffer[1024];
  int error;
  gethostbyname_r(name, &entry, buffer, sizeof buffer, &found, &error);
}
static void by_gethostbyname2_r(void) {
  struct hostent entry, *found;
  char buffer[1024];
  int error;
  gethostbyname2_r(name, AF_INET, &entry, buffer, sizeof buffer, &found, &error);
}
// Static: they outlive the thread.
static struct gaicb request = {.ar_name = name};
static struct gaicb* requests[1] = {&request};
static void by_getaddrinfo_a(void) { getaddrinfo_a(GAI_WAIT, requests, 1, NULL); }
static void by_gai_suspend(void) {
  getaddrinfo_a(GAI_NOWAIT, requests, 1, NULL);
  gai_suspend((const struct gaicb* const*)requests, 1, NULL);
}

static const struct {
  const char* name;
  void (*call)(void);
} lookups[] = {
    {"getaddrinfo", by_getaddrinfo},           {"gethostbyname", by_gethostbyname},
    {"gethostbyname2", by_gethostbyname2},     {"gethostbyname_r", by_gethostbyname_r},
    {"gethostbyname2_r", by_gethostbyname2_r}, {"getaddrinfo_a", by_getaddrinfo_a},
    {"gai_suspend", by_gai_suspend},
};

static void clean(void* argument) {
  (void)argument;
  cleaned = 1;
}

static void* look_up(void* call) {
  pthread_cleanup_push(clean, NULL);
  ((void (*)(void))call)();
  pthread_cleanup_pop(0);
  return NULL;
}

// Network and /etc/resolv.conf of our own.
static void make_dead_nameserver(void) {
  char file[] = "/tmp/resolv-XXXXXX";
  if (unshare(CLONE_NEWNET | CLONE_NEWNS) != 0) check_skip("no namespaces may be made");
  struct ifreq loopback = {.ifr_name = "lo", .ifr_flags = IFF_UP};
  const int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), text = mkstemp(file);
  static const char nameserver[] = "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n";
  const int set = control >= 0 && ioctl(control, SIOCSIFFLAGS, &loopback) == 0 && text >= 0 &&
                  write(text, nameserver, sizeof nameserver - 1) > 0 &&
                  mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
                  mount(file, "/etc/resolv.conf", NULL, MS_BIND, NULL) == 0;
  unlink(file);
  if (!set) check_skip("no /etc/resolv.conf of our own");
  close(control);
  close(text);
  const int silent = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const struct sockaddr_in here = {
      .sin_family = AF_INET, .sin_port = htons(53), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (bind(silent, (const struct sockaddr*)&here, sizeof here) != 0) abort();
}

static int one_process(size_t i) {
  void* result = NULL;
  const pthread_t thread = thread_start(look_up, (void*)lookups[i].call);
  sleep_ms(300);
  pthread_cancel(thread);
  pthread_join(thread, &result);
  printf("%s: %s, handler %s\n", lookups[i].name,
         result == PTHREAD_CANCELED ? "cancelled" : "came to its end",
         cleaned ? "ran" : "did not run");
  fflush(stdout);
  struct sockaddr_in closed;
  loopback_refuse(&closed);
  return loopback_refused(&closed) == ECONNREFUSED ? 0 : 1;
}

int main(void) {
  make_dead_nameserver();
  for (size_t i = 0; i < sizeof lookups / sizeof lookups[0]; ++i) {
    const pid_t child = fork();
    if (child == 0) _exit(one_process(i));
    CHECK_EQUAL(wait_for(child), 0);
  }
  return check_status();
}
