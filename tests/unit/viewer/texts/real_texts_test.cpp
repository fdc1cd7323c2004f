// Texts as programs print them, and what each must be taken for: program, meaning, server.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string_view>

#include "viewer/texts/match.h"
#include "viewer/texts/meanings.h"
#include "viewer/texts/place.h"

namespace sockwatch::texts {
namespace {

constexpr std::string_view kAnyTarget = "any";

struct Real {
  std::string_view said;
  std::string_view printed_by;  // how the first entry's begins
  const Meaning* meaning;
  std::string_view target;  // "host port"; empty where the text names no server
};

std::string target_of(std::string_view said) {
  const Place place = find_place(said);
  if (place.host.empty()) return "";
  return place.port == 0 ? place.host : fmt::format("{} {}", place.host, place.port);
}

void expect_taken_for_what_it_is(const Real& real) {
  const auto found = find_texts(real.said);
  ASSERT_FALSE(found.empty()) << real.said;
  EXPECT_TRUE(found.front().printed_by.starts_with(real.printed_by))
      << real.said << "\n  taken for: " << found.front().printed_by;
  EXPECT_EQ(found.front().meaning, real.meaning)
      << real.said << "\n  means: " << found.front().meaning->what;
  if (real.target != kAnyTarget) {
    EXPECT_EQ(target_of(real.said), real.target) << real.said;
  }
}

TEST(RealTexts, Go) {
  for (
      const Real& real : {
          Real{"dial tcp: lookup host on 10.0.0.2:53: read udp 10.1.1.1:40001->10.0.0.2:53: read: "
               "connection refused",
               "Go's own resolver", &kLookupFailed, "host"},
          Real{"dial tcp: lookup host on 10.0.0.2:53: read udp 10.1.1.1:40001->10.0.0.2:53: i/o "
               "timeout",
               "Go's own resolver", &kLookupFailed, "host"},
          Real{"Get \"http://api:8080/v1\": dial tcp: lookup api on 127.0.0.11:53: read udp "
               "127.0.0.1:41234->127.0.0.11:53: i/o timeout",
               "Go's own resolver", &kLookupFailed, "api 8080"},
          Real{"lookup redis on 10.96.0.10:53: dial udp 10.96.0.10:53: connect: network is "
               "unreachable",
               "Go's own resolver", &kLookupFailed, "redis"},
          Real{"dial tcp: lookup db.example on 10.0.0.2:53: dial udp 10.0.0.2:53: connect: "
               "connection refused",
               "Go's own resolver", &kLookupFailed, "db.example"},
          Real{"dial udp 10.0.0.2:53: connect: connection refused", "Go's own resolver",
               &kLookupFailed, ""},
          Real{"dial udp 10.0.0.2:53: i/o timeout", "Go's own resolver", &kLookupFailed, ""},
          Real{"dial tcp: lookup redis on 127.0.0.11:53: no such host", "Go's resolver",
               &kNameUnknown, "redis"},
          Real{"dial tcp: lookup redis: no such host", "Go's resolver", &kNameUnknown, "redis"},
          Real{"dial tcp: lookup api.example on 127.0.0.11:53: server misbehaving",
               "Go's own resolver", &kLookupFailed, "api.example"},
          Real{"dial tcp: lookup api.example: Temporary failure in name resolution",
               "Go, by the C library", &kLookupFailed, "api.example"},
          Real{"dial tcp: lookup api.example: operation was canceled", "Go's own resolver",
               &kCallerLeft, "api.example"},
          Real{"dial tcp 10.0.7.13:443: operation was canceled", "Go", &kCallerLeft,
               "10.0.7.13 443"},
          Real{"Get \"https://api.example/\": proxyconnect tcp: dial tcp 10.0.0.9:3128: connect: "
               "connection refused",
               "Go's HTTP client (net/http), towards its proxy", &kRefused, "10.0.0.9 3128"},
          Real{
              "Get \"https://api.example/\": proxyconnect tcp: dial tcp 10.0.0.9:3128: i/o timeout",
              "Go's HTTP client (net/http), towards its proxy", &kConnectTimeout, "10.0.0.9 3128"},
          Real{"Get \"https://api.example/\": proxyconnect tcp: dial tcp: lookup proxy.corp on "
               "10.0.0.2:53: no such host",
               "Go's HTTP client (net/http), towards its proxy", &kNameUnknown, "proxy.corp"},
          Real{"proxyconnect tcp: tls: first record does not look like a TLS handshake",
               "Go's HTTP client (net/http), towards its proxy", &kNotTls, ""},
          Real{"Get \"https://api.example/v1\": dial tcp 10.0.7.13:443: i/o timeout "
               "(Client.Timeout exceeded while awaiting headers)",
               "Go", &kConnectTimeout, "10.0.7.13 443"},
          Real{"Get \"https://api.example/v1\": net/http: request canceled (Client.Timeout "
               "exceeded while awaiting headers)",
               "Go's HTTP client", &kTotalTimeout, "api.example 443"},
          Real{"Get \"https://api.example/v1\": context deadline exceeded (Client.Timeout exceeded "
               "while awaiting headers)",
               "Go's HTTP client", &kTotalTimeout, "api.example 443"},
          Real{"context deadline exceeded (Client.Timeout or context cancellation while reading "
               "body)",
               "Go's HTTP client", &kNoReply, ""},
          Real{"net/http: request canceled (Client.Timeout exceeded while reading body)",
               "Go's HTTP client", &kNoReply, ""},
          Real{"Get \"https://api.example/v1\": read tcp 10.1.1.1:4000->10.0.0.1:443: i/o timeout "
               "(Client.Timeout exceeded while awaiting headers)",
               "Go", &kNoReply, "10.0.0.1 443"},
          Real{"read tcp 10.1.1.1:4000->10.0.0.1:5432: read: connection reset by peer", "Go",
               &kReset, "10.0.0.1 5432"},
          Real{"write tcp 10.1.1.1:4000->10.0.0.1:5432: write: connection reset by peer", "Go",
               &kReset, "10.0.0.1 5432"},
          Real{"write tcp 10.1.1.1:4000->10.0.0.1:80: i/o timeout", "Go", &kNoReply, "10.0.0.1 80"},
          Real{"write tcp 10.1.1.1:4000->10.0.0.1:80: write: broken pipe", "Go", &kBrokenPipe,
               "10.0.0.1 80"},
          Real{"Get \"https://10.0.0.1:6443/api\": net/http: TLS handshake timeout",
               "Go's HTTP client", &kTlsTimeout, "10.0.0.1 6443"},
          Real{"Get \"https://10.0.0.1:8080/\": http: server gave HTTP response to HTTPS client",
               "Go's TLS", &kNotTls, "10.0.0.1 8080"},
          Real{"dial tcp 10.0.0.1:80: connect: connection refused", "Go 1.10", &kRefused,
               "10.0.0.1 80"},
          Real{"dial tcp4 10.0.0.1:80: connect: no route to host", "Go 1.10", &kNoRoute,
               "10.0.0.1 80"},
          Real{"2026/11/24 14:42:13 http: proxy error: dial tcp 10.0.0.1:8080: connect: connection "
               "refused",
               "Go's reverse proxy", &kRefused, "10.0.0.1 8080"},
          Real{"time=\"Nov 24 14:42:13\" level=error msg=\"http: proxy error: dial tcp "
               "10.0.0.1:8080: i/o timeout\" api_id=1 prefix=proxy",
               "Go's reverse proxy", &kConnectTimeout, "10.0.0.1 8080"},
          Real{"http: proxy error: context canceled", "Go's reverse proxy", &kCallerLeft, ""},
          Real{"level=debug msg=\"'502 Bad Gateway' caused by: dial tcp 10.42.0.7:8080: connect: "
               "connection refused\"",
               "Go 1.10", &kRefused, "10.42.0.7 8080"},
          Real{"[KRAKEND] 2026/11/24 - 14:42:13 ERROR [ENDPOINT: /v1] Get "
               "\"http://backend:8000/\": dial tcp 10.0.0.3:8000: connect: connection refused",
               "Go 1.10", &kRefused, "10.0.0.3 8000"},
          Real{"dial tcp 10.0.0.1:443: connectex: A connection attempt failed because the "
               "connected party did not properly respond after a period of time, or established "
               "connection failed because connected host has failed to respond.",
               "Go on Windows", &kConnectTimedOut, "10.0.0.1 443"},
          Real{"dial tcp 10.0.0.1:443: connectex: No connection could be made because the target "
               "machine actively refused it.",
               "Go on Windows", &kRefused, "10.0.0.1 443"},
          Real{"read tcp 10.1.1.1:4000->10.0.0.1:443: wsarecv: An existing connection was forcibly "
               "closed by the remote host.",
               "Go on Windows", &kReset, "10.0.0.1 443"},
          Real{"failed to connect to `host=db.example user=app database=shop`: dial error (dial "
               "tcp 10.0.0.5:5432: connect: connection refused)",
               "Go: pgx", &kRefused, "10.0.0.5 5432"},
          Real{"failed to connect to `host=db.example user=app database=shop`: dial error "
               "(timeout: dial tcp 10.0.0.5:5432: i/o timeout)",
               "Go: pgx", &kConnectTimeout, "10.0.0.5 5432"},
          Real{"failed to connect to `host=db user=app database=shop`: hostname resolving error "
               "(lookup db on 10.0.0.2:53: no such host)",
               "Go: pgx", &kNameUnknown, "db"},
          Real{"dial unix /var/run/docker.sock: connect: connection refused",
               "Go, to a socket file", &kSocketFileRefused, ""},
          Real{"Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker "
               "daemon running?",
               "the command docker", &kSocketFile, ""},
          Real{"Got permission denied while trying to connect to the Docker daemon socket at "
               "unix:///var/run/docker.sock: Get "
               "\"http://%2Fvar%2Frun%2Fdocker.sock/v1.24/containers/json\": dial unix "
               "/var/run/docker.sock: connect: permission denied",
               "the command docker", &kSocketFileDenied, kAnyTarget},
          Real{"dial unix /var/run/docker.sock: connect: no such file or directory",
               "Go, to a socket file", &kSocketFileGone, ""},
          Real{"rpc error: code = Unavailable desc = connection error: desc = \"transport: Error "
               "while dialing: dial tcp 10.0.0.1:50051: connect: connection refused\"",
               "gRPC for Go", &kRefused, "10.0.0.1 50051"},
          Real{"redis: connection pool timeout", "go-redis", &kPoolEmpty, ""},
          Real{"Unable to connect to the server: dial tcp 10.0.0.1:6443: i/o timeout", "Go",
               &kConnectTimeout, "10.0.0.1 6443"},
          Real{"The connection to the server localhost:8080 was refused - did you specify the "
               "right host or port?",
               "kubectl", &kRefused, "localhost 8080"},
          Real{"Liveness probe failed: Get \"http://10.244.0.5:8080/healthz\": context deadline "
               "exceeded (Client.Timeout exceeded while awaiting headers)",
               "Go's HTTP client", &kTotalTimeout, "10.244.0.5 8080"},
          Real{"Startup probe failed: dial tcp 10.244.0.5:8080: connect: no route to host",
               "Go 1.10", &kNoRoute, "10.244.0.5 8080"},
          Real{"Error response from daemon: Get \"https://registry-1.docker.io/v2/\": net/http: "
               "request canceled while waiting for connection (Client.Timeout exceeded while "
               "awaiting headers)",
               "Go's HTTP client", &kTotalTimeout, "registry-1.docker.io 443"},
          Real{"net/http: HTTP/1.x transport connection broken: malformed HTTP response "
               "\"\\x15\\x03\\x01\"",
               "Go's HTTP client", &kNotUnderstood, ""},
          Real{"tls: failed to verify certificate: x509: certificate signed by unknown authority",
               "Go's TLS", &kNotBelieved, ""},
          Real{"http2: client connection lost", "Go's HTTP client", &kTimedOut, ""},
          Real{"socks connect tcp 127.0.0.1:1080->api.example:443: dial tcp 127.0.0.1:1080: "
               "connect: connection refused",
               "Go 1.10", &kRefused, "127.0.0.1 1080"},
          Real{"failed to connect to `user=app database=shop`: 10.0.0.5:5432 (db.example): dial "
               "error: dial tcp 10.0.0.5:5432: connect: connection refused",
               "Go: pgx", &kRefused, "10.0.0.5 5432"},
          Real{"[mysql] 2026/11/24 14:42:13 packets.go:37: unexpected EOF", "Go: MySQL driver",
               &kPeerClosed, ""},
          Real{"[KRAKEND] 2026/11/24 - 14:42:13.000 ERROR [ENDPOINT: /v1/x] Error #01: context "
               "deadline exceeded",
               "KrakenD", &kTotalTimeout, ""},
          Real{"level=debug msg=\"'502 Bad Gateway' caused by: EOF\"", "Traefik", &kPeerClosed, ""},
          Real{"rpc error: code = DeadlineExceeded desc = context deadline exceeded", "gRPC for Go",
               &kTotalTimeout, ""},
          Real{"Get \"http://127.0.0.1:18084/\": unexpected EOF", "Go", &kPeerClosed,
               "127.0.0.1 18084"},
          Real{"driver: bad connection", "Go: database/sql", &kStale, ""},
          Real{"{\"level\":\"error\",\"msg\":\"http: proxy error: dial tcp: lookup orders on "
               "127.0.0.11:53: no such host\",\"api_id\":\"x\"}",
               "Go's reverse proxy", &kNameUnknown, "orders"},
      }) {
    expect_taken_for_what_it_is(real);
  }
}

TEST(RealTexts, SocketFiles) {
  for (const Real& real : {
           Real{"/var/run/docker.sock: connect: connection refused", "the C library",
                &kSocketFileRefused, ""},
           Real{"/var/run/docker.sock: connect: no such file or directory", "the C library",
                &kSocketFileGone, ""},
           Real{"psql: error: connection to server on socket \"/var/run/postgresql/.s.PGSQL.5432\" "
                "failed: No such file or directory\n\tIs the server running locally and accepting "
                "connections on that socket?",
                "PostgreSQL's libpq 14", &kSocketFileGone, ""},
           Real{"psql: error: connection to server on socket \"/var/run/postgresql/.s.PGSQL.5432\" "
                "failed: Connection refused",
                "PostgreSQL's libpq", &kSocketFileRefused, ""},
           Real{"psql: could not connect to server: No such file or directory\n\tIs the server "
                "running locally and accepting\n\tconnections on Unix domain socket "
                "\"/var/run/postgresql/.s.PGSQL.5432\"?",
                "PostgreSQL's libpq before 14", &kSocketFileGone, ""},
           Real{"psql: could not connect to server: Connection refused\n\tIs the server running "
                "locally and accepting\n\tconnections on Unix domain socket "
                "\"/var/run/postgresql/.s.PGSQL.5432\"?",
                "PostgreSQL's libpq", &kSocketFileRefused, ""},
           Real{"connect() to unix:/run/php/php8.2-fpm.sock failed (2: No such file or directory) "
                "while connecting to upstream, client: 192.0.2.7, server: _, request: \"GET / "
                "HTTP/1.1\", upstream: \"fastcgi://unix:/run/php/php8.2-fpm.sock:\", host: "
                "\"shop.example\"",
                "nginx", &kSocketFileGone, ""},
           Real{"connect() to unix:/run/php/php8.2-fpm.sock failed (111: Connection refused) while "
                "connecting to upstream, client: 192.0.2.7",
                "nginx", &kSocketFileRefused, ""},
           Real{"connect() to unix:/run/php/php8.2-fpm.sock failed (13: Permission denied) while "
                "connecting to upstream, client: 192.0.2.7",
                "nginx", &kSocketFileDenied, ""},
           Real{"connect() to unix:/run/php/php8.2-fpm.sock failed (11: Resource temporarily "
                "unavailable) while connecting to upstream",
                "nginx", &kSocketFileFull, ""},
           Real{"ERROR 2002 (HY000): Can't connect to local MySQL server through socket "
                "'/var/run/mysqld/mysqld.sock' (111)",
                "MySQL and MariaDB clients (2002)", &kSocketFileRefused, ""},
           Real{"ERROR 2002 (HY000): Can't connect to local server through socket "
                "'/run/mysqld/mysqld.sock' (2)",
                "MySQL and MariaDB clients (2002)", &kSocketFileGone, ""},
           Real{"SQLSTATE[HY000] [2002] No such file or directory", "PHP: PDO", &kSocketFileGone,
                ""},
           Real{"Error: connect ENOENT /var/run/docker.sock", "Node.js, to a socket file",
                &kSocketFileGone, ""},
           Real{"Error: connect ECONNREFUSED /tmp/app.sock", "Node.js, to a socket file",
                &kSocketFileRefused, ""},
           Real{"Error: connect EACCES /var/run/docker.sock", "Node.js, to a socket file",
                &kSocketFileDenied, ""},
       }) {
    expect_taken_for_what_it_is(real);
  }
}

TEST(RealTexts, Commands) {
  for (const Real& real : {
           Real{"curl: (28) Connection timed out after 5001 milliseconds",
                "curl and libcurl, exit code 28", &kConnectTimeout, ""},
           Real{"curl: (28) Connection timeout after 5001 ms", "curl and libcurl, exit code 28",
                &kConnectTimeout, ""},
           Real{"curl: (28) connect() timed out!", "curl and libcurl, exit code 28",
                &kConnectTimeout, ""},
           Real{"curl: (28) Operation timed out after 5001 milliseconds with 0 out of 0 bytes "
                "received",
                "curl and libcurl, exit code 28", &kNoReply, ""},
           Real{"curl: (28) Operation timed out after 5001 milliseconds with 1234 out of 99999 "
                "bytes received",
                "curl and libcurl, exit code 28", &kNoReply, ""},
           Real{"curl: (28) Operation timed out after 5001 milliseconds with 0 bytes received",
                "curl and libcurl, exit code 28", &kNoReply, ""},
           Real{"curl: (28) Resolving timed out after 5000 milliseconds",
                "curl and libcurl, exit code 28", &kLookupFailed, ""},
           Real{"curl: (28) name lookup timed out", "curl and libcurl, exit code 28",
                &kLookupFailed, ""},
           Real{"curl: (28) SSL connection timeout", "curl and libcurl, exit code 28", &kTlsTimeout,
                ""},
           Real{"curl: (28) Failed to connect to api.example port 443 after 5001 ms: Timeout was "
                "reached",
                "curl and libcurl, exit code 28", &kConnectTimeout, "api.example 443"},
           Real{"curl: (28) Failed to connect to api.example port 443 after 134033 ms: Connection "
                "timed out",
                "curl and libcurl, exit code 28", &kConnectTimedOut, "api.example 443"},
           Real{"curl: (28) Failed to connect to api.example port 443: Connection timed out",
                "curl and libcurl, exit code 28", &kConnectTimedOut, "api.example 443"},
           Real{"curl: (7) Failed to connect to api.example port 443 after 12 ms: Couldn't connect "
                "to server",
                "curl and libcurl, exit code 7", &kConnectFailed, "api.example 443"},
           Real{"curl: (7) Failed to connect to api.example port 443 after 12 ms: Could not "
                "connect to server",
                "curl and libcurl, exit code 7", &kConnectFailed, "api.example 443"},
           Real{"curl: (7) Failed to connect to api.example:443 after 12 ms: Could not connect to "
                "server",
                "curl and libcurl, exit code 7", &kConnectFailed, "api.example 443"},
           Real{"curl: (7) Failed to connect to 10.0.0.1 port 80 after 0 ms: Connection refused",
                "curl and libcurl, exit code 7", &kRefused, "10.0.0.1 80"},
           Real{"curl: (7) Failed connect to 10.0.0.1:80; Connection refused",
                "curl and libcurl, exit code 7", &kRefused, "10.0.0.1 80"},
           Real{"curl: (7) Failed to connect to 10.0.0.1 port 80: No route to host",
                "curl and libcurl, exit code 7", &kNoRoute, "10.0.0.1 80"},
           Real{"cURL error 28: Operation timed out after 5000 milliseconds with 0 bytes received "
                "(see https://curl.haxx.se/libcurl/c/libcurl-errors.html) for "
                "https://api.example/v1",
                "curl and libcurl, exit code 28", &kNoReply, "api.example 443"},
           Real{"cURL error 28: Connection timed out after 3001 milliseconds (see "
                "https://curl.haxx.se/libcurl/c/libcurl-errors.html)",
                "curl and libcurl, exit code 28", &kConnectTimeout, ""},
           Real{"cURL error 7: Failed to connect to exchapi port 1337: Connection refused (see "
                "http://curl.haxx.se/libcurl/c/libcurl-errors.html)",
                "curl and libcurl, exit code 7", &kRefused, "exchapi 1337"},
           Real{"cURL error 6: Could not resolve host: api (see "
                "https://curl.haxx.se/libcurl/c/libcurl-errors.html)",
                "curl and libcurl, exit code 6", &kNotResolved, "api"},
           Real{"nc: connect to 10.0.0.1 port 80 (tcp) failed: Connection refused", "nc", &kRefused,
                "10.0.0.1 80"},
           Real{"nc: connect to db.example port 5432 (tcp) failed: Connection timed out", "nc",
                &kKernelGaveUp, "db.example 5432"},
           Real{"nc: connect to 10.0.0.1 port 80 (tcp) timed out: Operation now in progress", "nc",
                &kConnectTimeout, "10.0.0.1 80"},
           Real{"nc: connect to 10.0.0.1 port 80 (tcp) failed: No route to host", "nc", &kNoRoute,
                "10.0.0.1 80"},
           Real{"bash: connect: Connection refused\nbash: /dev/tcp/10.0.0.1/80: Connection refused",
                "bash", &kRefused, "10.0.0.1 80"},
           Real{"-bash: connect: Connection timed out\n-bash: /dev/tcp/db.example/5432: Connection "
                "timed out",
                "bash", &kKernelGaveUp, "db.example 5432"},
           Real{"bash: line 1: /dev/tcp/10.0.0.1/80: No route to host", "bash", &kNoRoute,
                "10.0.0.1 80"},
           Real{"connect: Connection refused", "the C library", &kRefused, ""},
           Real{"connect: Connection timed out", "the C library", &kTimedOut, ""},
           Real{"ssh: connect to host web port 22: No route to host", "OpenSSH's ssh", &kNoRoute,
                "web 22"},
           Real{"ssh: Could not resolve hostname web: Name or service not known", "OpenSSH's ssh",
                &kNameUnknown, "web"},
           Real{"ssh: Could not resolve hostname web: Temporary failure in name resolution",
                "OpenSSH's ssh", &kLookupFailed, "web"},
           Real{"root@10.0.0.1: Permission denied (publickey).", "OpenSSH's ssh", &kLoginDenied,
                kAnyTarget},
           Real{"Connecting to api.example (api.example)|10.0.0.1|:443... failed: Connection "
                "refused.",
                "wget", &kRefused, "10.0.0.1 443"},
           Real{"Connecting to 10.0.0.1:80... failed: No route to host.", "wget", &kNoRoute,
                "10.0.0.1 80"},
           Real{"Resolving api.example (api.example)... failed: Temporary failure in name "
                "resolution.\nwget: unable to resolve host address ‘api.example’",
                "wget", &kLookupFailed, "api.example"},
           Real{"wget: can't connect to remote host (10.0.0.1): Connection refused",
                "wget of BusyBox", &kRefused, "10.0.0.1"},
           Real{"fatal: unable to access 'https://github.com/x/y.git/': Failed to connect to "
                "github.com port 443 after 130453 ms: Couldn't connect to server",
                "curl", &kConnectFailed, "github.com 443"},
           Real{"error: RPC failed; curl 28 Operation too slow. Less than 1000 bytes/sec "
                "transferred the last 600 seconds",
                "curl and libcurl, exit code 28", &kNoReply, ""},
           Real{"gnutls_handshake() failed: The TLS connection was non-properly terminated.",
                "git and others with GnuTLS", &kTlsFailed, ""},
           Real{"error: RPC failed; curl 56 GnuTLS recv error (-54): Error in the pull function.",
                "git and others with GnuTLS", &kReset, ""},
           Real{"curl: (60) SSL certificate problem: self-signed certificate",
                "curl and libcurl, exit code 60", &kNotBelieved, ""},
           Real{"OpenSSL SSL_connect: SSL_ERROR_SYSCALL in connection to github.com:443",
                "curl and libcurl, exit code 35", &kTlsCut, "github.com 443"},
           Real{"OpenSSL SSL_connect: Connection reset by peer in connection to github.com:443",
                "curl and libcurl, exit code 35", &kTlsCut, "github.com 443"},
           Real{"Connection closed by 10.0.0.1 port 22", "OpenSSH's ssh", &kPeerClosed,
                "10.0.0.1 22"},
           Real{"packet_write_wait: Connection to 10.0.0.1 port 22: Broken pipe", "OpenSSH's ssh",
                &kBrokenPipe, "10.0.0.1 22"},
           Real{"rsync: failed to connect to host (10.0.0.1): Connection refused (111)", "rsync",
                &kRefused, "10.0.0.1"},
           Real{"E: Failed to fetch http://deb.debian.org/debian/x  Temporary failure resolving "
                "'deb.debian.org'",
                "apt", &kLookupFailed, "deb.debian.org 80"},
           Real{"Could not connect to deb.debian.org:80 (151.101.2.132), connection timed out",
                "apt", &kConnectTimeout, "deb.debian.org 80"},
           Real{";; connection timed out; no servers could be reached", "dig, host and nslookup",
                &kLookupFailed, ""},
           Real{"telnet: Unable to connect to remote host: Connection refused", "telnet", &kRefused,
                ""},
           Real{"curl: (28) Failed to connect to api.example port 80 after 2000 ms: Could not "
                "connect to server",
                "curl and libcurl, exit code 28", &kConnectTimeout, "api.example 80"},
           Real{"* connect to 10.0.0.1 port 80 from 10.1.1.1 port 40000 failed: No route to host",
                "curl and libcurl, exit code 7", &kNoRoute, "10.0.0.1 80"},
           Real{"curl: (56) Recv failure: Connection timed out", "curl and libcurl, exit code 56",
                &kTimedOut, ""},
           Real{"curl: (92) HTTP/2 stream 1 was not closed cleanly: INTERNAL_ERROR (err 2)",
                "curl and libcurl, exit code 92", &kReset, ""},
           Real{"fatal: unable to connect to github.com: github.com[0: 140.82.1.1]: "
                "errno=Connection timed out",
                "git", &kConnectTimedOut, kAnyTarget},
           Real{"Failed to connect to bus: No such file or directory", "systemctl",
                &kSocketFileGone, ""},
       }) {
    expect_taken_for_what_it_is(real);
  }
}

TEST(RealTexts, Java) {
  for (const Real& real : {
           Real{"org.apache.http.conn.HttpHostConnectException: Connect to api.example:443 "
                "[api.example/1.2.3.4] failed: Connection timed out (Connection timed out)",
                "Apache HttpClient", &kKernelGaveUp, "api.example 443"},
           Real{"org.apache.http.conn.HttpHostConnectException: Connect to api.example:443 "
                "[api.example/1.2.3.4] failed: Connection timed out",
                "Apache HttpClient", &kKernelGaveUp, "api.example 443"},
           Real{"org.apache.http.conn.HttpHostConnectException: Connect to api.example:443 "
                "[api.example/1.2.3.4] failed: No route to host (Host unreachable)",
                "Apache HttpClient", &kNoRoute, "api.example 443"},
           Real{"org.apache.http.conn.HttpHostConnectException: Connect to localhost:8080 "
                "[localhost/127.0.0.1, localhost/0:0:0:0:0:0:0:1] failed: Connection refused "
                "(Connection refused)",
                "Apache HttpClient", &kRefused, "localhost 8080"},
           Real{"org.apache.hc.client5.http.HttpHostConnectException: Connect to "
                "http://api.example:8080 [api.example/1.2.3.4] failed: Connection refused",
                "Apache HttpClient", &kRefused, "api.example 8080"},
           Real{"java.net.ConnectException: Connection timed out\n\tat "
                "java.base/sun.nio.ch.Net.pollConnect(Native Method)",
                "Java", &kKernelGaveUp, ""},
           Real{"java.net.ConnectException: Connection refused\n\tat "
                "java.base/sun.nio.ch.Net.connect0(Native Method)\n\tat "
                "java.base/sun.nio.ch.Net.connect(Net.java:589)",
                "Java", &kRefused, ""},
           Real{"I/O error on GET request for \"http://api.example:8080/v1\": Connection refused; "
                "nested exception is java.net.ConnectException: Connection refused",
                "Java", &kRefused, "api.example 8080"},
           Real{"io.netty.channel.AbstractChannel$AnnotatedConnectException: Connection refused: "
                "api.example/10.0.0.1:8080",
                "Netty", &kRefused, "10.0.0.1 8080"},
           Real{"io.netty.channel.AbstractChannel$AnnotatedConnectException: finishConnect(..) "
                "failed: Connection refused: /10.0.0.1:8080",
                "Netty", &kRefused, "10.0.0.1 8080"},
           Real{"io.netty.channel.AbstractChannel$AnnotatedNoRouteToHostException: No route to "
                "host: /10.0.0.1:8080",
                "Netty", &kNoRoute, "10.0.0.1 8080"},
           Real{"io.netty.channel.ConnectTimeoutException: connection timed out: "
                "api.example/10.0.0.1:8080",
                "Netty", &kConnectTimeout, "10.0.0.1 8080"},
           Real{"io.netty.channel.ConnectTimeoutException: connection timed out after 30000 ms: "
                "api.example/10.0.0.1:8080",
                "Netty", &kConnectTimeout, "10.0.0.1 8080"},
           Real{"ConnectTimeoutException: connection timed out: redis/10.0.0.1:6379", "Netty",
                &kConnectTimeout, "10.0.0.1 6379"},
           Real{"reactor.netty.http.client.PrematureCloseException: Connection prematurely closed "
                "BEFORE response",
                "Reactor Netty", &kPeerClosed, ""},
           Real{"org.springframework.web.reactive.function.client.WebClientRequestException: "
                "Pool#acquire(Duration) has been pending for more than the configured timeout of "
                "45000ms",
                "Reactor Netty", &kPoolEmpty, ""},
           Real{"org.postgresql.util.PSQLException: Connection to db.example:5432 refused. Check "
                "that the hostname and port are correct and that the postmaster is accepting "
                "TCP/IP connections.",
                "PostgreSQL's JDBC", &kRefused, "db.example 5432"},
           Real{"org.postgresql.util.PSQLException: The connection attempt failed.",
                "PostgreSQL's JDBC", &kConnectFailed, ""},
           Real{"org.postgresql.util.PSQLException: The connection attempt failed.\nCaused by: "
                "java.net.SocketTimeoutException: Connect timed out",
                "PostgreSQL's JDBC", &kConnectTimeout, ""},
           Real{"org.postgresql.util.PSQLException: The connection attempt failed.\nCaused by: "
                "java.net.UnknownHostException: db",
                "PostgreSQL's JDBC", &kNameUnknown, "db"},
           Real{"org.postgresql.util.PSQLException: An I/O error occurred while sending to the "
                "backend.\nCaused by: java.net.SocketTimeoutException: Read timed out",
                "PostgreSQL's JDBC", &kNoReply, ""},
           Real{"io.lettuce.core.RedisConnectionException: Unable to connect to redis.example:6379",
                "Java: Lettuce", &kConnectFailed, "redis.example 6379"},
           Real{"io.lettuce.core.RedisConnectionException: Unable to connect to "
                "redis/<unresolved>:6379",
                "Java: Lettuce", &kConnectFailed, "redis 6379"},
           Real{"Command timed out after 1 minute(s)", "Java: Lettuce", &kNoReply, ""},
           Real{"redis.clients.jedis.exceptions.JedisConnectionException: Failed to create socket.",
                "Java: Jedis", &kConnectFailed, ""},
           Real{"redis.clients.jedis.exceptions.JedisConnectionException: Could not get a resource "
                "from the pool",
                "Java: Jedis", &kPoolEmpty, ""},
           Real{"redis.clients.jedis.exceptions.JedisConnectionException: Could not get a resource "
                "from the pool Caused by: redis.clients.jedis.exceptions.JedisConnectionException: "
                "java.net.ConnectException: Connection refused",
                "Java: Jedis", &kRefused, ""},
           Real{
               "redis.clients.jedis.exceptions.JedisConnectionException: Unexpected end of stream.",
               "Java: Jedis", &kPeerClosed, ""},
           Real{"java.net.SocketTimeoutException: timeout", "OkHttp", &kNoReply, ""},
           Real{"java.net.SocketTimeoutException: failed to connect to api.example/10.0.0.1 (port "
                "443) from /10.1.1.2 (port 40001) after 10000ms",
                "OkHttp", &kConnectTimeout, "10.0.0.1 443"},
           Real{"java.io.IOException: unexpected end of stream on http://api.example:8080/...",
                "OkHttp", &kPeerClosed, "api.example 8080"},
           Real{"java.net.ConnectException: Failed to connect to api.example/10.0.0.1:443",
                "OkHttp", &kConnectFailed, "10.0.0.1 443"},
           Real{"com.mysql.cj.jdbc.exceptions.CommunicationsException: Communications link "
                "failure\n\nThe last packet sent successfully to the server was 0 milliseconds "
                "ago. The driver has not received any packets from the server.\nCaused by: "
                "java.net.ConnectException: Connection refused",
                "MySQL Connector/J", &kRefused, ""},
           Real{"feign.RetryableException: Read timed out executing GET http://orders:8080/v1",
                "Java: Feign", &kNoReply, "orders 8080"},
           Real{"com.zaxxer.hikari.pool.HikariPool$PoolInitializationException: Failed to "
                "initialize pool: Connection to localhost:5432 refused. Check that the hostname "
                "and port are correct and that the postmaster is accepting TCP/IP connections.",
                "PostgreSQL's JDBC", &kRefused, "localhost 5432"},
           Real{"java.sql.SQLTransientConnectionException: HikariPool-1 - Connection is not "
                "available, request timed out after 30000ms. Caused by: "
                "org.postgresql.util.PSQLException: The connection attempt failed. Caused by: "
                "java.net.SocketTimeoutException: connect timed out",
                "PostgreSQL's JDBC", &kConnectTimeout, ""},
           Real{"org.apache.http.NoHttpResponseException: api.example:443 failed to respond",
                "Apache HttpClient", &kPeerClosed, "api.example 443"},
           Real{"java.net.ConnectException: Connection timed out: no further information: "
                "api.example/10.0.0.1:443",
                "Java (NIO) on Windows", &kKernelGaveUp, "10.0.0.1 443"},
           Real{"io.netty.channel.AbstractChannel$AnnotatedConnectException: Connection timed out: "
                "api.example/10.0.0.1:443",
                "Netty", &kKernelGaveUp, "10.0.0.1 443"},
           Real{"io.netty.handler.ssl.SslHandshakeTimeoutException: handshake timed out after "
                "10000ms",
                "Netty", &kTlsTimeout, ""},
           Real{"com.microsoft.sqlserver.jdbc.SQLServerException: The TCP/IP connection to the "
                "host db.example, port 1433 has failed. Error: \"Connection refused. Verify the "
                "connection properties.",
                "SQL Server's JDBC", &kRefused, "db.example 1433"},
           Real{"PKIX path building failed: "
                "sun.security.provider.certpath.SunCertPathBuilderException",
                "Java's TLS", &kNotBelieved, ""},
           Real{"okhttp3.internal.http2.StreamResetException: stream was reset: CANCEL", "OkHttp",
                &kReset, ""},
           Real{"io.lettuce.core.RedisConnectionException: Unable to connect to "
                "localhost/<unresolved>:6379\nCaused by: "
                "io.netty.channel.AbstractChannel$AnnotatedConnectException: Connection refused: "
                "localhost/127.0.0.1:6379",
                "Java: Lettuce", &kRefused, "localhost 6379"},
           Real{"com.mysql.cj.jdbc.exceptions.CommunicationsException: Communications link "
                "failure\n\nThe last packet successfully received from the server was 3,600,012 "
                "milliseconds ago.",
                "MySQL Connector/J", &kLost, ""},
       }) {
    expect_taken_for_what_it_is(real);
  }
}

TEST(RealTexts, Python) {
  for (const Real& real : {
           Real{"httpx.ConnectTimeout: timed out", "Python: httpx", &kConnectTimeout, ""},
           Real{"httpx.ReadTimeout", "Python: httpx", &kNoReply, ""},
           Real{"httpcore.ReadTimeout: The read operation timed out", "Python: httpx", &kNoReply,
                ""},
           Real{"httpx.PoolTimeout", "Python: httpx", &kPoolEmpty, ""},
           Real{"httpx.ConnectError: All connection attempts failed", "Python: httpx",
                &kConnectFailed, ""},
           Real{"httpx.ConnectError: [Errno -2] Name or service not known", "Python: httpx",
                &kNameUnknown, ""},
           Real{"httpx.ConnectError: [Errno 111] Connection refused", "Python: httpx", &kRefused,
                ""},
           Real{"httpx.RemoteProtocolError: Server disconnected without sending a response.",
                "Python: httpx", &kPeerClosed, ""},
           Real{"aiohttp.client_exceptions.ClientConnectorError: Cannot connect to host "
                "api.example:443 ssl:default [Connect call failed ('10.0.0.1', 443)]",
                "Python: aiohttp", &kConnectFailed, "api.example 443"},
           Real{"aiohttp.client_exceptions.ClientConnectorDNSError: Cannot connect to host "
                "api.example:443 ssl:default [Name or service not known]",
                "Python: aiohttp", &kNameUnknown, "api.example 443"},
           Real{"aiohttp.client_exceptions.ConnectionTimeoutError: Connection timeout to host "
                "http://10.0.0.1:8080/",
                "Python: aiohttp", &kConnectTimeout, "10.0.0.1 8080"},
           Real{"aiohttp.client_exceptions.ServerDisconnectedError", "Python: aiohttp",
                &kPeerClosed, ""},
           Real{"aiohttp.client_exceptions.SocketTimeoutError: Timeout on reading data from socket",
                "Python: aiohttp", &kNoReply, ""},
           Real{"redis.exceptions.ConnectionError: Error 111 connecting to localhost:6379. "
                "Connection refused.",
                "Python: redis-py", &kRefused, "localhost 6379"},
           Real{"Error -3 connecting to redis:6379. Temporary failure in name resolution.",
                "Python: redis-py", &kLookupFailed, "redis 6379"},
           Real{"redis.exceptions.ConnectionError: Too many connections", "Python: redis-py",
                &kPoolEmpty, ""},
           Real{"redis.exceptions.ConnectionError: No connection available.", "Python: redis-py",
                &kPoolEmpty, ""},
           Real{"No connection available.", "Python: redis-py", &kPoolEmpty, ""},
           Real{"redis.exceptions.TimeoutError: Timeout reading from socket", "Python: redis-py",
                &kNoReply, ""},
           Real{"redis.exceptions.ConnectionError: Connection closed by server.",
                "Python: redis-py", &kPeerClosed, ""},
           Real{"pymysql.err.OperationalError: (2003, \"Can't connect to MySQL server on "
                "'db.example' ([Errno 111] Connection refused)\")",
                "Python: PyMySQL", &kRefused, "db.example"},
           Real{"pip._vendor.urllib3.exceptions.ReadTimeoutError: "
                "HTTPSConnectionPool(host='files.pythonhosted.org', port=443): Read timed out.",
                "Python: requests", &kNoReply, "files.pythonhosted.org 443"},
           Real{"HTTPSConnectionPool(host='api.example', port=443): Max retries exceeded with url: "
                "/ (Caused by ProxyError('Unable to connect to proxy', "
                "NewConnectionError('<urllib3.connection.HTTPSConnection object at 0x7f1>: Failed "
                "to establish a new connection: [Errno 111] Connection refused')))",
                "Python: requests", &kRefused, ""},
           Real{"(Caused by SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] "
                "certificate verify failed: self-signed certificate (_ssl.c:1006)')))",
                "Python's ssl", &kNotBelieved, ""},
           Real{"botocore.exceptions.EndpointConnectionError: Could not connect to the endpoint "
                "URL: \"https://s3.eu-central-1.amazonaws.com/\"",
                "Python: botocore", &kConnectFailed, "s3.eu-central-1.amazonaws.com 443"},
           Real{"botocore.exceptions.ReadTimeoutError: Read timeout on endpoint URL: "
                "\"https://s3.eu-central-1.amazonaws.com/\"",
                "Python: botocore", &kNoReply, "s3.eu-central-1.amazonaws.com 443"},
           Real{"OSError: Multiple exceptions: [Errno 111] Connect call failed ('::1', 6379, 0, "
                "0), [Errno 111] Connect call failed ('127.0.0.1', 6379)",
                "Python's asyncio", &kRefused, "::1 6379"},
           Real{"details = \"failed to connect to all addresses; last error: UNKNOWN: "
                "ipv4:127.0.0.1:50051: Failed to connect to remote host: Connection refused\"",
                "gRPC", &kRefused, "127.0.0.1 50051"},
           Real{"sqlalchemy.exc.TimeoutError: QueuePool limit of size 5 overflow 10 reached, "
                "connection timed out, timeout 30.00",
                "Python: SQLAlchemy", &kPoolEmpty, ""},
           Real{"ConnectionError: Connection closed by server.", "Python: redis-py", &kPeerClosed,
                ""},
           Real{"psycopg2.pool.PoolError: connection pool exhausted", "Python: psycopg2's pool",
                &kPoolEmpty, ""},
           Real{"httpx.ReadError: [Errno 104] Connection reset by peer", "Python: httpx", &kReset,
                ""},
           Real{"redis.exceptions.ConnectionError: Error 2 connecting to unix socket: "
                "/var/run/redis.sock. No such file or directory.",
                "Python: redis-py", &kSocketFileGone, ""},
       }) {
    expect_taken_for_what_it_is(real);
  }
}

TEST(RealTexts, Node) {
  for (
      const Real& real : {
          Real{"RequestError: Timeout awaiting 'connect' for 500ms", "Node.js: got",
               &kConnectTimeout, ""},
          Real{"TimeoutError: Timeout awaiting 'request' for 500ms", "Node.js: got", &kTotalTimeout,
               ""},
          Real{"TimeoutError: Timeout awaiting 'socket' for 500ms", "Node.js: got", &kTotalTimeout,
               ""},
          Real{"TimeoutError: Timeout awaiting 'lookup' for 500ms", "Node.js: got", &kLookupFailed,
               ""},
          Real{"[cause]: ConnectTimeoutError: Connect Timeout Error (attempted addresses: "
               "10.0.0.1:443, 10.0.0.2:443, timeout: 10000ms)\n    code: 'UND_ERR_CONNECT_TIMEOUT'",
               "Node.js: fetch", &kConnectTimeout, "10.0.0.1 443"},
          Real{"SocketError: other side closed\n  code: 'UND_ERR_SOCKET',\n  socket: {",
               "Node.js: fetch", &kPeerClosed, ""},
          Real{"HeadersTimeoutError: Headers Timeout Error", "Node.js: fetch", &kNoReply, ""},
          Real{"TypeError: fetch failed\n    at node:internal/deps/undici/undici:12618:11\n  "
               "[cause]: Error: connect ECONNREFUSED 127.0.0.1:3000",
               "Node.js", &kRefused, "127.0.0.1 3000"},
          Real{"Error: socket hang up", "Node.js", &kPeerClosed, ""},
          Real{"AggregateError [ETIMEDOUT]: \n    at internalConnectMultiple (node:net:1114:18)",
               "Node.js 20", &kConnectTimeout, ""},
          Real{"AggregateError [ECONNREFUSED]: \n    at internalConnectMultiple (node:net:1114:18)",
               "Node.js 20", &kRefused, ""},
          Real{"Error: getaddrinfo EAI_AGAIN redis", "Node.js", &kLookupFailed, "redis"},
          Real{"Error: getaddrinfo ENOTFOUND db", "Node.js", &kNameUnknown, "db"},
          Real{
              "(node:4711) UnhandledPromiseRejectionWarning: Error: connect ETIMEDOUT 10.0.0.1:443",
              "Node.js", &kConnectTimedOut, "10.0.0.1 443"},
          Real{"[ioredis] Unhandled error event: Error: connect ETIMEDOUT", "Node.js: ioredis",
               &kConnectTimeout, ""},
          Real{"npm ERR! code ECONNRESET", "Node.js: npm", &kReset, ""},
          Real{"FetchError: request to http://api:8080/ failed, reason: connect ECONNREFUSED "
               "172.18.0.5:8080",
               "Node.js", &kRefused, kAnyTarget},
          Real{"{\"errno\":-111,\"code\":\"ECONNREFUSED\",\"syscall\":\"connect\",\"address\":"
               "\"127.0.0.1\",\"port\":5432}",
               "Node.js", &kRefused, "127.0.0.1 5432"},
          Real{"MongoServerSelectionError: connect ECONNREFUSED 127.0.0.1:27017",
               "MongoDB's Node.js driver", &kRefused, "127.0.0.1 27017"},
          Real{"error: Connection terminated unexpectedly", "Node.js: pg", &kPeerClosed, ""},
          Real{"Error: 14 UNAVAILABLE: No connection established", "Node.js: grpc-js",
               &kConnectFailed, ""},
      }) {
    expect_taken_for_what_it_is(real);
  }
}

TEST(RealTexts, Dotnet) {
  for (const Real& real : {
           Real{"System.Net.Http.HttpRequestException: The SSL connection could not be "
                "established, see inner exception.",
                ".NET: HttpClient", &kTlsFailed, ""},
           Real{"System.Net.Http.HttpRequestException: A connection attempt failed because the "
                "connected party did not properly respond after a period of time, or established "
                "connection failed because connected host has failed to respond. (api.example:443)",
                ".NET on Windows", &kTimedOut, "api.example 443"},
           Real{"System.Threading.Tasks.TaskCanceledException: The request was canceled due to the "
                "configured HttpClient.Timeout of 100 seconds elapsing.",
                ".NET 5", &kTotalTimeout, ""},
           Real{"System.Net.Http.HttpRequestException: Name or service not known (api.example:80)",
                ".NET", &kNameUnknown, "api.example 80"},
           Real{"System.Net.Http.HttpRequestException: Resource temporarily unavailable "
                "(api.example:80)",
                ".NET", &kLookupFailed, "api.example 80"},
           Real{"System.Net.Sockets.SocketException (111): Connection refused 127.0.0.1:5000",
                ".NET", &kRefused, "127.0.0.1 5000"},
           Real{"System.Net.Sockets.SocketException (110): Connection timed out", ".NET",
                &kTimedOut, ""},
           Real{"System.Net.Http.HttpRequestException: Connection timed out (api.example:443)",
                ".NET", &kKernelGaveUp, "api.example 443"},
           Real{"System.IO.IOException: Unable to read data from the transport connection: "
                "Connection reset by peer.",
                ".NET", &kReset, ""},
           Real{"Npgsql.NpgsqlException (0x80004005): Failed to connect to 10.0.0.5:5432\n ---> "
                "System.Net.Sockets.SocketException (111): Connection refused",
                ".NET: Npgsql", &kRefused, "10.0.0.5 5432"},
           Real{"Npgsql.NpgsqlException: Failed to connect to 10.0.0.5:5432", ".NET: Npgsql",
                &kConnectFailed, "10.0.0.5 5432"},
           Real{"Npgsql.NpgsqlException (0x80004005): The operation has timed out", ".NET: Npgsql",
                &kTotalTimeout, ""},
           Real{"Npgsql.NpgsqlException (0x80004005): Exception while reading from stream\n ---> "
                "System.TimeoutException: Timeout during reading attempt",
                ".NET: Npgsql", &kNoReply, ""},
           Real{"Npgsql.NpgsqlException (0x80004005): Exception while reading from stream",
                ".NET: Npgsql", &kLost, ""},
           Real{"StackExchange.Redis.RedisConnectionException: It was not possible to connect to "
                "the redis server(s). UnableToConnect on redis.example:6379/Interactive, "
                "Initializing/NotStarted, last: NONE",
                ".NET: StackExchange.Redis", &kConnectFailed, "redis.example 6379"},
           Real{"Timeout performing GET (5000ms), next: GET key, inst: 0, qu: 0, qs: 1, aw: False, "
                "in: 0, serverEndpoint: 10.0.0.1:6379, mc: 1/1/0",
                ".NET: StackExchange.Redis", &kNoReply, "10.0.0.1 6379"},
           Real{"No connection is active/available to service this operation: GET key; "
                "UnableToConnect on redis.example:6379/Interactive",
                ".NET: StackExchange.Redis", &kConnectFailed, "redis.example 6379"},
           Real{"Timeout expired.  The timeout period elapsed prior to obtaining a connection from "
                "the pool.",
                ".NET: SqlClient", &kPoolEmpty, ""},
           Real{"StackExchange.Redis.RedisConnectionException: SocketFailure "
                "(ReadSocketError/ConnectionReset, last-recv: 0) on redis.example:6379/Interactive",
                ".NET: StackExchange.Redis", &kReset, "redis.example 6379"},
           Real{"System.TimeoutException: The operation has timed out.", ".NET (TimeoutException)",
                &kTotalTimeout, ""},
           Real{"Npgsql.NpgsqlException (0x80004005): Failed to connect to 10.0.0.5:5432 ---> "
                "System.TimeoutException: The operation has timed out.",
                ".NET: Npgsql", &kConnectTimeout, "10.0.0.5 5432"},
           Real{"Failed to connect to 10.0.0.5:5432", ".NET: Npgsql", &kConnectFailed,
                "10.0.0.5 5432"},
           Real{"System.Threading.Tasks.TaskCanceledException: The operation was canceled. ---> "
                "System.TimeoutException: A connection could not be established within the "
                "configured ConnectTimeout.",
                ".NET: HttpClient", &kConnectTimeout, ""},
           Real{"System.Net.Http.HttpRequestException: An error occurred while sending the "
                "request. ---> System.IO.IOException: Unable to read data from the transport "
                "connection: Connection reset by peer.",
                ".NET", &kReset, ""},
       }) {
    expect_taken_for_what_it_is(real);
  }
}

TEST(RealTexts, Envoy) {
  for (const Real& real : {
           Real{"upstream connect error or disconnect/reset before headers. reset reason: "
                "connection failure",
                "Envoy", &kConnectFailed, ""},
           Real{"upstream connect error or disconnect/reset before headers. retried and the latest "
                "reset reason: remote connection failure, transport failure reason: delayed "
                "connect error: 111",
                "Envoy", &kRefused, ""},
           Real{"upstream connect error or disconnect/reset before headers. reset reason: overflow",
                "Envoy", &kOverflow, ""},
           Real{"upstream connect error or disconnect/reset before headers. reset reason: remote "
                "reset",
                "Envoy", &kReset, ""},
           Real{"upstream connect error or disconnect/reset before headers. retried and the latest "
                "reset reason: connection timeout",
                "Envoy", &kConnectTimeout, ""},
           Real{"upstream connect error or disconnect/reset before headers. reset reason: "
                "connection failure, transport failure reason: TLS error: 268435703:SSL "
                "routines:OPENSSL_internal:WRONG_VERSION_NUMBER",
                "Envoy", &kNotTls, ""},
           Real{"TLS error: 268435703:SSL routines:OPENSSL_internal:WRONG_VERSION_NUMBER", "Envoy",
                &kNotTls, ""},
           Real{"[2026-11-24T14:42:13.000Z] \"GET /hello HTTP/1.1\" 503 UF,URX "
                "upstream_reset_before_response_started{connection_timeout} - \"-\" 0 91 12 - "
                "\"-\" \"curl/7.88.1\" \"id\" \"shop:8080\" \"10.0.0.5:8080\"",
                "Envoy", &kConnectTimeout, "shop 8080"},
           Real{"\"GET /hello HTTP/1.1\" 503 UO - - \"-\" 0 91 12",
                "Envoy and Istio (response flag", &kOverflow, ""},
           Real{"\"GET /hello HTTP/1.1\" 0 DC - - \"-\" 0 0 1200", "Envoy and Istio (response flag",
                &kCallerLeft, ""},
           Real{"\"GET /hello HTTP/1.1\" 404 NR route_not_found - \"-\" 0 0 0",
                "Envoy and Istio (response flag", &kProxyDecided, ""},
           Real{"\"POST /a HTTP/2\" 502 UPE - - \"-\" 0 87 3", "Envoy and Istio (response flag",
                &kNotUnderstood, ""},
           Real{"{\"response_code\":504,\"response_flags\":\"UT\",\"path\":\"/a\"}",
                "Envoy and Istio (response flag", &kNoReply, ""},
           Real{"\"GET /a HTTP/1.1\" 408 SI - \"-\" 0 0 300000", "Envoy and Istio (response flag",
                &kTotalTimeout, ""},
           Real{"\"- - -\" 0 NR filter_chain_not_found - \"-\" 0 0 0",
                "Envoy and Istio (response flag", &kProxyDecided, ""},
           Real{"LH", "Envoy and Istio (response flag", &kProxyDecided, ""},
           Real{"{\"response_flags\":\"UF,URX\",\"upstream_transport_failure_reason\":\"delayed_"
                "connect_error:_111\"}",
                "Envoy", &kRefused, ""},
           Real{"upstream connect error or disconnect/reset before headers. reset reason: "
                "connection failure, transport failure reason: TLS_error:|268435581:SSL "
                "routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED:TLS_error_end",
                "Envoy", &kNotBelieved, ""},
           Real{"\"- - -\" 0 UF,URX - - \"-\" 0 0 1001 - \"-\" \"-\" \"-\" \"-\" \"10.0.0.5:3306\" "
                "PassthroughCluster",
                "Envoy and Istio (response flag", &kConnectFailed, "10.0.0.5 3306"},
           Real{"\"GET / HTTP/1.1\" 400 DPE http1.codec_error - \"-\" 0 11 0",
                "Envoy and Istio (response flag", &kNotUnderstood, ""},
           Real{"\"GET / HTTP/1.1\" 503 NC cluster_not_found - \"-\" 0 0 0",
                "Envoy and Istio (response flag", &kProxyDecided, ""},
       }) {
    expect_taken_for_what_it_is(real);
  }
}

TEST(RealTexts, Nginx) {
  for (const Real& real : {
           Real{
               "2026/11/24 14:42:13 [error] 7#7: *1 upstream timed out (110: Connection timed out) "
               "while connecting to upstream, client: 192.0.2.7, server: shop.example, request: "
               "\"GET / HTTP/1.1\", upstream: \"http://10.0.0.5:8080/\", host: \"shop.example\"",
               "nginx (error log; the caller got 504)", &kConnectTimeout, "10.0.0.5 8080"},
           Real{"upstream timed out (110: Connection timed out) while reading response header from "
                "upstream, client: 192.0.2.7",
                "nginx (error log; the caller got 504)", &kNoReply, ""},
           Real{"upstream timed out (110: Connection timed out) while SSL handshaking to upstream, "
                "client: 192.0.2.7, upstream: \"https://10.0.0.5:443/\"",
                "nginx", &kTlsTimeout, "10.0.0.5 443"},
           Real{"connect() failed (111: Connection refused) while connecting to upstream, client: "
                "192.0.2.7, upstream: \"http://10.0.0.5:8080/\", host: \"shop.example:80\"",
                "nginx", &kRefused, "10.0.0.5 8080"},
           Real{"connect() to [2001:db8::1]:443 failed (101: Network is unreachable) while "
                "connecting to upstream, client: 192.0.2.7",
                "nginx", &kNetUnreachable, "2001:db8::1 443"},
           Real{"connect() to 10.0.0.5:8080 failed (13: Permission denied) while connecting to "
                "upstream, client: 192.0.2.7",
                "nginx", &kDenied, "10.0.0.5 8080"},
           Real{"connect() to 10.0.0.5:8080 failed (99: Cannot assign requested address) while "
                "connecting to upstream, client: 192.0.2.7",
                "nginx", &kNoSourcePort, "10.0.0.5 8080"},
           Real{"upstream prematurely closed connection while reading response header from "
                "upstream, client: 192.0.2.7",
                "nginx", &kPeerClosed, ""},
           Real{"recv() failed (104: Connection reset by peer) while reading response header from "
                "upstream, client: 192.0.2.7",
                "nginx", &kReset, ""},
           Real{"no live upstreams while connecting to upstream, client: 192.0.2.7, upstream: "
                "\"http://backend/\"",
                "nginx", &kNoneHealthy, "backend 80"},
           Real{"api.example could not be resolved (110: Operation timed out), client: 192.0.2.7, "
                "host: \"shop.example:80\"",
                "nginx", &kLookupFailed, "api.example"},
           Real{"api.example could not be resolved (3: Host not found), client: 192.0.2.7", "nginx",
                &kNameUnknown, "api.example"},
           Real{"2026/11/24 14:42:13 [emerg] 1#1: host not found in upstream \"app\" in "
                "/etc/nginx/conf.d/default.conf:3",
                "nginx (at start)", &kNameUnknown, "app"},
           Real{"recv() failed (111: Connection refused) while resolving, resolver: 127.0.0.1:53",
                "nginx", &kLookupFailed, kAnyTarget},
           Real{"<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad "
                "Gateway</h1></center><hr><center>nginx/1.18.0</center></body></html>",
                "nginx (its page", &kBadGateway, ""},
       }) {
    expect_taken_for_what_it_is(real);
  }
}

TEST(RealTexts, Haproxy) {
  for (
      const Real& real : {
          Real{"haproxy[2]: 10.0.0.9:5000 [06/Feb/2026:12:14:14.655] web app/s1 0/0/3001/-1/3001 "
               "503 217 - - sC-- 1/1/0/0/3 0/0 \"GET / HTTP/1.1\"",
               "HAProxy (termination", &kConnectTimeout, ""},
          Real{"10.0.0.9:5000 [06/Feb/2026:12:14:14.655] web app/s1 0/0/-1/-1/5 503 217 - - SC-- "
               "1/1/0/0/3 0/0 \"GET / HTTP/1.1\"",
               "HAProxy (termination", &kConnectFailed, ""},
          Real{"web app/s1 0/0/1/-1/50 502 217 - - SH-- 1/1/0/0/0 0/0 \"GET / HTTP/1.1\"",
               "HAProxy (termination", &kPeerClosed, ""},
          Real{"web app/s1 0/0/1/-1/50 504 217 - - sHVN 1/1/0/0/0 0/0 \"GET / HTTP/1.1\"",
               "HAProxy (termination", &kNoReply, ""},
          Real{
              "10.0.0.9:5000 [06/Feb/2026:12:14:14.655] tcp app/s1 1/0/50000 1234 cD 1/1/0/0/0 0/0",
              "HAProxy (termination", &kCallerSilent, ""},
          Real{
              "web app/<NOSRV> 0/5000/-1/-1/5000 503 217 - - sQ-- 9/9/9/0/0 0/9 \"GET / HTTP/1.1\"",
              "HAProxy (termination", &kPoolEmpty, ""},
          Real{"Server app/s1 is DOWN, reason: Layer4 connection problem, info: \"Connection "
               "refused\", check duration: 0ms.",
               "HAProxy (health check)", &kRefused, ""},
          Real{"web/s1 0/0/1/-1/3 -1 300 - - CH-- 1/1/0/0/0 0/0 \"GET / HTTP/1.1\"",
               "HAProxy (termination", &kCallerLeft, ""},
          Real{"<html><body><h1>504 Gateway Time-out</h1>\nThe server didn't respond in "
               "time.\n</body></html>",
               "HAProxy (its page", &kGatewayTimeout, ""},
      }) {
    expect_taken_for_what_it_is(real);
  }
}

TEST(RealTexts, Databases) {
  for (
      const Real& real : {
          Real{
              "psql: could not connect to server: Connection timed out\n\tIs the server running on "
              "host \"db.example\" (10.0.0.5) and accepting\n\tTCP/IP connections on port 5432?",
              "PostgreSQL's libpq before 14", &kKernelGaveUp, "10.0.0.5 5432"},
          Real{"connection to server at \"db.example\" (10.0.0.5), port 5432 failed: timeout "
               "expired",
               "PostgreSQL's libpq 14", &kTotalTimeout, "10.0.0.5 5432"},
          Real{"connection to server at \"db.example\" (10.0.0.5), port 5432 failed: Connection "
               "refused\n\tIs the server running on that host and accepting TCP/IP connections?",
               "PostgreSQL's libpq 14", &kRefused, "10.0.0.5 5432"},
          Real{"server closed the connection unexpectedly\n\tThis probably means the server "
               "terminated abnormally\n\tbefore or while processing the request.",
               "PostgreSQL's libpq", &kPeerClosed, ""},
          Real{"could not translate host name \"db\" to address: Temporary failure in name "
               "resolution",
               "PostgreSQL's libpq", &kLookupFailed, "db"},
          Real{"ERROR 2003 (HY000): Can't connect to MySQL server on 'db.example:3306' (110)",
               "MySQL and MariaDB clients (2003)", &kConnectTimedOut, "db.example 3306"},
          Real{"ERROR 2002 (HY000): Can't connect to server on 'db.example' (115)",
               "MariaDB clients (2002)", &kConnectTimeout, "db.example"},
          Real{"ERROR 2005 (HY000): Unknown MySQL server host 'db' (-2)",
               "MySQL and MariaDB clients (2005)", &kNameUnknown, "db"},
          Real{"ERROR 2006 (HY000): MySQL server has gone away", "MySQL and MariaDB clients (2006)",
               &kStale, ""},
          Real{"ERROR 2013 (HY000): Lost connection to MySQL server at 'reading initial "
               "communication packet', system error: 110",
               "MySQL and MariaDB clients (2013)", &kNoGreeting, ""},
          Real{"ERROR 2013 (HY000): Lost connection to MySQL server at 'reading initial "
               "communication packet', system error: 111",
               "MySQL and MariaDB clients (2013)", &kRefused, ""},
          Real{"ERROR 2013 (HY000): Lost connection to MySQL server during query",
               "MySQL and MariaDB clients (2013)", &kLost, ""},
          Real{"Failed to connect to MySQL: (2002) Connection refused", "PHP: mysqli", &kRefused,
               ""},
          Real{"Failed to connect to MySQL", "PHP: mysqli", &kConnectFailed, ""},
          Real{"SQLSTATE[HY000] [2002] Connection timed out", "PHP: PDO", &kTimedOut, ""},
          Real{"SQLSTATE[08004] [1040] Too many connections", "MySQL's server (1040)",
               &kServerIsFull, ""},
          Real{"Could not connect to Redis at redis:6379: Name or service not known", "redis-cli",
               &kNameUnknown, "redis 6379"},
          Real{"Warning: fsockopen(): Unable to connect to db.example:3306 (Connection refused)",
               "PHP: fsockopen", &kRefused, "db.example 3306"},
          Real{"php_network_getaddresses: getaddrinfo for db failed: Name or service not known",
               "PHP", &kNameUnknown, "db"},
          Real{"ERROR 2003 (HY000): Can't connect to MySQL server on '10.0.0.5' (113 \"No route to "
               "host\")",
               "MySQL", &kNoRoute, "10.0.0.5"},
          Real{"pymysql.err.OperationalError: (2003, \"Can't connect to MySQL server on '10.0.0.5' "
               "(timed out)\")",
               "Python: PyMySQL", &kConnectTimeout, "10.0.0.5"},
          Real{"PDOException: SQLSTATE[HY000] [2002] php_network_getaddresses: getaddrinfo for db "
               "failed: Temporary failure in name resolution",
               "PHP", &kLookupFailed, "db"},
          Real{"Predis\\Connection\\ConnectionException: Connection refused [tcp://127.0.0.1:6379]",
               "PHP: Predis", &kRefused, "127.0.0.1 6379"},
          Real{"RedisException: read error on connection to 10.0.0.5:6379", "PHP: phpredis",
               &kNoReply, "10.0.0.5 6379"},
          Real{"psycopg2.OperationalError: timeout expired", "PostgreSQL's libpq", &kTotalTimeout,
               ""},
          Real{"FATAL:  too many connections for role \"app\"", "PostgreSQL's server",
               &kServerIsFull, ""},
          Real{"FATAL:  the database system is starting up", "PostgreSQL's server", &kNotReady, ""},
          Real{"LOADING Redis is loading the dataset in memory", "Redis' server", &kNotReady, ""},
          Real{"ERROR 1129 (HY000): Host '10.1.1.1' is blocked because of many connection errors; "
               "unblock with 'mysqladmin flush-hosts'",
               "MySQL's server (1129)", &kLoginDenied, ""},
          Real{"ERROR 1045 (28000): Access denied for user 'app'@'10.1.1.1' (using password: YES)",
               "MySQL's server (1045)", &kLoginDenied, ""},
          Real{"FATAL:  no pg_hba.conf entry for host \"10.1.1.1\", user \"app\", database "
               "\"shop\", no encryption",
               "PostgreSQL's server", &kLoginDenied, ""},
          Real{"Could not connect to Redis at /var/run/redis.sock: No such file or directory",
               "redis-cli", &kSocketFileGone, ""},
          Real{"Error: Server closed the connection", "redis-cli", &kPeerClosed, ""},
      }) {
    expect_taken_for_what_it_is(real);
  }
}

TEST(RealTexts, Words) {
  for (const Real& real : {
           Real{"Temporary failure in name resolution", "the C library", &kLookupFailed, ""},
           Real{"Name or service not known", "the C library", &kNameUnknown, ""},
           Real{"No address associated with hostname", "the C library", &kNameUnknown, ""},
           Real{"ERROR: Connection timed out", "the C library", &kTimedOut, ""},
           Real{"Error: Os { code: 111, kind: ConnectionRefused, message: \"Connection refused\" }",
                "Rust", &kRefused, ""},
           Real{"Too many connections", "MySQL's server (1040)", &kServerIsFull, ""},
           Real{"EOF", "Go prints no more than this", &kPeerClosed, ""},
           Real{"sendto: Operation not permitted", "the C library", &kDenied, ""},
           Real{"failed to connect to 10.0.0.1:80: Connection refused", "the C library", &kRefused,
                "10.0.0.1 80"},
           Real{"errno=111", "the C library", &kRefused, ""},
           Real{"error:0A000126:SSL routines::unexpected eof while reading", "OpenSSL", &kTlsCut,
                ""},
       }) {
    expect_taken_for_what_it_is(real);
  }
}

TEST(RealTexts, Escapes) {
  for (const Real& real : {
           Real{"\x1b"
                "[31mError:\x1b"
                "[0m connect ECONNREFUSED \x1b"
                "[1m127.0.0.1:9\x1b"
                "[22m",
                "Node.js", &kRefused, "127.0.0.1 9"},
           Real{"{\"level\":\"error\",\"msg\":\"Get \\\"https:\\/\\/api.example\\/v1\\\": dial tcp "
                "10.0.7.13:443: i\\/o timeout\"}",
                "Go", &kConnectTimeout, "10.0.7.13 443"},
           Real{"{\"msg\":\"\\u001b[31mread tcp 10.1.1.1:4000-\\u003e10.0.0.1:80: i\\/o "
                "timeout\\u001b[0m\\n\"}",
                "Go", &kNoReply, "10.0.0.1 80"},
           Real{"\\u001b[31mdial tcp 10.0.7.13:443: connect: connection refused\\u001b[0m",
                "Go 1.10", &kRefused, "10.0.7.13 443"},
           Real{"connection to server at &quot;10.0.0.5&quot;, port 5432 failed: timeout expired",
                "PostgreSQL's libpq 14", &kTotalTimeout, "10.0.0.5 5432"},
           Real{"psql: error: connection to server at \\\"db.example\\\" (10.0.0.5), port 5432 "
                "failed: Connection refused\\n\\tIs the server running on that host",
                "PostgreSQL's libpq 14", &kRefused, "10.0.0.5 5432"},
           Real{"2026-11-24T14:42:13.123Z ERROR timed out", "Python's socket", &kTotalTimeout, ""},
           Real{"Nov 24 14:42:13 web1 app[4711]: #033[31mdial tcp 10.0.7.13:443: i/o "
                "timeout#033[0m#012",
                "Go", &kConnectTimeout, "10.0.7.13 443"},
           Real{"[2026-11-24 14:42:13,123] WARN [Producer clientId=p] Connection to node -1 "
                "(kafka/10.0.0.3:9092) could not be established. Broker may not be available. "
                "(org.apache.kafka.clients.NetworkClient)",
                "Kafka's Java client", &kConnectFailed, "10.0.0.3 9092"},
       }) {
    expect_taken_for_what_it_is(real);
  }
}

TEST(RealTexts, Httpd) {
  for (const Real& real : {
           Real{"[proxy:error] [pid 7:tid 8] (111)Connection refused: AH00957: HTTP: attempt to "
                "connect to 127.0.0.1:8080 (127.0.0.1) failed",
                "Apache httpd", &kRefused, "127.0.0.1 8080"},
           Real{"[Tue Nov 24 14:42:13.000 2026] [proxy_http:error] [pid 7:tid 8] (70007)The "
                "timeout specified has expired: [client 192.0.2.7:51000] AH01102: error reading "
                "status line from remote server 10.0.0.5:8080",
                "Apache httpd", &kNoReply, "10.0.0.5 8080"},
           Real{"[proxy_http:error] [pid 7] [client 192.0.2.7:51000] AH01114: HTTP: failed to make "
                "connection to backend: 10.0.0.5",
                "Apache httpd", &kConnectFailed, "10.0.0.5"},
       }) {
    expect_taken_for_what_it_is(real);
  }
}

}  // namespace
}  // namespace sockwatch::texts
