// What a program can see of itself: descriptors, threads, signals, environment, limits, working
// directory. Printed after some connections, for the comparison with the bare run.
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"

static void list(const char* folder) {
  int numbers[256] = {0}, count = 0;
  DIR* entries = opendir(folder);
  for (struct dirent* entry; (entry = readdir(entries)) != NULL;) {
    int number = atoi(entry->d_name);
    if (entry->d_name[0] != '.' && number < 256 && number != dirfd(entries)) ++numbers[number];
    if (entry->d_name[0] != '.') ++count;
  }
  closedir(entries);
  printf("%s: %d entries\n", folder, count);
  for (int i = 0; i < 256 && strcmp(folder, "/proc/self/fd") == 0; ++i) {
    if (numbers[i] != 0) printf("  %d\n", i);
  }
}

static void status_lines(void) {
  static const char* const wanted[] = {
      "SigQ",    "SigPnd",   "ShdPnd",     "SigBlk", "SigIgn", "SigCgt",
      "Threads", "Seccomp:", "NoNewPrivs", "CapEff", "Uid",    "FDSize"};
  char line[256];
  FILE* status = fopen("/proc/self/status", "r");
  while (fgets(line, sizeof line, status) != NULL) {
    for (unsigned i = 0; i < sizeof wanted / sizeof wanted[0]; ++i) {
      if (strncmp(line, wanted[i], strlen(wanted[i])) == 0 && strncmp(line, "SigQ", 4) != 0) {
        fputs(line, stdout);
      }
    }
  }
  fclose(status);
}

static void surroundings(void) {
  int variables = 0;
  for (char** variable = environ; *variable != NULL; ++variable) {
    // The two that differ on purpose.
    if (strncmp(*variable, "LD_PRELOAD=", 11) != 0 && strncmp(*variable, "SOCKWATCH_", 10) != 0) {
      printf("%s\n", *variable);
      ++variables;
    }
  }
  char folder[512] = "";
  CHECK(getcwd(folder, sizeof folder) != NULL);
  printf("%d variables, umask %o\n", variables, (unsigned)umask(0));
  for (int resource = 0; resource < RLIM_NLIMITS; ++resource) {
    struct rlimit limit;
    getrlimit(resource, &limit);
    printf("limit %d: %lu %lu\n", resource, (unsigned long)limit.rlim_cur,
           (unsigned long)limit.rlim_max);
  }
  struct itimerspec left;
  CHECK_EQUAL(timer_gettime((timer_t)0, &left), -1);
}

int main(void) {
  struct sockaddr_in open_address, closed_address;
  int listener = loopback_listen(&open_address, 4);
  loopback_refuse(&closed_address);
  CHECK_EQUAL(loopback_refused(&closed_address), ECONNREFUSED);
  CHECK_EQUAL(loopback_exchange(&open_address, listener), 0);
  list("/proc/self/fd");
  list("/proc/self/task");
  status_lines();
  surroundings();
  return check_status();
}
