// A module to be opened with RTLD_DEEPBIND: it counts on its own functions before those of the
// program, one of them with a name of libc's, and on its own library's before all others.
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

int module_connects(void);  // libconnecting.so
int whose(void);
int deep_whose(void);
int deep_listens(void);
long deep_splices(void);
int deep_connects(const struct sockaddr_in* address);

int whose(void) { return 2; }
int deep_whose(void) { return whose(); }

// As a program may have one that is no socket's.
int listen(int fd, int backlog) { return fd == -1 ? 100 + backlog : -1; }
int deep_listens(void) { return listen(-1, 7); }

// By a pointer in its data, and by what it needs.
static int (*const connect_by_pointer)(int, const struct sockaddr*, socklen_t) = connect;

int deep_connects(const struct sockaddr_in* address) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  const int result = connect_by_pointer(fd, (const struct sockaddr*)address, sizeof *address);
  close(fd);
  return result == -1 ? module_connects() : 0;
}

long deep_splices(void) { return splice(-1, NULL, -1, NULL, 1, 0); }
