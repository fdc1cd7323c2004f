// Texts as programs really printed them, and what they must be taken for.
#include <gtest/gtest.h>

#include <string_view>

#include "viewer/texts/match.h"
#include "viewer/texts/meanings.h"

namespace sockwatch::texts {
namespace {

struct Example {
  std::string_view said;
  std::string_view printed_by;  // how the first entry's begins
  const Meaning* meaning;
};

void expect_first(const Example& example) {
  const auto found = find_texts(example.said);
  ASSERT_FALSE(found.empty()) << example.said;
  EXPECT_TRUE(found.front().printed_by.starts_with(example.printed_by))
      << example.said << "\n  taken for: " << found.front().printed_by;
  EXPECT_EQ(found.front().meaning, example.meaning)
      << example.said << "\n  means: " << found.front().meaning->what;
}

TEST(Examples, Commands) {
  for (const Example& example : {
           Example{"curl: (7) Failed to connect to 127.0.0.1 port 9 after 0 ms: Couldn't connect "
                   "to server",
                   "curl", &kConnectFailed},
           Example{"curl: (7) Failed to connect to localhost port 80: Connection refused", "curl",
                   &kRefused},
           Example{"curl: (6) Could not resolve host: x.invalid", "curl", &kNotResolved},
           Example{"curl: (28) Failed to connect to 127.0.0.1 port 18082 after 1001 ms: Timeout "
                   "was reached",
                   "curl", &kConnectTimeout},
           Example{"curl: (28) Connection timed out after 1001 milliseconds", "curl",
                   &kConnectTimeout},
           Example{"curl: (28) Operation timed out after 1000 milliseconds with 0 bytes received",
                   "curl", &kNoReply},
           Example{"curl: (28) Resolving timed out after 3000 milliseconds", "curl",
                   &kLookupFailed},
           Example{"curl: (28) SSL connection timeout", "curl", &kTlsTimeout},
           Example{"curl: (56) Recv failure: Connection reset by peer", "curl", &kReset},
           Example{"curl: (52) Empty reply from server", "curl", &kPeerClosed},
           Example{"curl: (35) OpenSSL SSL_connect: SSL_ERROR_SYSCALL in connection to "
                   "127.0.0.1:18084 ",
                   "curl", &kTlsCut},
           Example{"fatal: unable to access 'http://127.0.0.1:9/x/': Failed to connect to "
                   "127.0.0.1 port 9 after 0 ms: Couldn't connect to server",
                   "curl", &kConnectFailed},
           Example{"Connecting to 127.0.0.1:18082... failed: Connection timed out.", "wget",
                   &kConnectTimedOut},
           Example{"fatal: unable to access 'https://foo/x.git/': Failed to connect to foo port "
                   "443 after 130000 ms: Connection timed out",
                   "curl", &kConnectTimedOut},
           Example{"curl: (5) Could not resolve proxy: proxy.invalid", "curl", &kNotResolved},
           Example{"curl: (56) Received HTTP code 503 from proxy after CONNECT", "curl",
                   &kNoTunnel},
           Example{"curl: (56) CONNECT tunnel failed, response 503", "curl", &kNoTunnel},
           Example{"curl: (56) OpenSSL SSL_read: Connection reset by peer, errno 104", "curl",
                   &kReset},
           Example{"curl: (35) Recv failure: Connection reset by peer", "curl", &kTlsCut},
           Example{"kex_exchange_identification: read: Connection reset by peer", "OpenSSH",
                   &kReset},
           Example{"kex_exchange_identification: Connection closed by remote host", "OpenSSH",
                   &kPeerClosed},
           Example{"HTTP request sent, awaiting response... Read error (Connection timed out) in "
                   "headers.",
                   "wget", &kNoReply},
           Example{"wget: unable to resolve host address ‘x.invalid’", "wget", &kNotResolved},
           Example{"ssh: connect to host 127.0.0.1 port 18082: Connection timed out", "OpenSSH",
                   &kConnectTimedOut},
           Example{"ssh: connect to host 127.0.0.1 port 9: Connection refused", "OpenSSH",
                   &kRefused},
           Example{"Connection timed out during banner exchange", "OpenSSH", &kNoGreeting},
       }) {
    expect_first(example);
  }
}

TEST(Examples, Go) {
  for (const Example& example : {
           Example{"dial tcp 10.0.7.13:443: getsockopt: connection timed out", "Go before 1.10",
                   &kKernelGaveUp},
           Example{"Dial TCP 10.0.7.13:443: GETSOCKOPT: Connection Timed Out", "Go before 1.10",
                   &kKernelGaveUp},
           Example{"connection timed out: getsockopt", "Go before 1.10", &kKernelGaveUp},
           Example{"http: proxy error: dial tcp 10.0.0.1:80: getsockopt: connection refused",
                   "Go before 1.10", &kRefused},
           Example{"dial tcp [2001:db8::1]:443: connect: connection timed out", "Go 1.10",
                   &kKernelGaveUp},
           Example{"dial tcp 127.0.0.1:6379: connect: connection refused", "Go 1.10", &kRefused},
           Example{"dial tcp 10.0.0.1:80: connect: no route to host", "Go 1.10", &kNoRoute},
           Example{"dial tcp 10.0.0.1:80: connect: cannot assign requested address", "Go 1.10",
                   &kNoSourcePort},
           Example{"dial tcp 10.0.7.13:443: i/o timeout", "Go", &kConnectTimeout},
           Example{"dial tcp: lookup api.example: i/o timeout", "Go's own resolver",
                   &kLookupFailed},
           Example{"dial tcp: lookup api.example on 10.96.0.10:53: read udp "
                   "10.1.1.1:3456->10.96.0.10:53: i/o timeout",
                   "Go's own resolver", &kLookupFailed},
           Example{"dial tcp: lookup api.example on 10.96.0.10:53: no such host", "Go's resolver",
                   &kNameUnknown},
           Example{"dial tcp: lookup api.example on 10.96.0.10:53: server misbehaving",
                   "Go's own resolver", &kLookupFailed},
           Example{"read tcp 10.1.1.1:4000->10.0.0.1:80: i/o timeout", "Go", &kNoReply},
           Example{"read tcp 10.1.1.1:4000->10.0.0.1:80: read: connection reset by peer", "Go",
                   &kReset},
           Example{"write tcp 10.1.1.1:4000->10.0.0.1:80: write: broken pipe", "Go", &kBrokenPipe},
           Example{"Get \"https://api.example/\": net/http: TLS handshake timeout", "Go's HTTP",
                   &kTlsTimeout},
           Example{"net/http: timeout awaiting response headers", "Go's HTTP", &kNoReply},
           Example{"Get \"http://10.0.0.1/\": context deadline exceeded (Client.Timeout exceeded "
                   "while awaiting headers)",
                   "Go's HTTP", &kTotalTimeout},
           Example{"net/http: request canceled while waiting for connection (Client.Timeout "
                   "exceeded while awaiting headers)",
                   "Go's HTTP", &kTotalTimeout},
           Example{"context deadline exceeded", "Go", &kTotalTimeout},
           Example{"http: server closed idle connection", "Go's HTTP", &kPeerClosed},
           Example{"Get \"http://127.0.0.1:18084/\": EOF", "Go", &kPeerClosed},
           Example{"accept tcp [::]:8080: accept4: too many open files", "Go", &kNoDescriptor},
           Example{"{\n    \"error\": \"There was a problem proxying the request\"\n}", "Tyk",
                   &kConnectFailed},
           Example{"Upstream service reached hard timeout.", "Tyk", &kNoReply},
       }) {
    expect_first(example);
  }
}

TEST(Examples, Java) {
  for (const Example& example : {
           Example{"java.net.ConnectException: Connection timed out (Connection timed out)",
                   "Java before 13", &kKernelGaveUp},
           Example{"java.net.ConnectException: Connection refused (Connection refused)",
                   "Java before 13", &kRefused},
           Example{"java.net.ConnectException: Connection timed out", "Java", &kKernelGaveUp},
           Example{"java.net.ConnectException: Connection refused", "Java", &kRefused},
           Example{"java.net.ConnectException: Connection timed out: connect", "Java on Windows",
                   &kKernelGaveUp},
           Example{"java.net.SocketTimeoutException: Connect timed out", "Java", &kConnectTimeout},
           Example{"java.net.SocketTimeoutException: connect timed out", "Java", &kConnectTimeout},
           Example{"java.net.SocketTimeoutException: Read timed out", "Java", &kNoReply},
           Example{"java.net.UnknownHostException: x.invalid", "Java", &kNameUnknown},
           Example{"java.net.UnknownHostException: x.invalid: Temporary failure in name resolution",
                   "Java", &kLookupFailed},
           Example{"java.net.SocketException: Connection reset", "Java", &kReset},
           Example{"java.net.SocketException: Unexpected end of file from server", "Java's HttpURL",
                   &kPeerClosed},
           Example{"javax.net.ssl.SSLHandshakeException: Remote host terminated the handshake | "
                   "Caused by: java.io.EOFException: SSL peer shut down incorrectly",
                   "Java's TLS", &kTlsCut},
           Example{"java.net.ConnectException | Caused by: java.net.ConnectException | Caused by: "
                   "java.nio.channels.ClosedChannelException",
                   "Java's HttpClient", &kRefused},
           Example{"java.net.http.HttpConnectTimeoutException: HTTP connect timed out | Caused by: "
                   "java.net.ConnectException: HTTP connect timed out",
                   "Java's HttpClient", &kConnectTimeout},
           Example{"java.net.http.HttpTimeoutException: request timed out", "Java's HttpClient",
                   &kNoReply},
           Example{"java.io.IOException: HTTP/1.1 header parser received no bytes",
                   "Java's HttpClient", &kPeerClosed},
           Example{"java.net.NoRouteToHostException: No route to host", "Java", &kNoRoute},
           Example{"HikariPool-1 - Connection is not available, request timed out after 30000ms.",
                   "HikariCP", &kPoolEmpty},
           Example{"org.apache.http.conn.ConnectTimeoutException: Connect to api.example:443 "
                   "[api.example/10.0.0.1] failed: connect timed out",
                   "Apache", &kConnectTimeout},
           Example{"io.netty.channel.ConnectTimeoutException: connection timed out: /10.0.0.1:80",
                   "Netty", &kConnectTimeout},
       }) {
    expect_first(example);
  }
}

TEST(Examples, Python) {
  for (const Example& example : {
           Example{"ConnectionRefusedError: [Errno 111] Connection refused", "Python", &kRefused},
           Example{"TimeoutError: [Errno 110] Connection timed out", "Python", &kTimedOut},
           Example{"TimeoutError: timed out", "Python", &kTotalTimeout},
           Example{"timed out", "Python", &kTotalTimeout},
           Example{"socket.gaierror: [Errno -2] Name or service not known", "Python",
                   &kNameUnknown},
           Example{"socket.gaierror: [Errno -3] Temporary failure in name resolution", "Python",
                   &kLookupFailed},
           Example{"requests.exceptions.ConnectionError: HTTPConnectionPool(host='127.0.0.1', "
                   "port=9): Max retries exceeded with url: / (Caused by "
                   "NewConnectionError(\"HTTPConnection(host='127.0.0.1', port=9): Failed to "
                   "establish a new connection: [Errno 111] Connection refused\"))",
                   "Python: requests", &kRefused},
           Example{
               "HTTPConnectionPool(host='127.0.0.1', port=18082): Max retries exceeded with url: / "
               "(Caused by ConnectTimeoutError(<HTTPConnection(host='127.0.0.1', port=18082) at "
               "0x7f5ca825d9d0>, 'Connection to 127.0.0.1 timed out. (connect timeout=1)'))",
               "Python: requests", &kConnectTimeout},
           Example{
               "HTTPConnectionPool(host='127.0.0.1', port=18081): Read timed out. (read timeout=1)",
               "Python: requests", &kNoReply},
           Example{"Max retries exceeded with url: / (Caused by "
                   "NameResolutionError(\"HTTPConnection(host='x.invalid', port=80): Failed to "
                   "resolve 'x.invalid' ([Errno -2] Name or service not known)\"))",
                   "Python", &kNameUnknown},
           Example{"('Connection aborted.', RemoteDisconnected('Remote end closed connection "
                   "without response'))",
                   "Python", &kPeerClosed},
           Example{"('Connection aborted.', ConnectionResetError(104, 'Connection reset by peer'))",
                   "Python", &kReset},
           Example{"<urlopen error timed out>", "Python's urllib", &kConnectTimeout},
           Example{"<urlopen error _ssl.c:989: The handshake operation timed out>", "Python's ssl",
                   &kTlsTimeout},
           Example{"[Errno 111] Connect call failed ('127.0.0.1', 9)", "Python's asyncio",
                   &kRefused},
           Example{"asyncio.exceptions.TimeoutError", "Python's asyncio", &kTotalTimeout},
           Example{"aiohttp.client_exceptions.ServerTimeoutError: Connection timeout to host "
                   "http://foo",
                   "Python: aiohttp", &kConnectTimeout},
           Example{"aiohttp.client_exceptions.ServerDisconnectedError: Server disconnected",
                   "Python: aiohttp", &kPeerClosed},
           Example{"Server disconnected", "Python: aiohttp", &kPeerClosed},
           Example{"redis.exceptions.ConnectionError: Error 111 connecting to localhost:6379. "
                   "Connection refused.",
                   "Python: redis-py", &kRefused},
       }) {
    expect_first(example);
  }
}

TEST(Examples, Node) {
  for (const Example& example : {
           Example{"Error: connect ECONNREFUSED 127.0.0.1:9", "Node.js", &kRefused},
           Example{"Error: connect ETIMEDOUT 10.0.0.1:443", "Node.js", &kConnectTimedOut},
           Example{"Error: getaddrinfo ENOTFOUND x.invalid", "Node.js", &kNameUnknown},
           Example{"Error: getaddrinfo EAI_AGAIN api.example", "Node.js", &kLookupFailed},
           Example{"Error: read ECONNRESET", "Node.js", &kReset},
           Example{"Error: socket hang up", "Node.js", &kPeerClosed},
           Example{"Error: Client network socket disconnected before secure TLS connection was "
                   "established",
                   "Node.js", &kTlsCut},
           Example{"ConnectTimeoutError: Connect Timeout Error (attempted address: "
                   "127.0.0.1:18082, timeout: 10000ms) UND_ERR_CONNECT_TIMEOUT",
                   "Node.js: fetch", &kConnectTimeout},
           Example{"TypeError: fetch failed", "Node.js: fetch", &kConnectFailed},
           Example{"AggregateError [ETIMEDOUT]: ", "Node.js 20", &kConnectTimeout},
           Example{"ESOCKETTIMEDOUT", "Node.js: request", &kNoReply},
           Example{"AxiosError: timeout of 3000ms exceeded", "axios", &kTotalTimeout},
       }) {
    expect_first(example);
  }
}

TEST(Examples, DotnetAndPhp) {
  for (const Example& example : {
           Example{
               "System.Net.Http.HttpRequestException: Name or service not known (api.example:443)",
               ".NET", &kNameUnknown},
           Example{"Resource temporarily unavailable (api.example:443)", ".NET", &kLookupFailed},
           Example{"The request was canceled due to the configured HttpClient.Timeout of 100 "
                   "seconds elapsing.",
                   ".NET 5", &kTotalTimeout},
           Example{"No connection could be made because the target machine actively refused it. "
                   "(localhost:5000)",
                   ".NET on Windows", &kRefused},
           Example{"stream_socket_client(): Unable to connect to tcp://10.0.0.1:80 (Connection "
                   "timed out)",
                   "PHP", &kConnectTimeout},
           Example{"SQLSTATE[HY000] [2002] Connection refused", "PHP", &kRefused},
           Example{
               "cURL error 28: Operation timed out after 10001 milliseconds with 0 bytes received",
               "curl", &kNoReply},
       }) {
    expect_first(example);
  }
}

TEST(Examples, Proxies) {
  for (const Example& example : {
           Example{"*1 connect() failed (111: Connection refused) while connecting to upstream, "
                   "client: 127.0.0.1",
                   "nginx", &kRefused},
           Example{"*3 upstream timed out (110: Connection timed out) while connecting to "
                   "upstream, client: 127.0.0.1",
                   "nginx", &kConnectTimeout},
           Example{"*5 upstream timed out (110: Connection timed out) while reading response "
                   "header from upstream",
                   "nginx", &kNoReply},
           Example{"*15 upstream timed out (110: Connection timed out) while SSL handshaking to "
                   "upstream",
                   "nginx", &kTlsTimeout},
           Example{"*9 upstream prematurely closed connection while reading response header from "
                   "upstream",
                   "nginx", &kPeerClosed},
           Example{"*14 no live upstreams while connecting to upstream", "nginx", &kNoneHealthy},
           Example{"*17 connect() to unix:/tmp/none.sock failed (2: No such file or directory) "
                   "while connecting to upstream",
                   "nginx", &kSocketFileGone},
           Example{"*19 nope.example could not be resolved (110: Operation timed out)", "nginx",
                   &kLookupFailed},
           Example{"haproxy[2]: 10.0.0.9:5000 [06/Feb/2026:12:14:14.655] web app/s1 0/0/-1/-1/3001 "
                   "503 217 - - sC-- 1/1/0/0/3 0/0 ",
                   "HAProxy", &kConnectTimeout},
           Example{"app/s1 0/0/1/-1/5003 504 194 - - sH-- 1/1/0/0/0 0/0", "HAProxy", &kNoReply},
           Example{"app/<NOSRV> 0/-1/-1/-1/0 503 217 - - SC-- 1/1/0/0/0 0/0", "HAProxy",
                   &kConnectFailed},
           Example{"sC", "HAProxy", &kConnectTimeout},
           Example{"Server app/s1 is DOWN, reason: Layer4 timeout, check duration: 2001ms",
                   "HAProxy", &kConnectTimeout},
           Example{"upstream connect error or disconnect/reset before headers. reset reason: "
                   "connection timeout",
                   "Envoy", &kConnectTimeout},
           Example{"upstream connect error or disconnect/reset before headers. reset reason: "
                   "connection termination",
                   "Envoy", &kPeerClosed},
           Example{"no healthy upstream", "Envoy", &kNoneHealthy},
           Example{"<h1>504 Gateway Time-out</h1>", "nginx, HAProxy", &kGatewayTimeout},
           Example{"502 Bad Gateway", "nginx, HAProxy", &kBadGateway},
           Example{"UF", "Envoy", &kConnectFailed},
           Example{"\"GET /hello HTTP/1.1\" 503 UH no_healthy_upstream - \"-\" 0 19 0", "Envoy",
                   &kNoneHealthy},
       }) {
    expect_first(example);
  }
}

TEST(Examples, RubyAndRust) {
  for (const Example& example : {
           Example{"Errno::ETIMEDOUT: Connection timed out - connect(2) for \"foo\" port 80",
                   "Ruby", &kConnectTimedOut},
           Example{"Net::OpenTimeout: execution expired", "Ruby's Net::HTTP", &kConnectTimeout},
           Example{"Net::ReadTimeout with #<TCPSocket:(closed)>", "Ruby's Net::HTTP", &kNoReply},
           Example{"Faraday::ConnectionFailed (execution expired)", "Ruby: Faraday",
                   &kConnectTimeout},
           Example{"hyper: error trying to connect: tcp connect error: Connection timed out (os "
                   "error 110)",
                   "Rust: hyper", &kConnectTimedOut},
           Example{"error trying to connect: tcp connect error: Connection refused (os error 111)",
                   "Rust: hyper", &kRefused},
       }) {
    expect_first(example);
  }
}

TEST(Examples, TheSystem) {
  for (const Example& example : {
           Example{"Network is down", "the C library", &kNetworkDown},
           Example{"Transport endpoint is not connected", "the C library", &kNotConnected},
           Example{"Protocol not available", "the C library", &kNoProtocol},
       }) {
    expect_first(example);
  }
}

TEST(Examples, Databases) {
  for (const Example& example : {
           Example{
               "psql: error: connection to server at \"127.0.0.1\", port 9 failed: Connection "
               "refused\n\tIs the server running on that host and accepting TCP/IP connections?",
               "PostgreSQL", &kRefused},
           Example{"psql: error: connection to server at \"127.0.0.1\", port 18082 failed: timeout "
                   "expired",
                   "PostgreSQL", &kTotalTimeout},
           Example{
               "could not translate host name \"x.invalid\" to address: Name or service not known",
               "PostgreSQL", &kNameUnknown},
           Example{"server closed the connection unexpectedly", "PostgreSQL", &kPeerClosed},
           Example{"connection to server on socket \"/tmp/none/.s.PGSQL.5432\" failed: No such "
                   "file or directory",
                   "PostgreSQL", &kSocketFileGone},
           Example{"Could not connect to Redis at 127.0.0.1:6379: Connection refused", "redis-cli",
                   &kRefused},
           Example{"redis.clients.jedis.exceptions.JedisConnectionException: "
                   "java.net.SocketTimeoutException: Read timed out",
                   "Java: Jedis", &kNoReply},
           Example{
               "io.lettuce.core.RedisCommandTimeoutException: Command timed out after 1 minute(s)",
               "Java: Lettuce", &kNoReply},
           Example{"redis: connection pool timeout", "go-redis", &kPoolEmpty},
           Example{"SSL SYSCALL error: EOF detected", "PostgreSQL", &kPeerClosed},
           Example{"SSL SYSCALL error: Connection timed out", "PostgreSQL", &kTimedOut},
           Example{"FATAL: sorry, too many clients already", "PostgreSQL", &kServerIsFull},
           Example{"FATAL: remaining connection slots are reserved for non-replication superuser "
                   "connections",
                   "PostgreSQL", &kServerIsFull},
           Example{"(error) ERR max number of clients reached", "Redis", &kServerIsFull},
           Example{"ERROR 2003 (HY000): Can't connect to MySQL server on '10.0.0.1' (110)", "MySQL",
                   &kConnectTimedOut},
           Example{"ERROR 2003 (HY000): Can't connect to MySQL server on '10.0.0.1:3306' (111)",
                   "MySQL", &kRefused},
           Example{"Lost connection to MySQL server at 'reading initial communication packet', "
                   "system error: 110",
                   "MySQL", &kNoGreeting},
           Example{"Lost connection to MySQL server at 'reading initial communication packet', "
                   "system error: 0",
                   "MySQL", &kPeerClosed},
       }) {
    expect_first(example);
  }
}

TEST(Examples, CLibrary) {
  for (const Example& example : {
           Example{"Connection refused", "the C library", &kRefused},
           Example{"connect: Connection timed out", "the C library", &kTimedOut},
           Example{"No route to host", "the C library", &kNoRoute},
           Example{"Network is unreachable", "the C library", &kNetUnreachable},
           Example{"Operation now in progress", "the C library", &kInProgress},
           Example{"Temporary failure in name resolution", "the C library", &kLookupFailed},
           Example{"Cannot assign requested address", "the C library", &kNoSourcePort},
       }) {
    expect_first(example);
  }
}

TEST(Examples, UnknownTextsAreNotGuessedAt) {
  for (const std::string_view said :
       {"segmentation fault", "404 Not Found", "buffer overflow detected", "SH: command not found",
        "no space left on device", "the quick brown fox"}) {
    const auto found = find_texts(said);
    EXPECT_TRUE(found.empty()) << said << " taken for: " << found.front().printed_by;
  }
}

// Clients of queues, of other databases, of gRPC; and TLS where there is none.
TEST(Examples, MoreClients) {
  for (const Example& example : {
           Example{"wget: unable to resolve host address 'nope.test'", "wget", &kNotResolved},
           Example{"Read error (Connection reset by peer) in headers.", "wget", &kReset},
           Example{"curl: (35) error:0A00010B:SSL routines::wrong version number", "OpenSSL",
                   &kNotTls},
           Example{"SSL_do_handshake() failed (SSL: error:0A00010B:SSL routines::wrong version "
                   "number) while SSL handshaking to upstream",
                   "nginx", &kNotTls},
           Example{"ssl.SSLError: [SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)",
                   "Python's ssl", &kNotTls},
           Example{"javax.net.ssl.SSLException: Unsupported or unrecognized SSL message", "Java",
                   &kNotTls},
           Example{"tls: first record does not look like a TLS handshake", "Go", &kNotTls},
           Example{"aiohttp.client_exceptions.ClientConnectorError: Cannot connect to host "
                   "shop.test:443 ssl:default [Connect call failed ('10.0.0.7', 443)]",
                   "Python: aiohttp", &kConnectFailed},
           Example{"ERROR 2002 (HY000): Can't connect to local MySQL server through socket "
                   "'/run/mysqld/mysqld.sock' (2)",
                   "MySQL", &kSocketFileGone},
           Example{"Communications link failure The last packet sent successfully to the server "
                   "was 0 milliseconds ago. The driver has not received any packets from the "
                   "server.",
                   "MySQL Connector/J", &kConnectFailed},
           Example{"[Producer clientId=producer-1] Connection to node -1 "
                   "(localhost/127.0.0.1:9092) could not be established. Broker may not be "
                   "available.",
                   "Kafka", &kConnectFailed},
           Example{"org.apache.kafka.common.errors.TimeoutException: Topic t not present in "
                   "metadata after 60000 ms.",
                   "Kafka", &kTotalTimeout},
           Example{"status = StatusCode.DEADLINE_EXCEEDED details = \"Deadline Exceeded\"", "gRPC",
                   &kTotalTimeout},
           Example{"io.grpc.StatusRuntimeException: UNAVAILABLE: io exception", "gRPC for Java",
                   &kConnectFailed},
           Example{"java.net.ConnectException: Failed to connect to /10.0.0.7:8080", "OkHttp",
                   &kConnectFailed},
           Example{"java.io.IOException: unexpected end of stream on http://10.0.0.7:8080/...",
                   "OkHttp", &kPeerClosed},
           Example{"System.Net.Http.HttpRequestException: Connection refused (localhost:5000)",
                   ".NET", &kRefused},
           Example{"com.mongodb.MongoSocketOpenException: Exception opening socket", "MongoDB",
                   &kConnectFailed},
           Example{"pymongo.errors.ServerSelectionTimeoutError: localhost:27017: [Errno 111] "
                   "Connection refused, Timeout: 30s",
                   "Python: pymongo", &kRefused},
           Example{"ORA-12541: TNS:no listener", "Oracle", &kRefused},
       }) {
    expect_first(example);
  }
}

}  // namespace
}  // namespace sockwatch::texts
