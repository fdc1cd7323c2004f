#include <array>

#include "viewer/texts/meanings.h"
#include "viewer/texts/recordings.h"

namespace sockwatch::texts {
namespace {

constexpr std::string_view kOld =
    "Go before 1.10, so also programs built with it (Kubernetes, Docker, Tyk of 2017)";
constexpr std::string_view kNew = "Go 1.10 and later (there 'dial' stands before it)";
constexpr std::string_view kGoAny = "Go";
constexpr std::string_view kHttp = "Go's HTTP client (net/http)";
constexpr std::string_view kTyk = "Tyk gateway (answer to the caller, or its log)";

constexpr std::string_view kOldRemark =
    "'getsockopt' is only the call by which Go asked how the connect had ended. Since Go 1.10 the "
    "same sentence says 'connect:'.";

const std::array kGoTexts = {
    ErrorText{"getsockopt: connection timed out || connection timed out: getsockopt", kOld,
              &kKernelGaveUp, &kGo, kOldRemark},
    ErrorText{"getsockopt: connection refused || connection refused: getsockopt", kOld, &kRefused,
              &kGo, kOldRemark},
    ErrorText{"getsockopt: no route to host", kOld, &kNoRoute, &kGo, kOldRemark},
    ErrorText{"getsockopt: network is unreachable", kOld, &kNetUnreachable, &kGo, kOldRemark},
    ErrorText{"connect: connection timed out", kNew, &kKernelGaveUp, &kGo,
              "The program had set no limit of its own, or a longer one than the kernel's."},
    ErrorText{"connect: connection refused", kNew, &kRefused, &kGo},
    ErrorText{"connect: no route to host", kNew, &kNoRoute, &kGo},
    ErrorText{"connect: network is unreachable", kNew, &kNetUnreachable, &kGo},
    ErrorText{"connect: cannot assign requested address", kNew, &kNoSourcePort, &kGo},
    ErrorText{"dial tcp*i/o timeout || dial unix*i/o timeout", kGoAny, &kConnectTimeout, &kGo,
              "The limit is net.Dialer.Timeout or a context's deadline; 30 s in "
              "http.DefaultTransport. 'lookup' in the sentence means that the name lookup took it "
              "all."},
    ErrorText{"dial tcp: lookup*i/o timeout || lookup*on*read udp*i/o timeout || "
              "lookup*i/o timeout",
              "Go's own resolver", &kLookupFailed, &kGo,
              "The address after 'on' is the name server that did not answer."},
    ErrorText{"first record does not look like a tls handshake || "
              "server gave http response to https client",
              "Go's TLS (crypto/tls, net/http)", &kNotTls, &kGo},
    ErrorText{"lookup*no such host || no such host", "Go's resolver", &kNameUnknown, &kGo},
    ErrorText{"lookup*server misbehaving || server misbehaving", "Go's own resolver",
              &kLookupFailed, &kGo, "The name server answered, with a failure (SERVFAIL)."},
    ErrorText{"read tcp*i/o timeout", kGoAny, &kNoReply, &kGo},
    ErrorText{"write tcp*i/o timeout", kGoAny, &kNoReply, &kGo,
              "The deadline passed while sending: the peer takes no more data, or the path died."},
    ErrorText{"i/o timeout", kGoAny, &kTotalTimeout, &kGo,
              "A deadline passed. 'dial' before it means connecting, 'read' waiting for an answer, "
              "'lookup' the name lookup."},
    ErrorText{"net/http: tls handshake timeout || tls handshake timeout", kHttp, &kTlsTimeout, &kGo,
              "The limit is Transport.TLSHandshakeTimeout, 10 s by default."},
    ErrorText{"timeout awaiting response headers", kHttp, &kNoReply, &kGo,
              "The limit is Transport.ResponseHeaderTimeout: the request was sent."},
    ErrorText{"request canceled while waiting for connection", kHttp, &kTotalTimeout, &kGo,
              "The limit (Client.Timeout or the context) ran out before a connection was there: in "
              "lookup, connect or TLS, or while waiting for a free one (MaxConnsPerHost)."},
    ErrorText{"client.timeout exceeded while awaiting headers || "
              "client.timeout or context cancellation while reading body",
              kHttp, &kTotalTimeout, &kGo,
              "'while awaiting headers' says only that no answer had come yet; the time may have "
              "gone into the lookup or the connect as well."},
    ErrorText{"context deadline exceeded", kGoAny, &kTotalTimeout, &kGo,
              "The deadline of a context passed, whatever was being done then."},
    ErrorText{"context canceled", kGoAny, &kCallerLeft, &kGo},
    ErrorText{"read tcp*read: connection reset by peer || read unix*read: connection reset by peer",
              kGoAny, &kReset, &kGo},
    ErrorText{"write: broken pipe", kGoAny, &kBrokenPipe, &kGo},
    ErrorText{"server closed idle connection", kHttp, &kPeerClosed, &kGo,
              "The server closed a pooled connection in the moment it was used again."},
    ErrorText{"unexpected eof || : eof", kGoAny, &kPeerClosed, &kGo},
    ErrorText{"socket: too many open files || accept: too many open files", kGoAny, &kNoDescriptor,
              &kGo},
    // Tyk
    ErrorText{"upstream service reached hard timeout", kTyk, &kNoReply, &kGo,
              "Sent when no response header came in time: the enforced timeout of that path, or "
              "proxy_default_timeout. Older versions answer 408, newer ones 504."},
    ErrorText{"there was a problem proxying the request", kTyk, &kConnectFailed, &kGo,
              "Status 500 for every error Tyk has no words of its own for. Its log has the reason: "
              "look for 'http: proxy error:' at that moment and explain that text."},
    ErrorText{"upstream host lookup failed", kTyk, &kNameUnknown, &kGo},
    ErrorText{"client closed request", kTyk, &kCallerLeft, &kGo, "Status 499."},
    ErrorText{"all hosts are down", kTyk, &kNoneHealthy, &kGo},
};

}  // namespace

std::span<const ErrorText> go_texts() { return kGoTexts; }

}  // namespace sockwatch::texts
