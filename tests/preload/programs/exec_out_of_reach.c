// After chroot a program becomes another one. The library is not in the new root; its loader must
// not have a reason to say so.
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/check.h"
#include "support/thread.h"

static const char* usual[] = {"lib", "lib64", "bin"};  // links into usr, as Debian has them

static bool make_root(const char* root) {
  if (chdir(root) != 0 || mkdir("usr", 0755) != 0) return false;
  for (size_t i = 0; i < sizeof usual / sizeof *usual; ++i) {
    char target[16];
    snprintf(target, sizeof target, "usr/%s", usual[i]);
    if (symlink(target, usual[i]) != 0) return false;
  }
  return unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
         mount("/usr", "usr", NULL, MS_BIND, NULL) == 0;
}

int main(void) {
  char root[] = "/tmp/out-of-reach-XXXXXX";
  if (geteuid() != 0 || mkdtemp(root) == NULL) check_skip("only root may change its root");
  const pid_t child = fork();
  if (child == 0) {
    if (!make_root(root)) _exit(kSkipped);
    if (chroot(".") != 0) _exit(1);
    char* words[] = {"echo", "in another root", NULL};
    execv("/bin/echo", words);
    _exit(127);
  }
  const int status = wait_for(child);
  for (size_t i = 0; i < sizeof usual / sizeof *usual; ++i) {
    char link[64];
    snprintf(link, sizeof link, "%s/%s", root, usual[i]);
    unlink(link);
  }
  char mounted[64];
  snprintf(mounted, sizeof mounted, "%s/usr", root);
  rmdir(mounted);
  rmdir(root);
  if (status == kSkipped) check_skip("no mount namespace here");
  CHECK_EQUAL(status, 0);
  return check_status();
}
