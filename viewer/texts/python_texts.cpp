#include <array>

#include "viewer/texts/meanings.h"
#include "viewer/texts/recordings.h"

namespace sockwatch::texts {
namespace {

constexpr std::string_view kAnyPython = "Python";
constexpr std::string_view kRequests = "Python: requests, urllib3";

const std::array kPythonTexts = {
    ErrorText{"[errno 110] connection timed out || timeouterror: [errno 110]", kAnyPython,
              &kTimedOut, &kPython,
              "Errno 110 is the kernel's limit. The program's own prints 'timed out' without a "
              "number."},
    ErrorText{"[errno 110] connect call failed", "Python's asyncio", &kKernelGaveUp, &kPython},
    ErrorText{"[errno 111] connect call failed", "Python's asyncio", &kRefused, &kPython},
    ErrorText{"multiple exceptions: [errno 111]", "Python's asyncio", &kRefused, &kPython,
              "Every address of the name refused."},
    ErrorText{"[errno 113] connect call failed", "Python's asyncio", &kNoRoute, &kPython},
    ErrorText{"connectionrefusederror || [errno 111] connection refused", kAnyPython, &kRefused,
              &kPython},
    ErrorText{"[errno 113] no route to host", kAnyPython, &kNoRoute, &kPython},
    ErrorText{"[errno 101] network is unreachable", kAnyPython, &kNetUnreachable, &kPython},
    ErrorText{"[errno 99] cannot assign requested address", kAnyPython, &kNoSourcePort, &kPython},
    ErrorText{"connectionreseterror || [errno 104] connection reset by peer", kAnyPython, &kReset,
              &kPython},
    ErrorText{"brokenpipeerror || [errno 32] broken pipe", kAnyPython, &kBrokenPipe, &kPython},
    ErrorText{"[errno -2] name or service not known", kAnyPython, &kNameUnknown, &kPython},
    ErrorText{"[errno -3] temporary failure in name resolution", kAnyPython, &kLookupFailed,
              &kPython},
    ErrorText{"[errno -5] no address associated with hostname", kAnyPython, &kNameUnknown, &kPython,
              "The name exists, but has no address of the wanted kind (IPv4 or IPv6)."},
    ErrorText{"urlopen error timed out", "Python's urllib", &kConnectTimeout, &kPython,
              "While connecting. A time-out of the answer reaches the program as 'timed out' "
              "without 'urlopen error'."},
    ErrorText{"handshake operation timed out", "Python's ssl", &kTlsTimeout, &kPython},
    ErrorText{"timeouterror: timed out || socket.timeout: timed out || =timed out",
              "Python's socket (socket.timeout before 3.10, TimeoutError since)", &kTotalTimeout,
              &kPython,
              "The socket's own limit (settimeout, timeout=). The line of the program it points to "
              "tells whether it was connecting or reading."},
    ErrorText{"asyncio.exceptions.timeouterror || asyncio.timeouterror || =timeouterror",
              "Python's asyncio (wait_for, timeout)", &kTotalTimeout, &kPython},
    ErrorText{"connecttimeouterror || connection to*timed out. (connect timeout=", kRequests,
              &kConnectTimeout, &kPython,
              "The limit is the first value of timeout=(connect, read)."},
    ErrorText{"read timed out. (read timeout=", kRequests, &kNoReply, &kPython,
              "The limit is the second value of timeout=(connect, read). It counts from the last "
              "byte, not from the start. A TLS handshake without an answer prints it too."},
    ErrorText{"max retries exceeded*failed to establish a new connection: [errno 111] || "
              "failed to establish a new connection: [errno 111]",
              kRequests, &kRefused, &kPython,
              "'Max retries exceeded' is said even if not a single retry was made."},
    ErrorText{"failed to establish a new connection: [errno 110]", kRequests, &kKernelGaveUp,
              &kPython},
    ErrorText{"failed to establish a new connection: [errno 113]", kRequests, &kNoRoute, &kPython},
    ErrorText{"failed to establish a new connection: [errno 101]", kRequests, &kNetUnreachable,
              &kPython},
    ErrorText{"nameresolutionerror*[errno -3]", kRequests, &kLookupFailed, &kPython},
    ErrorText{"nameresolutionerror*[errno -2]", kRequests, &kNameUnknown, &kPython},
    ErrorText{"nameresolutionerror || failed to resolve", kRequests, &kNotResolved, &kPython},
    ErrorText{"connection aborted*remotedisconnected || "
              "remote end closed connection without response",
              "Python: http.client, requests", &kPeerClosed, &kPython},
    ErrorText{"connection aborted*connectionreseterror", kRequests, &kReset, &kPython},
    ErrorText{"[ssl: wrong_version_number] || wrong_version_number", "Python's ssl", &kNotTls,
              &kPython},
    ErrorText{"unexpected_eof_while_reading || eof occurred in violation of protocol",
              "Python's ssl", &kTlsCut, &kPython},
    ErrorText{"connection pool is full, discarding connection", kRequests, &kPoolEmpty, &kPython,
              "A warning, nothing failed: more threads than pooled connections, so connections are "
              "closed after one use."},
    ErrorText{"all connection attempts failed", "Python: httpx, anyio", &kConnectFailed, &kPython},
    ErrorText{
        "cannot connect to host*connect call failed || clientconnectorerror*connect call failed",
        "Python: aiohttp", &kConnectFailed, &kPython,
        "It leaves the number of the error out: 111 would be refused, 113 no route."},
    ErrorText{"clientconnectordnserror || cannot connect to host*name or service not known",
              "Python: aiohttp", &kNameUnknown, &kPython},
    ErrorText{"cannot connect to host*temporary failure in name resolution", "Python: aiohttp",
              &kLookupFailed, &kPython},
    ErrorText{"connection timeout to host", "Python: aiohttp", &kConnectTimeout, &kPython,
              "The limit is sock_connect or connect of ClientTimeout; the latter also covers the "
              "wait for a free connection."},
    ErrorText{"serverdisconnectederror: server disconnected || serverdisconnectederror || "
              "=server disconnected",
              "Python: aiohttp", &kPeerClosed, &kPython},
    ErrorText{
        "grpc._channel*deadline_exceeded || statuscode.deadline_exceeded || deadline exceeded",
        "gRPC", &kTotalTimeout, &kPython,
        "The deadline of the call counts from the lookup to the answer."},
    ErrorText{"statuscode.unavailable*failed to connect to all addresses || "
              "failed to connect to all addresses",
              "gRPC: Python, C++, Ruby, PHP", &kConnectFailed, &kPython,
              "Behind it stands the error of the last address."},
    ErrorText{"serverselectiontimeouterror*[errno 111]", "Python: pymongo", &kRefused, &kPython},
    ErrorText{"serverselectiontimeouterror", "Clients of MongoDB", &kConnectFailed, &kPython,
              "No server could be used in time; the errors behind it say why for each."},
    ErrorText{"amqpconnectionerror", "Python: pika", &kConnectFailed, &kPython},
    ErrorText{"httpx.connecttimeout", "Python: httpx", &kConnectTimeout, &kPython},
    ErrorText{"httpx.readtimeout", "Python: httpx", &kNoReply, &kPython},
    ErrorText{"httpx.pooltimeout", "Python: httpx", &kPoolEmpty, &kPython},
};

}  // namespace

std::span<const ErrorText> python_texts() { return kPythonTexts; }

}  // namespace sockwatch::texts
