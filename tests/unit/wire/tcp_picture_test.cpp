#include "shim/tcp_picture.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "shim/state.h"

namespace sockwatch::shim {
namespace {

TEST(TcpPicture, OfALoopbackConnection) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), length), 0);
  ASSERT_EQ(listen(listener, 1), 0);
  ASSERT_EQ(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length), 0);
  const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  wire::TcpPicture picture{};
  ASSERT_EQ(take_tcp_picture(client, &picture), 0);
  EXPECT_EQ(picture.state, 7);  // TCP_CLOSE
  ASSERT_EQ(connect(client, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  ASSERT_EQ(write(client, "hello", 5), 5);
  ASSERT_EQ(take_tcp_picture(client, &picture), 0);
  EXPECT_EQ(picture.state, 1);  // TCP_ESTABLISHED
  EXPECT_FALSE(in_handshake(picture));
  EXPECT_GT(picture.segs_out, 1U);
  EXPECT_GT(picture.segs_in, 0U);
  EXPECT_EQ(picture.bytes_received, 0U);
  EXPECT_GT(picture.rtt_us, 0U);
  EXPECT_GE(picture.known_bytes, 104);
  if (picture.known_bytes >= 208) {
    EXPECT_EQ(picture.bytes_sent, 5U);
  }
  close(client);
  close(listener);
}

TEST(TcpPicture, SaysWhenThereIsNoSocket) {
  wire::TcpPicture picture{};
  errno = 77;
  const int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
  EXPECT_EQ(take_tcp_picture(file, &picture), ENOTSOCK);
  close(file);
  EXPECT_EQ(take_tcp_picture(file, &picture), EBADF);
  const int unix_socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int error = take_tcp_picture(unix_socket, &picture);
  EXPECT_NE(error, 0);
  EXPECT_NE(error, ENOTSOCK);
  close(unix_socket);
  EXPECT_EQ(errno, 77);
}

TEST(TcpPicture, IsNotAskedForUnderSeccomp) {
  wire::TcpPicture picture{};
  state::sandboxed = true;
  EXPECT_EQ(take_tcp_picture(0, &picture), EPERM);
  state::sandboxed = false;
}

}  // namespace
}  // namespace sockwatch::shim
