#include <array>

#include "viewer/texts/meanings.h"
#include "viewer/texts/recordings.h"

namespace sockwatch::texts {
namespace {

constexpr std::string_view kAnyJava = "Java";
constexpr std::string_view kBefore13 = "Java before 13 on Linux";
constexpr std::string_view kHttpClient = "Java's HttpClient (java.net.http, Java 11 and later)";
constexpr std::string_view kOkHttp = "OkHttp (Java, Android)";
constexpr std::string_view kKafka = "Kafka's Java client";
constexpr std::string_view kApache = "Apache HttpClient for Java";
constexpr std::string_view kNetty = "Netty (Java), and clients built on it";
constexpr std::string_view kReactor = "Reactor Netty (Spring WebClient, Spring Cloud Gateway)";
constexpr std::string_view kGrpc = "gRPC for Java";

constexpr std::string_view kKernel =
    "The kernel gave up: the program had set no connect time-out, or one longer than the "
    "kernel's.";

const std::array kJavaTexts = {
    ErrorText{"connection timed out (connection timed out)", kBefore13, &kKernelGaveUp, &kJava,
              kKernel},
    ErrorText{"connection refused (connection refused)", kBefore13, &kRefused, &kJava},
    ErrorText{"no route to host (host unreachable)", kBefore13, &kNoRoute, &kJava},
    ErrorText{"network is unreachable (connect failed)", kBefore13, &kNetUnreachable, &kJava},
    ErrorText{"connection timed out (read failed)", kBefore13, &kTimedOut, &kJava,
              "Said of a read: an established connection went dead."},
    ErrorText{"connectexception: connection timed out: connect || connection timed out: connect",
              "Java on Windows", &kKernelGaveUp, &kWindows, "Windows gives up after about 21 s.",
              "exception || java"},
    ErrorText{"connectexception: connection refused: connect || connection refused: connect",
              "Java on Windows", &kRefused, &kWindows, "", "exception || java"},
    ErrorText{"connectexception: connection timed out: no further information: */#.#.#.#:# || "
              "connectexception: connection timed out: no further information",
              "Java (NIO) on Windows", &kKernelGaveUp, &kWindows},
    ErrorText{"connectexception: connection refused: no further information: */#.#.#.#:# || "
              "connectexception: connection refused: no further information",
              "Java (NIO) on Windows", &kRefused, &kWindows},
    ErrorText{"pkix path building failed || validatorexception: pkix || no subject alternative "
              "names matching || no subject alternative dns name matching || "
              "certificateexpiredexception",
              "Java's TLS (JSSE)", &kNotBelieved, &kJava},
    ErrorText{"the tcp/ip connection to the host*has failed. error: \"connection refused",
              "SQL Server's JDBC driver", &kRefused, &kJava},
    ErrorText{"the tcp/ip connection to the host*has failed. error: \"connect timed out",
              "SQL Server's JDBC driver", &kConnectTimeout, &kJava, "The limit is loginTimeout."},
    ErrorText{"the tcp/ip connection to the host*has failed", "SQL Server's JDBC driver",
              &kConnectFailed, &kJava, "The words behind 'Error:' say why."},
    ErrorText{"connectexception: connection timed out", kAnyJava, &kKernelGaveUp, &kJava, kKernel},
    ErrorText{"connectexception: operation timed out", "Java on macOS", &kKernelGaveUp, &kJava},
    ErrorText{"connectexception: connection refused", kAnyJava, &kRefused, &kJava},
    ErrorText{"sockettimeoutexception: connect timed out || =connect timed out", kAnyJava,
              &kConnectTimeout, &kJava,
              "The limit is the program's connect time-out. 'connect timed out' comes from Java "
              "before 13, 'Connect timed out' from 13 and later."},
    ErrorText{"sockettimeoutexception: read timed out", kAnyJava, &kNoReply, &kJava,
              "The limit is the socket's SO_TIMEOUT (setSoTimeout, setReadTimeout)."},
    ErrorText{"read timed out executing", "Java: Feign", &kNoReply, &kJava,
              "readTimeout, 60 s by default."},
    ErrorText{"connect timed out executing", "Java: Feign", &kConnectTimeout, &kJava,
              "connectTimeout, 10 s by default."},
    ErrorText{"http connect timed out || httpconnecttimeoutexception", kHttpClient,
              &kConnectTimeout, &kJava,
              "Its connectTimeout, or the request's own timeout while it was still connecting. The "
              "time of the name lookup may be in it."},
    ErrorText{"httptimeoutexception: request timed out", kHttpClient, &kNoReply, &kJava,
              "The request's timeout: connected, no answer in time."},
    ErrorText{"java.net.connectexception at*closedchannelexception || "
              "java.net.connectexception: null*closedchannelexception || "
              "connectexception caused by: java.nio.channels.closedchannelexception || "
              "connectexception | caused by: java.nio.channels.closedchannelexception",
              kHttpClient, &kRefused, &kJava,
              "It hides the reason; with Java 17 refused looks like this."},
    ErrorText{"unresolvedaddressexception", kHttpClient, &kNotResolved, &kJava},
    ErrorText{"unsupported or unrecognized ssl message", "Java's TLS (JSSE)", &kNotTls, &kJava},
    ErrorText{"header parser received no bytes", kHttpClient, &kPeerClosed, &kJava},
    ErrorText{"unknownhostexception*temporary failure in name resolution", kAnyJava, &kLookupFailed,
              &kJava},
    ErrorText{"unknownhostexception*no such host is known", "Java on Windows", &kNameUnknown,
              &kWindows},
    ErrorText{"unknownhostexception*name or service not known || unknownhostexception", kAnyJava,
              &kNameUnknown, &kJava,
              "Java remembers a failed lookup for 10 s (networkaddress.cache.negative.ttl)."},
    ErrorText{"noroutetohostexception: no route to host || noroutetohostexception", kAnyJava,
              &kNoRoute, &kJava, "Java throws it for 'network is unreachable' at times too."},
    ErrorText{"noroutetohostexception*cannot assign requested address || "
              "cannot assign requested address (address not available)",
              kAnyJava, &kNoSourcePort, &kJava},
    ErrorText{"bindexception: address already in use", kAnyJava, &kPortTaken, &kJava},
    ErrorText{"bindexception: cannot assign requested address", kAnyJava, &kNoSourcePort, &kJava},
    ErrorText{"connectexception: network is unreachable || "
              "socketexception: network is unreachable",
              kAnyJava, &kNetUnreachable, &kJava},
    ErrorText{"socketexception: connection reset by peer || socketexception: connection reset || "
              "ioexception: connection reset by peer",
              kAnyJava, &kReset, &kJava},
    ErrorText{"socketexception: broken pipe || ioexception: broken pipe || clientabortexception",
              kAnyJava, &kBrokenPipe, &kJava,
              "In a server (Tomcat's ClientAbortException) the one who asked had left."},
    ErrorText{"socketexception: socket closed", kAnyJava, &kEndedHere, &kJava},
    ErrorText{"socketexception: too many open files", kAnyJava, &kNoDescriptor, &kJava},
    ErrorText{"socketexception: permission denied", kAnyJava, &kDenied, &kJava},
    ErrorText{"unexpected end of file from server", "Java's HttpURLConnection", &kPeerClosed,
              &kJava},
    ErrorText{"remote host terminated the handshake || ssl peer shut down incorrectly || "
              "remote host closed connection during handshake",
              "Java's TLS (JSSE)", &kTlsCut, &kJava},
    // Apache HttpClient
    ErrorText{"connect to*failed: connect timed out || conn.connecttimeoutexception || "
              "hc.client5*connecttimeoutexception",
              kApache, &kConnectTimeout, &kJava},
    ErrorText{"connect to*failed: connection refused (connection refused) || "
              "connect to*] failed: connection refused || "
              "httphostconnectexception*failed: connection refused",
              kApache, &kRefused, &kJava},
    ErrorText{"connect to*failed: connection timed out (connection timed out) || "
              "connect to*] failed: connection timed out || "
              "httphostconnectexception*failed: connection timed out",
              kApache, &kKernelGaveUp, &kJava, kKernel},
    ErrorText{"connect to*failed: no route to host (host unreachable) || "
              "connect to*] failed: no route to host || "
              "httphostconnectexception*failed: no route to host",
              kApache, &kNoRoute, &kJava},
    ErrorText{"connect to*failed: network is unreachable (connect failed) || "
              "connect to*] failed: network is unreachable || "
              "httphostconnectexception*failed: network is unreachable",
              kApache, &kNetUnreachable, &kJava},
    ErrorText{
        "connect to*failed: read timed out || httphostconnectexception*failed: read timed out",
        kApache, &kTlsTimeout, &kJava, "Connected; the TLS handshake got no answer."},
    ErrorText{"httphostconnectexception", kApache, &kConnectFailed, &kJava,
              "The words behind 'failed:' say why."},
    ErrorText{"timeout waiting for connection from pool || connectionpooltimeoutexception || "
              "timeout deadline: # milliseconds",
              kApache, &kPoolEmpty, &kJava},
    ErrorText{
        ":# failed to respond || the target server failed to respond || nohttpresponseexception",
        kApache, &kPeerClosed, &kJava},
    ErrorText{
        "connection is not available, request timed out after #ms", "HikariCP", &kPoolEmpty, &kJava,
        "The limit is connectionTimeout, 30 s by default. A 'Caused by' behind it says why no "
        "new connection could be made."},
    // OkHttp
    ErrorText{"connectexception: failed to connect to", kOkHttp, &kConnectFailed, &kJava,
              "'Caused by' has the reason: refused, no route, or timed out."},
    ErrorText{"sockettimeoutexception: failed to connect to*after #ms || "
              "failed to connect to*(port #)*after #ms",
              kOkHttp, &kConnectTimeout, &kJava, "The limit is connectTimeout, 10 s by default."},
    ErrorText{"connectexception: failed to connect to*connection refused || "
              "failed to connect to*(port #)*econnrefused",
              kOkHttp, &kRefused, &kJava},
    ErrorText{"failed to connect to*(port #)*ehostunreach", kOkHttp, &kNoRoute, &kJava},
    ErrorText{"unexpected end of stream on http || unexpected end of stream on connection || "
              "unexpected end of stream on",
              kOkHttp, &kPeerClosed, &kJava},
    ErrorText{"sockettimeoutexception: timeout", kOkHttp, &kNoReply, &kJava,
              "The limit is readTimeout or writeTimeout, each 10 s by default; in an HTTP/2 "
              "connection all streams share the socket."},
    ErrorText{"stream was reset: || streamresetexception", kOkHttp, &kReset, &kJava,
              "HTTP/2: the other side reset this one stream; its connection may live on."},
    ErrorText{"java.io.ioexception: canceled || ioexception: canceled", kOkHttp, &kEndedHere,
              &kJava, "The call was cancelled by the program, mostly by a limit of its own."},
    ErrorText{"not found: limit=# content=", kOkHttp, &kPeerClosed, &kJava},
    ErrorText{"closedchannelexception", "Java (NIO), Netty", &kStale, &kJava,
              "A closed connection was used. Who closed it, an earlier line may say."},
    ErrorText{"interruptedioexception: timeout", kOkHttp, &kTotalTimeout, &kJava,
              "The limit is callTimeout: from the lookup to the end of the answer."},
    ErrorText{"unable to resolve host*no address associated with hostname", "Java on Android",
              &kNameUnknown, &kJava},
    // gRPC
    ErrorText{"statusruntimeexception: unavailable: io exception || unavailable: io exception",
              kGrpc, &kConnectFailed, &kJava, "'Caused by' has the reason."},
    ErrorText{"statusruntimeexception: unavailable: io exception*connection refused", kGrpc,
              &kRefused, &kJava},
    ErrorText{
        "statusruntimeexception: deadline_exceeded || deadline_exceeded: deadline exceeded || "
        "deadline_exceeded: calloptions deadline exceeded",
        kGrpc, &kTotalTimeout, &kJava,
        "The deadline of the call counts from the lookup to the answer."},
    // Kafka
    ErrorText{"connection to node*could not be established. broker may not be available || "
              "connection to node*could not be established. node may not be available || "
              "connection to node*could not be established",
              kKafka, &kConnectFailed, &kJava,
              "Node -1, -2, ... are the bootstrap servers. Other nodes have the address the broker "
              "gives of itself (advertised.listeners): it must be right from here as well."},
    ErrorText{"bootstrap broker*disconnected", kKafka, &kPeerClosed, &kJava,
              "Often plain text to a TLS listener, or the reverse."},
    ErrorText{"not present in metadata after # ms || timed out waiting for a node assignment || "
              "timeout expired while fetching topic metadata",
              kKafka, &kTotalTimeout, &kJava,
              "Warnings before it ('Connection to node ...') say whether it was connected at all."},
    ErrorText{"mongosocketopenexception", "MongoDB's Java driver", &kConnectFailed, &kJava,
              "'Caused by' has the reason."},
    ErrorText{"mongosocketreadtimeoutexception", "MongoDB's Java driver", &kNoReply, &kJava},
    // Netty
    ErrorText{"connecttimeoutexception: connection timed out || "
              "connection timed out: /#.#.#.#:# || connection timed out: */#.#.#.#:# || "
              "io.netty.channel.connecttimeoutexception || connection timed out after # ms: */",
              kNetty, &kConnectTimeout, &kJava,
              "The limit is CONNECT_TIMEOUT_MILLIS, 30 s by default."},
    ErrorText{"io.netty.channel.abstractchannel$annotatedconnectexception*connection refused || "
              "annotatedconnectexception*connection refused || "
              "finishconnect(..) failed: connection refused || "
              "connection refused: /#.#.#.#:# || connection refused: */#.#.#.#:#",
              kNetty, &kRefused, &kJava, "'finishConnect(..)' is its epoll transport."},
    ErrorText{"io.netty.channel.abstractchannel$annotatedconnectexception*connection timed out || "
              "io.netty.channel.abstractchannel$annotatedconnectexception: connection timed out: "
              "*/#.#.#.#:# || annotatedconnectexception: connection timed out: */#.#.#.#:# || "
              "annotatedconnectexception*connection timed out || "
              "finishconnect(..) failed: connection timed out",
              kNetty, &kKernelGaveUp, &kJava, "Here the kernel gave up before Netty did."},
    ErrorText{"annotatednoroutetohostexception || finishconnect(..) failed: no route to host || "
              "io.netty.channel.abstractchannel$annotatednoroutetohostexception",
              kNetty, &kNoRoute, &kJava},
    ErrorText{"annotatedsocketexception*network is unreachable || "
              "annotatedconnectexception*network is unreachable",
              kNetty, &kNetUnreachable, &kJava},
    ErrorText{"annotatedconnectexception", kNetty, &kConnectFailed, &kJava},
    ErrorText{"native$nativeioexception*connection reset by peer || "
              "recvaddress(..) failed: connection reset by peer || "
              "readaddress(..) failed: connection reset by peer || "
              "syscall:read(..) failed: connection reset by peer",
              "Netty (Java) with its epoll transport", &kReset, &kJava},
    ErrorText{"readtimeoutexception: null || io.netty.handler.timeout.readtimeoutexception || "
              "netty*readtimeoutexception",
              kNetty, &kNoReply, &kJava, "ReadTimeoutHandler: connected, nothing came in time."},
    ErrorText{"dnsresolvecontext$searchdomainunknownhostexception || "
              "failed to resolve*after # queries || dnsnameresolvertimeoutexception || "
              "searchdomainunknownhostexception",
              "Netty's own resolver (Java)", &kNotResolved, &kJava,
              "'query timed out after ... milliseconds' behind it: the name server did not answer. "
              "NXDOMAIN: it does not know the name."},
    ErrorText{"dnsnameresolvertimeoutexception: [*query*timed out after # milliseconds || "
              "failed to resolve*query*timed out after # milliseconds",
              "Netty's own resolver (Java)", &kLookupFailed, &kJava},
    ErrorText{"handshake timed out after #ms || sslhandshaketimeoutexception", kNetty, &kTlsTimeout,
              &kJava, "10 s by default."},
    // Reactor Netty
    ErrorText{"prematurecloseexception: connection prematurely closed before response || "
              "connection prematurely closed before response || prematurecloseexception",
              kReactor, &kPeerClosed, &kJava,
              "Often a pooled connection that the server had just closed as idle: maxIdleTime of "
              "the pool must be shorter than the server's keep-alive."},
    ErrorText{"connection prematurely closed during response", kReactor, &kPeerClosed, &kJava,
              "The header had come; the body was cut."},
    ErrorText{"acquire(duration) has been pending for more than the configured timeout of || "
              "poolacquiretimeoutexception",
              kReactor, &kPoolEmpty, &kJava, "pendingAcquireTimeout, 45 s by default."},
    ErrorText{"pending acquire queue has reached its maximum size of || "
              "poolacquirependinglimitexception",
              kReactor, &kPoolEmpty, &kJava, "pendingAcquireMaxCount was reached."},
    ErrorText{"did not observe any item or terminal signal within #ms", "Project Reactor (Java)",
              &kTotalTimeout, &kJava, "The limit is an operator timeout(...) in the program."},
};

}  // namespace

std::span<const ErrorText> java_texts() { return kJavaTexts; }

}  // namespace sockwatch::texts
