// Names that libc looks up on a thread of its own. What it leaves in errno is its own business: it
// is printed, for the comparison with the bare run.
#include <netdb.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "support/check.h"

static const struct addrinfo kHints = {
    .ai_family = AF_INET, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST};

static struct gaicb* asked(const char* name) {
  struct gaicb* request = calloc(1, sizeof *request);
  request->ar_name = name;
  request->ar_service = "80";
  request->ar_request = &kHints;
  return request;
}

// Frees at once what it had: nobody may look there again.
static int answer(struct gaicb* request) {
  errno = kMarker;
  const int result = gai_error(request);
  CHECK_EQUAL(errno, kMarker);
  if (result != EAI_INPROGRESS) {
    if (result == 0) freeaddrinfo(request->ar_result);
    memset(request, 0xff, sizeof *request);
    free(request);
  }
  return result;
}

static void awaited(void) {
  struct gaicb* list[] = {asked("127.0.0.1"), NULL, asked("not.a.number"), asked(NULL)};
  errno = kMarker;
  const int result = getaddrinfo_a(GAI_WAIT, list, 4, NULL);
  printf("waited: %d\n", result);
  CHECK_EQUAL(answer(list[0]), 0);
  CHECK_EQUAL(answer(list[2]), EAI_NONAME);
  answer(list[3]);
}

static void suspended(void) {
  struct gaicb* request = asked("127.0.0.2");
  CHECK_EQUAL(getaddrinfo_a(GAI_NOWAIT, &request, 1, NULL), 0);
  const struct gaicb* list[] = {NULL, request};
  int result;
  do {
    result = gai_suspend(list, 2, &(struct timespec){.tv_sec = 2});
  } while (result == EAI_INTR);
  CHECK(result == 0 || result == EAI_ALLDONE);
  CHECK_EQUAL(answer(request), 0);
}

static sem_t called;

static void by_thread(union sigval value) {
  CHECK_EQUAL(answer(value.sival_ptr), 0);
  sem_post(&called);
}

// The thread that is told gives the memory back while another one still waits.
static void notified(void) {
  sem_init(&called, 0, 0);
  for (int i = 0; i < 100; ++i) {
    struct gaicb* request = asked("127.0.0.3");
    struct sigevent how = {.sigev_notify = SIGEV_THREAD, .sigev_notify_function = by_thread};
    how.sigev_value.sival_ptr = request;
    CHECK_EQUAL(getaddrinfo_a(GAI_NOWAIT, &request, 1, &how), 0);
    while (sem_wait(&called) != 0) continue;
  }
}

// Told by a signal, or by its own look at the result, the program gives everything back and only
// then asks what came of it.
static void given_back_before(const struct sigevent* how) {
  static char page[4096] __attribute__((aligned(4096)));
  strcpy(page, "127.0.0.6");
  struct gaicb* request = asked(page);
  CHECK_EQUAL(getaddrinfo_a(GAI_NOWAIT, &request, 1, (struct sigevent*)how), 0);
  struct addrinfo* volatile* result = &request->ar_result;
  while (*result == NULL) usleep(1000);
  usleep(20000);  // and libc has said so
  freeaddrinfo(*result);
  request->ar_result = (struct addrinfo*)16;  // whoever follows it dies
  request->ar_service = (const char*)16;
  CHECK_EQUAL(mprotect(page, sizeof page, PROT_NONE), 0);
  const struct gaicb* list[] = {request};
  CHECK_EQUAL(gai_suspend(list, 1, NULL), EAI_ALLDONE);
  CHECK_EQUAL(gai_error(request), 0);
  CHECK_EQUAL(mprotect(page, sizeof page, PROT_READ | PROT_WRITE), 0);
  free(request);
}

static void nothing(int signal) { (void)signal; }

static void given_back(void) {
  signal(SIGUSR1, nothing);
  given_back_before(&(struct sigevent){.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1});
  given_back_before(&(struct sigevent){.sigev_notify = SIGEV_NONE});
  given_back_before(NULL);
}

static void cancelled(void) {
  struct gaicb* request = asked("127.0.0.4");
  CHECK_EQUAL(getaddrinfo_a(GAI_NOWAIT, &request, 1, NULL), 0);
  const int result = gai_cancel(request);
  CHECK(result == EAI_CANCELED || result == EAI_NOTCANCELED || result == EAI_ALLDONE);
  if (result == EAI_CANCELED) {  // glibc says "in progress" of it for ever
    free(request);
    return;
  }
  const struct gaicb* list[] = {request};
  while (answer(request) == EAI_INPROGRESS) gai_suspend(list, 1, NULL);
}

// Of far more than the library remembers at a time.
static void many(void) {
  enum { kCount = 200 };
  struct gaicb* list[kCount];
  for (int i = 0; i < kCount; ++i) list[i] = asked("127.0.0.5");
  CHECK_EQUAL(getaddrinfo_a(GAI_WAIT, list, kCount, NULL), 0);
  for (int i = 0; i < kCount; ++i) CHECK_EQUAL(answer(list[i]), 0);
}

int main(void) {
  const int wrong = getaddrinfo_a(77, NULL, 0, NULL);
  printf("wrong mode: %d\n", wrong);
  awaited();
  suspended();
  notified();
  given_back();
  cancelled();
  many();
  return check_status();
}
