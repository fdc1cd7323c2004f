// Sockets on 127.0.0.1, each made by the program that uses it. A helper that cannot do its work
// ends the program: nothing a test could go on with. All of them call the C library the way any
// program does, so what they do is recorded too.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#ifdef __cplusplus
extern "C" {
#endif

// A listening socket; `address` gets the port the kernel chose.
int loopback_listen(struct sockaddr_in* address, int backlog);
// A socket bound to `address` that never listens: whoever connects there is refused. Keep it open.
int loopback_refuse(struct sockaddr_in* address);
// A listener whose queue is full: a connect there gets no answer. Keep everything open.
int loopback_full(struct sockaddr_in* address);
// A blocking connection to `address`.
int loopback_connect(const struct sockaddr_in* address);
// Both ends of a connection: pair[0] connected, pair[1] accepted.
void loopback_pair(int pair[2]);

int loopback_socket(int flags);
const struct sockaddr* loopback_name(const struct sockaddr_in* address);

// One whole exchange on a connection of its own: connect, send, receive, close. 0, or the errno of
// what failed.
int loopback_exchange(const struct sockaddr_in* listener_address, int listener);
// The same towards a port that refuses: ECONNREFUSED when all is well.
int loopback_refused(const struct sockaddr_in* address);

#ifdef __cplusplus
}
#endif
