#include <array>

#include "viewer/texts/meanings.h"
#include "viewer/texts/recordings.h"

namespace sockwatch::texts {
namespace {

constexpr std::string_view kOld =
    "Go before 1.10, so also programs built with it (Kubernetes, Docker, Tyk of 2017)";
constexpr std::string_view kNew = "Go 1.10 and later";
constexpr std::string_view kGoAny = "Go";
constexpr std::string_view kHttp = "Go's HTTP client (net/http)";
constexpr std::string_view kResolver = "Go's own resolver";
constexpr std::string_view kWindowsGo = "Go on Windows";
constexpr std::string_view kProxy = "Go's HTTP client (net/http), towards its proxy";
constexpr std::string_view kUnix = "Go, to a socket file";
constexpr std::string_view kReverse =
    "Go's reverse proxy (net/http/httputil), so also gateways built on it (Tyk, ...)";
constexpr std::string_view kTyk = "Tyk gateway (answer to the caller, or its log)";
constexpr std::string_view kPgx = "Go: pgx (PostgreSQL)";

// What Go puts before an error of connecting. Others say 'connect: ...', too.
constexpr std::string_view kDial =
    "dial tcp || dial tcp4 || dial tcp6 || dial unix || dial udp || dial ip";

constexpr std::string_view kOldRemark =
    "'getsockopt' is only the call by which Go asked how the connect had ended. Since Go 1.10 the "
    "same sentence says 'connect:'.";
constexpr std::string_view kProxyRemark =
    "What was dialled is the proxy (HTTP_PROXY, HTTPS_PROXY), not the server.";
constexpr std::string_view kServerRemark =
    "The address after 'on' is the name server; it is what failed. The server itself was not "
    "asked.";

const std::array kGoTexts = {
    ErrorText{"getsockopt: connection timed out || connection timed out: getsockopt", kOld,
              &kKernelGaveUp, &kGo, kOldRemark},
    ErrorText{"getsockopt: connection refused || connection refused: getsockopt", kOld, &kRefused,
              &kGo, kOldRemark},
    ErrorText{"getsockopt: no route to host", kOld, &kNoRoute, &kGo, kOldRemark},
    ErrorText{"getsockopt: network is unreachable", kOld, &kNetUnreachable, &kGo, kOldRemark},
    ErrorText{"connect: connection timed out", kNew, &kKernelGaveUp, &kGo,
              "The program had set no limit of its own, or a longer one than the kernel's.", kDial},
    ErrorText{"connect: connection refused", kNew, &kRefused, &kGo, "", kDial},
    ErrorText{"connect: no route to host", kNew, &kNoRoute, &kGo, "", kDial},
    ErrorText{"connect: network is unreachable", kNew, &kNetUnreachable, &kGo, "", kDial},
    ErrorText{"connect: cannot assign requested address", kNew, &kNoSourcePort, &kGo, "", kDial},
    ErrorText{"connect: permission denied || connect: operation not permitted", kNew, &kDenied,
              &kGo, "", kDial},
    ErrorText{"connect: connection reset by peer", kNew, &kReset, &kGo,
              "Reset while connecting: the handshake was answered and broken off at once.", kDial},
    ErrorText{
        "dial tcp #.#.#.#:#: operation was canceled || dial tcp [*]:#: operation was canceled || "
        "dial tcp #.#.#.#:#: context canceled || dial tcp: operation was canceled",
        kGoAny, &kCallerLeft, &kGo,
        "The context was cancelled while connecting: by its own caller, or because another "
        "address of the same name was connected first."},
    ErrorText{"dial tcp #.#.#.#:#: context deadline exceeded || dial tcp [*]:#: context deadline "
              "exceeded",
              kGoAny, &kConnectTimeout, &kGo,
              "The deadline of a context passed while it was connecting."},
    ErrorText{"dial tcp*i/o timeout || dial tcp4*i/o timeout || dial tcp6*i/o timeout", kGoAny,
              &kConnectTimeout, &kGo,
              "The limit is net.Dialer.Timeout or a context's deadline; 30 s in "
              "http.DefaultTransport."},
    // Socket files
    ErrorText{"dial unix*connect: connection refused || dial unix*connection refused", kUnix,
              &kSocketFileRefused, &kGoFile},
    ErrorText{"dial unix*connect: no such file or directory || dial unix*no such file or directory",
              kUnix, &kSocketFileGone, &kGoFile},
    ErrorText{"dial unix*connect: permission denied || dial unix*permission denied", kUnix,
              &kSocketFileDenied, &kGoFile},
    ErrorText{"dial unix*connect: resource temporarily unavailable", kUnix, &kSocketFileFull,
              &kGoFile},
    ErrorText{"dial unix*i/o timeout", kUnix, &kSocketFileFull, &kGoFile},
    // Lookups
    ErrorText{"dial tcp: lookup*on*read udp*i/o timeout || lookup*on*read udp*i/o timeout || "
              "read udp*->*:53: i/o timeout",
              kResolver, &kLookupFailed, &kGo,
              "The address after 'on' is the name server that did not answer."},
    ErrorText{"dial tcp: lookup*i/o timeout || lookup*on*dial udp*i/o timeout || "
              "lookup*on*dial tcp*i/o timeout || lookup*i/o timeout || dial udp*:53: i/o timeout",
              kResolver, &kLookupFailed, &kGo, "No name server answered in time."},
    ErrorText{"dial tcp: lookup*on*read udp*read: connection refused || "
              "lookup*on*read udp*connection refused || lookup*on*dial udp*connection refused || "
              "lookup*on*dial tcp*connection refused || lookup*read udp*connection refused || "
              "dial udp*:53: connect: connection refused || read udp*->*:53: read: connection "
              "refused || dial tcp: lookup*on*connection refused",
              kResolver, &kLookupFailed, &kGo,
              "The address after 'on' is the name server: nobody serves port 53 there (systemd-"
              "resolved, dnsmasq or CoreDNS not running?). The server itself was not asked."},
    ErrorText{"dial tcp: lookup*on*network is unreachable || "
              "lookup*on*dial udp*connect: network is unreachable || "
              "lookup*on*dial udp*network is unreachable || lookup*on*no route to host || "
              "dial udp*:53: connect: network is unreachable || dial tcp: lookup*on*no route to "
              "host || lookup*on*dial udp*connect: no route to host",
              kResolver, &kLookupFailed, &kGo, kServerRemark},
    ErrorText{"dial tcp: lookup*operation was canceled || lookup*operation was canceled", kResolver,
              &kCallerLeft, &kGo, "The context was cancelled during the name lookup."},
    ErrorText{"dial tcp: lookup*context deadline exceeded", kResolver, &kLookupFailed, &kGo,
              "The deadline passed during the name lookup."},
    ErrorText{"dial tcp: lookup*no such host || lookup*no such host || =no such host",
              "Go's resolver", &kNameUnknown, &kGo},
    ErrorText{"dial tcp: lookup*server misbehaving || lookup*server misbehaving || server "
              "misbehaving",
              kResolver, &kLookupFailed, &kGo,
              "The name server answered, with a failure "
              "(SERVFAIL)."},
    ErrorText{"dial tcp: lookup*temporary failure in name resolution || lookup*: temporary failure "
              "in name resolution",
              "Go, by the C library's resolver", &kLookupFailed, &kGo},
    ErrorText{"dial tcp: lookup*name or service not known", "Go, by the C library's resolver",
              &kNameUnknown, &kGo},
    // By a proxy
    ErrorText{"proxyconnect tcp: dial tcp*connect: connection refused", kProxy, &kRefused, &kGo,
              kProxyRemark},
    ErrorText{"proxyconnect tcp: dial tcp*connect: connection timed out", kProxy, &kKernelGaveUp,
              &kGo, kProxyRemark},
    ErrorText{"proxyconnect tcp: dial tcp*connect: no route to host", kProxy, &kNoRoute, &kGo,
              kProxyRemark},
    ErrorText{"proxyconnect tcp: dial tcp*i/o timeout", kProxy, &kConnectTimeout, &kGo,
              kProxyRemark},
    ErrorText{"proxyconnect tcp: dial tcp: lookup*no such host", kProxy, &kNameUnknown, &kGo,
              kProxyRemark},
    ErrorText{"proxyconnect tcp: dial tcp: lookup*i/o timeout", kProxy, &kLookupFailed, &kGo,
              kProxyRemark},
    ErrorText{"proxyconnect tcp: tls: first record does not look like a tls handshake", kProxy,
              &kNotTls, &kGo,
              "The proxy is written as https://, and speaks plain HTTP: http:// in HTTPS_PROXY is "
              "what is mostly meant."},
    ErrorText{"proxyconnect tcp: || proxyconnect tcp", kProxy, &kConnectFailed, &kGo, kProxyRemark},
    ErrorText{"the connection to the server*was refused - did you specify the right host or port",
              "kubectl (Go)", &kRefused, &kGo,
              "localhost:8080 means that kubectl found no kubeconfig."},
    // TLS
    ErrorText{"first record does not look like a tls handshake || "
              "server gave http response to https client",
              "Go's TLS (crypto/tls, net/http)", &kNotTls, &kGo},
    ErrorText{"net/http: tls handshake timeout || tls handshake timeout", kHttp, &kTlsTimeout, &kGo,
              "The limit is Transport.TLSHandshakeTimeout, 10 s by default."},
    ErrorText{"remote error: tls: handshake failure || remote error: tls:", "Go's TLS (crypto/tls)",
              &kTlsCut, &kGo, "The other side said why: the words behind 'tls:'."},
    ErrorText{"tls: failed to verify certificate: x509: || x509: certificate || x509: cannot "
              "validate certificate",
              "Go's TLS (crypto/tls)", &kNotBelieved, &kGo},
    // Connected
    ErrorText{"http2: client connection lost", kHttp, &kTimedOut, &kGo,
              "An established connection of HTTP/2 went dead: its ping got no answer."},
    ErrorText{"http2: server sent goaway and closed the connection", kHttp, &kPeerClosed, &kGo,
              "The server announced the end of that connection (GOAWAY): a restart, or a limit of "
              "age or requests."},
    ErrorText{"read tcp*i/o timeout || read tcp4*i/o timeout || read unix*i/o timeout", kGoAny,
              &kNoReply, &kGo},
    ErrorText{"write tcp*i/o timeout", kGoAny, &kNoReply, &kGo,
              "The deadline passed while sending: the peer takes no more data, or the path died."},
    ErrorText{"read tcp*read: connection timed out || read tcp*connection timed out", kGoAny,
              &kTimedOut, &kGo,
              "Not the connect: an established connection went dead, and the kernel's resends or "
              "keep-alive probes ran out."},
    ErrorText{"read tcp*read: connection reset by peer || read unix*read: connection reset by peer "
              "|| read tcp*connection reset by peer",
              kGoAny, &kReset, &kGo, "The address behind '->' is the other side."},
    ErrorText{"write tcp*write: connection reset by peer || write tcp*connection reset by peer",
              kGoAny, &kReset, &kGo, "The address behind '->' is the other side."},
    ErrorText{"read tcp*use of closed network connection || use of closed network connection",
              kGoAny, &kEndedHere, &kGo},
    ErrorText{"write tcp*write: broken pipe || write unix*write: broken pipe || write: broken pipe",
              kGoAny, &kBrokenPipe, &kGo},
    ErrorText{"i/o timeout", kGoAny, &kTotalTimeout, &kGo,
              "A deadline passed. 'dial' before it means connecting, 'read' waiting for an answer, "
              "'lookup' the name lookup."},
    ErrorText{"timeout awaiting response headers", kHttp, &kNoReply, &kGo,
              "The limit is Transport.ResponseHeaderTimeout: the request was sent."},
    ErrorText{"request canceled while waiting for connection (client.timeout exceeded while "
              "awaiting headers) || request canceled while waiting for connection",
              kHttp, &kTotalTimeout, &kGo,
              "The limit (Client.Timeout or the context) ran out before a connection was there: in "
              "lookup, connect or TLS, or while waiting for a free one (MaxConnsPerHost)."},
    ErrorText{"context deadline exceeded (client.timeout exceeded while awaiting headers) || "
              "request canceled (client.timeout exceeded while awaiting headers) || "
              "client.timeout exceeded while awaiting headers",
              kHttp, &kTotalTimeout, &kGo,
              "'while awaiting headers' says only that no answer had come yet; the time may have "
              "gone into the lookup or the connect as well."},
    ErrorText{"client.timeout or context cancellation while reading body || "
              "client.timeout exceeded while reading body || context deadline exceeded "
              "(client.timeout or context cancellation while reading body)",
              kHttp, &kNoReply, &kGo,
              "The header had come; Client.Timeout, which counts the body as well, ran out while "
              "the body was read."},
    ErrorText{"context deadline exceeded", "Go", &kTotalTimeout, &kGo,
              "The deadline of a context passed, whatever was being done then."},
    ErrorText{"context canceled || =operation was canceled", kGoAny, &kCallerLeft, &kGo},
    ErrorText{"server closed idle connection", kHttp, &kPeerClosed, &kGo,
              "The server closed a pooled connection in the moment it was used again."},
    ErrorText{"transport connection broken: malformed http response || malformed http response",
              kHttp, &kNotUnderstood, &kGo,
              "Mostly TLS or HTTP/2 where plain HTTP/1 was expected: '\\x15\\x03' begins a record "
              "of TLS."},
    ErrorText{"\": eof || read: eof", kGoAny, &kPeerClosed, &kGo},
    ErrorText{": unexpected eof", kGoAny, &kPeerClosed, &kGo, "",
              "get \"http || post \"http || put \"http || http: || read tcp || rpc error || "
              "level=error || failed to receive message || client.timeout"},
    ErrorText{"socket: too many open files || accept: too many open files || accept4: too many "
              "open files",
              kGoAny, &kNoDescriptor, &kGo},
    // Windows
    ErrorText{"connectex: a connection attempt failed because the connected party did not properly "
              "respond || connectex: a connection attempt failed",
              kWindowsGo, &kConnectTimedOut, &kWindows,
              "Error 10060. Windows gives up after about 21 s."},
    ErrorText{"connectex: no connection could be made because the target machine actively refused "
              "it || connectex: no connection could be made",
              kWindowsGo, &kRefused, &kWindows, "Error 10061."},
    ErrorText{"connectex: a socket operation was attempted to an unreachable network", kWindowsGo,
              &kNetUnreachable, &kWindows, "Error 10051."},
    ErrorText{"connectex: a socket operation was attempted to an unreachable host", kWindowsGo,
              &kNoRoute, &kWindows, "Error 10065."},
    ErrorText{"connectex: only one usage of each socket address", kWindowsGo, &kNoSourcePort,
              &kWindows, "Error 10048: all source ports towards that server are in use."},
    ErrorText{"wsarecv: an existing connection was forcibly closed by the remote host || "
              "wsasend: an existing connection was forcibly closed by the remote host",
              kWindowsGo, &kReset, &kWindows, "Error 10054."},
    ErrorText{"wsarecv: a connection attempt failed because the connected party did not properly "
              "respond",
              kWindowsGo, &kTimedOut, &kWindows,
              "Error 10060, said of a read: an established connection went dead."},
    // Databases
    ErrorText{"failed to connect to*dial error*connect: connection refused", kPgx, &kRefused, &kGo},
    ErrorText{"failed to connect to*dial error*connect: no route to host", kPgx, &kNoRoute, &kGo},
    ErrorText{"failed to connect to*dial error*connect: connection timed out", kPgx, &kKernelGaveUp,
              &kGo},
    ErrorText{"failed to connect to*dial error*i/o timeout || failed to connect to*dial "
              "error*timeout: dial tcp",
              kPgx, &kConnectTimeout, &kGo,
              "The limit is connect_timeout of the connection string or a context's deadline."},
    ErrorText{"failed to connect to*hostname resolving error*no such host", kPgx, &kNameUnknown,
              &kGo},
    ErrorText{"failed to connect to*hostname resolving error", kPgx, &kNotResolved, &kGo},
    ErrorText{"failed to connect to*dial error", kPgx, &kConnectFailed, &kGo},
    ErrorText{"failed to connect to*failed to receive message*unexpected eof", kPgx, &kPeerClosed,
              &kGo,
              "Connected, and closed before PostgreSQL's answer: often a pooler or balancer "
              "without a server, or TLS to a port that has none."},
    ErrorText{"failed to connect to*server error*too many clients already", kPgx, &kServerIsFull,
              &kGo},
    ErrorText{"driver: bad connection", "Go: database/sql", &kStale, &kGo,
              "A pooled connection was found dead when it was used again."},
    ErrorText{"packets.go:*unexpected eof || [mysql]*unexpected eof",
              "Go: MySQL driver (go-sql-driver)", &kPeerClosed, &kGo},
    ErrorText{"invalid connection", "Go: MySQL driver (go-sql-driver)", &kStale, &kGo,
              "A pooled connection was found dead; the log line before it says how.", "mysql"},
    ErrorText{"redis: connection pool timeout", "go-redis", &kPoolEmpty, &kGo},
    ErrorText{"redis: connection pool: failed to dial", "go-redis", &kConnectFailed, &kGo,
              "The words behind it say why."},
    ErrorText{"rpc error: code = unavailable*connect: connection refused", "gRPC for Go", &kRefused,
              &kGo},
    ErrorText{"rpc error: code = unavailable*transport is closing", "gRPC for Go", &kPeerClosed,
              &kGo},
    ErrorText{"rpc error: code = unavailable || connection error: desc = \"transport:",
              "gRPC for "
              "Go",
              &kConnectFailed, &kGo, "The words behind 'desc' say why."},
    ErrorText{"rpc error: code = deadlineexceeded || code = deadlineexceeded", "gRPC for Go",
              &kTotalTimeout, &kGo,
              "The deadline of the call counts from the lookup to the answer."},
    // Gateways
    ErrorText{"http: proxy error: dial tcp*connect: connection refused", kReverse, &kRefused, &kGo},
    ErrorText{"http: proxy error: dial tcp*connect: connection timed out", kReverse, &kKernelGaveUp,
              &kGo},
    ErrorText{"http: proxy error: dial tcp*connect: no route to host", kReverse, &kNoRoute, &kGo},
    ErrorText{"http: proxy error: dial tcp*i/o timeout", kReverse, &kConnectTimeout, &kGo},
    ErrorText{"http: proxy error: dial tcp: lookup*no such host", kReverse, &kNameUnknown, &kGo},
    ErrorText{"http: proxy error: context canceled", kReverse, &kCallerLeft, &kGo},
    ErrorText{"http: proxy error: eof || http: proxy error: unexpected eof", kReverse, &kPeerClosed,
              &kGo},
    ErrorText{"http: proxy error", kReverse, &kConnectFailed, &kGo, "The words behind it say why."},
    ErrorText{"upstream service reached hard timeout", kTyk, &kNoReply, &kGo,
              "Sent when no response header came in time: the enforced timeout of that path, or "
              "proxy_default_timeout. Older versions answer 408, newer ones 504."},
    ErrorText{"there was a problem proxying the request", kTyk, &kConnectFailed, &kGo,
              "Status 500 for every error Tyk has no words of its own for. Its log has the reason: "
              "look for 'http: proxy error:' at that moment and explain that text."},
    ErrorText{"upstream host lookup failed", kTyk, &kNameUnknown, &kGo},
    ErrorText{"client closed request || 499 client closed request", kTyk, &kCallerLeft, &kGo,
              "Status 499. Other gateways say it too (nginx in its log, Traefik)."},
    ErrorText{"all hosts are down", kTyk, &kNoneHealthy, &kGo},
    ErrorText{"context deadline exceeded", "KrakenD gateway (Go)", &kTotalTimeout, &kGo,
              "The timeout of the endpoint, 2 s by default.", "krakend"},
    ErrorText{"502 bad gateway' caused by: eof || 502 bad gateway caused by: eof", "Traefik (Go)",
              &kPeerClosed, &kGo},
    ErrorText{"504 gateway timeout' caused by: || 504 gateway timeout caused by:", "Traefik (Go)",
              &kTotalTimeout, &kGo, "The words behind it say how."},
};

}  // namespace

std::span<const ErrorText> go_texts() { return kGoTexts; }

}  // namespace sockwatch::texts
