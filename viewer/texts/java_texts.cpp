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

const std::array kJavaTexts = {
    ErrorText{"connection timed out (connection timed out)", kBefore13, &kKernelGaveUp, &kJava,
              "The kernel gave up: the program had set no connect time-out, or one longer than the "
              "kernel's."},
    ErrorText{"connection refused (connection refused)", kBefore13, &kRefused, &kJava},
    ErrorText{"no route to host (host unreachable)", kBefore13, &kNoRoute, &kJava},
    ErrorText{"connectexception: connection timed out: connect || connection timed out: connect",
              "Java on Windows", &kKernelGaveUp, &kJava},
    ErrorText{"connectexception: connection refused: connect || connection refused: connect",
              "Java on Windows", &kRefused, &kJava},
    ErrorText{"connectexception: connection timed out", kAnyJava, &kKernelGaveUp, &kJava,
              "The kernel gave up: the program had set no connect time-out, or one longer than the "
              "kernel's."},
    ErrorText{"connectexception: connection refused", kAnyJava, &kRefused, &kJava},
    ErrorText{"sockettimeoutexception: connect timed out || connect timed out", kAnyJava,
              &kConnectTimeout, &kJava,
              "The limit is the program's connect time-out. 'connect timed out' comes from Java "
              "before 13, 'Connect timed out' from 13 and later."},
    ErrorText{"sockettimeoutexception: read timed out", kAnyJava, &kNoReply, &kJava,
              "The limit is the socket's SO_TIMEOUT (setSoTimeout, setReadTimeout)."},
    ErrorText{"http connect timed out || httpconnecttimeoutexception", kHttpClient,
              &kConnectTimeout, &kJava,
              "Its connectTimeout, or the request's own timeout while it was still connecting. The "
              "time of the name lookup may be in it."},
    ErrorText{"httptimeoutexception: request timed out", kHttpClient, &kNoReply, &kJava,
              "The request's timeout: connected, no answer in time."},
    ErrorText{"java.net.connectexception*java.nio.channels.closedchannelexception", kHttpClient,
              &kRefused, &kJava, "It hides the reason; with Java 17 refused looks like this."},
    ErrorText{"unresolvedaddressexception", kHttpClient, &kNotResolved, &kJava},
    ErrorText{"unsupported or unrecognized ssl message", "Java's TLS (JSSE)", &kNotTls, &kJava},
    ErrorText{"header parser received no bytes", kHttpClient, &kPeerClosed, &kJava},
    ErrorText{"unknownhostexception*temporary failure in name resolution", kAnyJava, &kLookupFailed,
              &kJava},
    ErrorText{"unknownhostexception", kAnyJava, &kNameUnknown, &kJava,
              "Java remembers a failed lookup for 10 s (networkaddress.cache.negative.ttl)."},
    ErrorText{"noroutetohostexception: no route to host || noroutetohostexception", kAnyJava,
              &kNoRoute, &kJava, "Java throws it for 'network is unreachable' at times too."},
    ErrorText{"socketexception: network is unreachable", kAnyJava, &kNetUnreachable, &kJava},
    ErrorText{"socketexception: connection reset", kAnyJava, &kReset, &kJava},
    ErrorText{"unexpected end of file from server", "Java's HttpURLConnection", &kPeerClosed,
              &kJava},
    ErrorText{"remote host terminated the handshake || ssl peer shut down incorrectly",
              "Java's TLS (JSSE)", &kTlsCut, &kJava},
    ErrorText{"connect to*failed: connect timed out || connecttimeoutexception", kApache,
              &kConnectTimeout, &kJava},
    ErrorText{"connect to*failed: connection refused || httphostconnectexception", kApache,
              &kRefused, &kJava},
    ErrorText{"timeout waiting for connection from pool || connectionpooltimeoutexception", kApache,
              &kPoolEmpty, &kJava},
    ErrorText{"failed to respond || nohttpresponseexception", kApache, &kPeerClosed, &kJava},
    ErrorText{"connection is not available, request timed out after #ms", "HikariCP", &kPoolEmpty,
              &kJava},
    ErrorText{"connectexception: failed to connect to", kOkHttp, &kConnectFailed, &kJava,
              "'Caused by' has the reason: refused, no route, or timed out."},
    ErrorText{"sockettimeoutexception: failed to connect to*after #ms || "
              "failed to connect to*(port #)*after #ms",
              kOkHttp, &kConnectTimeout, &kJava, "The limit is connectTimeout, 10 s by default."},
    ErrorText{"unexpected end of stream on http || unexpected end of stream on connection", kOkHttp,
              &kPeerClosed, &kJava},
    ErrorText{"statusruntimeexception: unavailable: io exception || unavailable: io exception",
              "gRPC for Java", &kConnectFailed, &kJava, "'Caused by' has the reason."},
    ErrorText{"statusruntimeexception: deadline_exceeded || deadline_exceeded: deadline exceeded",
              "gRPC for Java", &kTotalTimeout, &kJava,
              "The deadline of the call counts from the lookup to the answer."},
    ErrorText{"connection to node*could not be established. broker may not be available || "
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
    ErrorText{"connection timed out: /*:# || io.netty.channel.connecttimeoutexception", "Netty",
              &kConnectTimeout, &kJava, "The limit is CONNECT_TIMEOUT_MILLIS, 30 s by default."},
    ErrorText{"finishconnect(..) failed: connection refused", "Netty with its epoll transport",
              &kRefused, &kJava},
};

}  // namespace

std::span<const ErrorText> java_texts() { return kJavaTexts; }

}  // namespace sockwatch::texts
