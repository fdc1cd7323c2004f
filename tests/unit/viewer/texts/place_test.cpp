#include "viewer/texts/place.h"

#include <gtest/gtest.h>

namespace sockwatch::texts {

void PrintTo(const Place& place, std::ostream* out) {
  *out << place.host << " port " << place.port << " name " << place.name << " tls " << place.tls;
}

namespace {

Place at(std::string host, int port, std::string name = "", bool tls = false) {
  return {std::move(host), port, std::move(name), tls};
}

TEST(PlaceOf, AddressAndPort) {
  EXPECT_EQ(find_place("dial tcp 10.0.7.13:443: getsockopt: connection timed out"),
            at("10.0.7.13", 443));
  EXPECT_EQ(find_place("dial tcp [2001:db8::1]:443: i/o timeout"), at("2001:db8::1", 443));
  // Node says IPv6 without brackets.
  EXPECT_EQ(find_place("connect ECONNREFUSED ::1:3000"), at("::1", 3000));
  EXPECT_EQ(find_place("connect ECONNREFUSED 127.0.0.1:9"), at("127.0.0.1", 9));
}

TEST(PlaceOf, TheFarEndOfAPair) {
  EXPECT_EQ(find_place("read tcp 10.1.1.1:40001->10.0.0.2:80: i/o timeout"), at("10.0.0.2", 80));
}

TEST(PlaceOf, NamesAndPorts) {
  EXPECT_EQ(find_place("Connection refused (payments.internal:5000)"),
            at("payments.internal", 5000, "payments.internal"));
  EXPECT_EQ(find_place("Connect to api.example:443 [api.example/10.0.0.1] failed"),
            at("api.example", 443, "api.example"));
  EXPECT_EQ(find_place("connection timed out: redis/10.0.0.1:6379"), at("10.0.0.1", 6379));
}

TEST(PlaceOf, WordsForHostAndPort) {
  EXPECT_EQ(find_place("curl: (28) Failed to connect to 10.0.0.9 port 8080 after 1001 ms"),
            at("10.0.0.9", 8080));
  EXPECT_EQ(find_place("curl: (7) Failed to connect to localhost port 80 after 0 ms"),
            at("localhost", 80, "localhost"));
  EXPECT_EQ(find_place("ssh: connect to host 10.0.0.9 port 22: Connection timed out"),
            at("10.0.0.9", 22));
  EXPECT_EQ(find_place("connection to server at \"127.0.0.1\", port 5432 failed: timeout expired"),
            at("127.0.0.1", 5432));
  EXPECT_EQ(find_place("[Errno 111] Connect call failed ('127.0.0.1', 9)"), at("127.0.0.1", 9));
  EXPECT_EQ(find_place("HTTPConnectionPool(host='api.example', port=8080): Read timed out."),
            at("api.example", 8080, "api.example"));
}

TEST(PlaceOf, TheUpstreamAndNotTheClient) {
  EXPECT_EQ(find_place("upstream timed out (110: Connection timed out) while connecting to "
                       "upstream, client: 192.0.2.7, server: , request: \"GET / HTTP/1.1\", "
                       "upstream: \"http://10.0.0.5:8080/\", host: \"shop.example:80\""),
            at("10.0.0.5", 8080));
}

TEST(PlaceOf, Urls) {
  EXPECT_EQ(find_place("Get \"https://api.example/v1?q=a:1\": context deadline exceeded"),
            at("api.example", 443, "api.example", true));
  EXPECT_EQ(find_place("Post http://user:pw@10.0.0.1:9000/x: EOF"), at("10.0.0.1", 9000));
}

TEST(PlaceOf, TheNameThatWasLookedUp) {
  // Not the name server that was asked.
  EXPECT_EQ(find_place("dial tcp: lookup api.example on 10.96.0.10:53: no such host"),
            at("api.example", 0, "api.example"));
  EXPECT_EQ(find_place("lookup api.example on [fd00::a]:53: read udp "
                       "[fd00::1]:40001->[fd00::a]:53: i/o timeout"),
            at("api.example", 0, "api.example"));
  EXPECT_EQ(find_place("Get \"https://api.example:8443/v1\": dial tcp: lookup api.example on "
                       "10.0.0.2:53: read udp 10.1.1.1:40001->10.0.0.2:53: i/o timeout"),
            at("api.example", 8443, "api.example", true));
  // Where the server happens to be one of that address, it is said without 'on'.
  EXPECT_EQ(find_place("dial tcp 10.0.0.2:53: connect: connection refused"), at("10.0.0.2", 53));
  EXPECT_EQ(find_place("getaddrinfo ENOTFOUND api.example").name, "api.example");
  EXPECT_EQ(find_place("java.net.UnknownHostException: api.example").name, "api.example");
  EXPECT_EQ(find_place("curl: (6) Could not resolve host: api").name, "api");
}

TEST(PlaceOf, WhatWasDialledAndTheNameItWasAskedBy) {
  EXPECT_EQ(find_place("Get \"https://api.example/v1\": dial tcp 10.0.0.7:443: i/o timeout"),
            at("10.0.0.7", 443, "api.example", true));
  EXPECT_EQ(find_place("Get \"https://api.example/\": read tcp 10.1.1.1:4000->10.0.0.7:443: EOF"),
            at("10.0.0.7", 443, "api.example", true));
  // By a proxy: it is the proxy that was dialled, and its name is not told.
  EXPECT_EQ(find_place("Get \"https://api.example/\": proxyconnect tcp: dial tcp 10.0.0.9:443: "
                       "connect: connection refused"),
            at("10.0.0.9", 443));
  EXPECT_EQ(find_place("socks connect tcp 127.0.0.1:1080->api.example:443: dial tcp "
                       "127.0.0.1:1080: connect: connection refused"),
            at("127.0.0.1", 1080));
}

TEST(PlaceOf, NamesWithoutADot) {
  EXPECT_EQ(find_place("lookup redis on 10.0.0.2:53: no such host"), at("redis", 0, "redis"));
  EXPECT_EQ(find_place("dial tcp: lookup redis: no such host"), at("redis", 0, "redis"));
  EXPECT_EQ(find_place("getaddrinfo EAI_AGAIN db"), at("db", 0, "db"));
  EXPECT_EQ(find_place("Unknown MySQL server host 'db' (-2)"), at("db", 0, "db"));
  EXPECT_EQ(find_place("Unable to connect to redis/<unresolved>:6379"), at("redis", 6379, "redis"));
  EXPECT_EQ(find_place("bash: /dev/tcp/db/5432: Connection refused"), at("db", 5432, "db"));
}

TEST(PlaceOf, NeitherClientsNorLinksNorNumbersOfErrors) {
  const Place none;
  EXPECT_EQ(find_place("cURL error 28: Connection timed out after 3001 milliseconds (see "
                       "https://curl.haxx.se/libcurl/c/libcurl-errors.html)"),
            none);
  EXPECT_EQ(
      find_place("haproxy[2]: 10.0.0.9:5000 [06/Feb/2026:12:14:14.655] web app/s1 0/0/-1 sC--"),
      none);
  EXPECT_EQ(find_place("no live upstreams, client: 192.0.2.7, server: a.example, host: \"b:80\""),
            none);
  EXPECT_EQ(find_place("AggregateError [ETIMEDOUT]: (node:4711) pid:12 line:45"), none);
  EXPECT_EQ(find_place("dial udp 10.0.0.2:53: i/o timeout"), none);
  EXPECT_EQ(find_place("Can't connect to MySQL server on '10.0.0.5' (111)"), at("10.0.0.5", 0));
}

TEST(PlaceOf, WhatIsNoServer) {
  const Place none;
  EXPECT_EQ(find_place(""), none);
  EXPECT_EQ(find_place("timed out"), none);
  EXPECT_EQ(find_place("2026/11/24 14:42:13 proxy.go:123: i/o timeout"), none);
  EXPECT_EQ(find_place("_ssl.c:989: The handshake operation timed out"), none);
  EXPECT_EQ(find_place("a:99999 b:0 [::1 [:]:80 $(reboot):80 `x`:1"), none);
}

}  // namespace
}  // namespace sockwatch::texts
