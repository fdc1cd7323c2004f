#include <array>

#include "viewer/texts/meanings.h"
#include "viewer/texts/recordings.h"

namespace sockwatch::texts {
namespace {

constexpr std::string_view kAnyPython = "Python";
constexpr std::string_view kHttpx = "Python: httpx, httpcore";
constexpr std::string_view kBotocore = "Python: botocore, boto3 (AWS)";
constexpr std::string_view kAiohttp = "Python: aiohttp";
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
    ErrorText{"connectionreseterror: [errno 104] || connectionreseterror || [errno 104] connection "
              "reset by peer",
              kAnyPython, &kReset, &kPython},
    ErrorText{"brokenpipeerror || [errno 32] broken pipe", kAnyPython, &kBrokenPipe, &kPython},
    ErrorText{"[errno -2] name or service not known", kAnyPython, &kNameUnknown, &kPython},
    ErrorText{"[errno -3] temporary failure in name resolution", kAnyPython, &kLookupFailed,
              &kPython},
    ErrorText{"[errno -5] no address associated with hostname", kAnyPython, &kNameUnknown, &kPython,
              "The name exists, but has no address of the wanted kind (IPv4 or IPv6)."},
    ErrorText{"urlopen error [errno 111] connection refused", "Python's urllib", &kRefused,
              &kPython},
    ErrorText{"urlopen error [errno 110] connection timed out", "Python's urllib", &kKernelGaveUp,
              &kPython},
    ErrorText{"urlopen error [errno -2] name or service not known", "Python's urllib",
              &kNameUnknown, &kPython},
    ErrorText{"urlopen error [errno -3] temporary failure in name resolution", "Python's urllib",
              &kLookupFailed, &kPython},
    ErrorText{"blockingioerror: [errno 11] || blockingioerror: [errno 115]", kAnyPython, &kTryAgain,
              &kPython},
    ErrorText{"urlopen error timed out", "Python's urllib", &kConnectTimeout, &kPython,
              "While connecting. A time-out of the answer reaches the program as 'timed out' "
              "without 'urlopen error'."},
    ErrorText{"handshake operation timed out", "Python's ssl", &kTlsTimeout, &kPython},
    ErrorText{"timeouterror: timed out || socket.timeout: timed out",
              "Python's socket (socket.timeout before 3.10, TimeoutError since)", &kTotalTimeout,
              &kPython,
              "The socket's own limit (settimeout, timeout=). The line of the program it points to "
              "tells whether it was connecting or reading."},
    ErrorText{"=timed out", "Python's socket prints no more than this; other programs do, too",
              &kTotalTimeout, &kAnyProgram},
    ErrorText{"asyncio.exceptions.timeouterror || asyncio.timeouterror || =timeouterror",
              "Python's asyncio (wait_for, timeout)", &kTotalTimeout, &kPython},
    ErrorText{"connecttimeouterror || connection to*timed out. (connect timeout=", kRequests,
              &kConnectTimeout, &kPython,
              "The limit is the first value of timeout=(connect, read)."},
    ErrorText{"readtimeouterror*read timed out || readtimeouterror || "
              "connectionpool*read timed out",
              kRequests, &kNoReply, &kPython,
              "The limit is the second value of timeout=(connect, read)."},
    ErrorText{"could not connect to the endpoint url", kBotocore, &kConnectFailed, &kPython},
    ErrorText{"connecttimeouterror: connect timeout on endpoint url || connect timeout on endpoint "
              "url",
              kBotocore, &kConnectTimeout, &kPython,
              "connect_timeout of its Config, 60 s by "
              "default."},
    ErrorText{"readtimeouterror: read timeout on endpoint url || read timeout on endpoint url",
              kBotocore, &kNoReply, &kPython, "read_timeout of its Config, 60 s by default."},
    ErrorText{"connectiondoesnotexisterror: connection was closed in the middle of operation || "
              "connection was closed in the middle of operation",
              "Python: asyncpg (PostgreSQL)", &kPeerClosed, &kPython},
    ErrorText{"read timed out. (read timeout=", kRequests, &kNoReply, &kPython,
              "The limit is the second value of timeout=(connect, read). It counts from the last "
              "byte, not from the start. A TLS handshake without an answer prints it too."},
    ErrorText{"max retries exceeded*failed to establish a new connection: [errno 111] || "
              "failed to establish a new connection: [errno 111]",
              kRequests, &kRefused, &kPython,
              "'Max retries exceeded' is said even if not a single retry was made."},
    ErrorText{"failed to establish a new connection: [errno -2]", kRequests, &kNameUnknown,
              &kPython, "The wording before urllib3 2."},
    ErrorText{"failed to establish a new connection: [errno -3]", kRequests, &kLookupFailed,
              &kPython, "The wording before urllib3 2."},
    ErrorText{"failed to establish a new connection: [errno 99]", kRequests, &kNoSourcePort,
              &kPython},
    ErrorText{"unable to connect to proxy*failed to establish a new connection: [errno 111] || "
              "cannot connect to proxy*failed to establish a new connection: [errno 111] || "
              "proxyerror*[errno 111] || cannot connect to proxy*[errno 111]",
              kRequests, &kRefused, &kPython,
              "It is the proxy (HTTP_PROXY, HTTPS_PROXY) that refused, not the server."},
    ErrorText{"cannot connect to proxy*tunnel connection failed: # || "
              "tunnel connection failed: #",
              kRequests, &kNoTunnel, &kPython},
    ErrorText{"cannot connect to proxy || unable to connect to proxy", kRequests, &kConnectFailed,
              &kPython, "It is the proxy (HTTP_PROXY, HTTPS_PROXY), not the server."},
    ErrorText{"failed to establish a new connection: [errno 110]", kRequests, &kKernelGaveUp,
              &kPython},
    ErrorText{"failed to establish a new connection: [errno 113]", kRequests, &kNoRoute, &kPython},
    ErrorText{"failed to establish a new connection: [errno 101]", kRequests, &kNetUnreachable,
              &kPython},
    ErrorText{"nameresolutionerror*[errno -3]", kRequests, &kLookupFailed, &kPython},
    ErrorText{"nameresolutionerror*[errno -2]", kRequests, &kNameUnknown, &kPython},
    ErrorText{"nameresolutionerror || failed to resolve*([errno", kRequests, &kNotResolved,
              &kPython},
    ErrorText{"connection aborted*remotedisconnected || "
              "remote end closed connection without response",
              "Python: http.client, requests", &kPeerClosed, &kPython},
    ErrorText{"connection aborted*connectionreseterror", kRequests, &kReset, &kPython},
    ErrorText{"[ssl: wrong_version_number] wrong version number || [ssl: wrong_version_number]",
              "Python's ssl", &kNotTls, &kPython},
    ErrorText{"[ssl: unexpected_eof_while_reading] || eof occurred in violation of protocol",
              "Python's ssl", &kTlsCut, &kPython},
    ErrorText{"[ssl: certificate_verify_failed]", "Python's ssl", &kNotBelieved, &kPython},
    ErrorText{"connection pool is full, discarding connection", kRequests, &kPoolEmpty, &kPython,
              "A warning, nothing failed: more threads than pooled connections, so connections are "
              "closed after one use."},
    ErrorText{"all connection attempts failed", "Python: httpx, anyio", &kConnectFailed, &kPython,
              "Each address of the name was tried."},
    ErrorText{
        "cannot connect to host*connect call failed || clientconnectorerror*connect call failed",
        kAiohttp, &kConnectFailed, &kPython,
        "It leaves the number of the error out: 111 would be refused, 113 no route."},
    ErrorText{"cannot connect to host*name or service not known", kAiohttp, &kNameUnknown,
              &kPython},
    ErrorText{"cannot connect to host*temporary failure in name resolution", kAiohttp,
              &kLookupFailed, &kPython},
    ErrorText{"timeout on reading data from socket || sockettimeouterror", kAiohttp, &kNoReply,
              &kPython, "The limit is sock_read of ClientTimeout."},
    ErrorText{"clientconnectorerror: cannot connect to host || cannot connect to host*ssl:",
              kAiohttp, &kConnectFailed, &kPython, "The words in the brackets behind it say why."},
    ErrorText{"cannot connect to host*[connection refused] || "
              "cannot connect to host*[errno 111]",
              kAiohttp, &kRefused, &kPython},
    ErrorText{"cannot connect to host*[connection reset by peer]", kAiohttp, &kReset, &kPython},
    ErrorText{"cannot connect to host*[no route to host]", kAiohttp, &kNoRoute, &kPython},
    ErrorText{"cannot connect to host*[network is unreachable]", kAiohttp, &kNetUnreachable,
              &kPython},
    ErrorText{"cannot connect to host*[name or service not known] || "
              "cannot connect to host*[timeout while contacting dns servers] || "
              "cannot connect to host*[domain name not found]",
              kAiohttp, &kNotResolved, &kPython},
    ErrorText{"cannot connect to host*certificate_verify_failed", kAiohttp, &kNotBelieved,
              &kPython},
    ErrorText{"connection timeout to host", kAiohttp, &kConnectTimeout, &kPython,
              "The limit is sock_connect or connect of ClientTimeout; the latter also covers the "
              "wait for a free connection."},
    ErrorText{"serverdisconnectederror: server disconnected || serverdisconnectederror || "
              "=server disconnected",
              kAiohttp, &kPeerClosed, &kPython},
    ErrorText{
        "grpc._channel*deadline_exceeded || statuscode.deadline_exceeded || =deadline exceeded",
        "gRPC", &kTotalTimeout, &kPython,
        "The deadline of the call counts from the lookup to the answer."},
    ErrorText{"statuscode.unavailable*failed to connect to all addresses || "
              "failed to connect to all addresses",
              "gRPC: Python, C++, Ruby, PHP", &kConnectFailed, &kPython,
              "Behind it stands the error of the last address."},
    ErrorText{"failed to connect to all addresses*connection refused",
              "gRPC: Python, C++, Ruby, PHP", &kRefused, &kPython},
    ErrorText{"serverselectiontimeouterror*[errno 111]", "Python: pymongo", &kRefused, &kPython},
    ErrorText{"serverselectiontimeouterror", "Clients of MongoDB", &kConnectFailed, &kPython,
              "No server could be used in time; the errors behind it say why for each."},
    ErrorText{"nobrokersavailable", "Python: kafka-python", &kConnectFailed, &kPython},
    ErrorText{"amqpconnectionerror", "Python: pika", &kConnectFailed, &kPython},
    ErrorText{"httpx.connecttimeout || httpcore.connecttimeout || =connecttimeout", kHttpx,
              &kConnectTimeout, &kPython, "5 s by default. It covers lookup, TCP and TLS."},
    ErrorText{"httpx.readtimeout || httpcore.readtimeout || =readtimeout", kHttpx, &kNoReply,
              &kPython, "5 s by default, between two reads."},
    ErrorText{"httpx.writetimeout || httpcore.writetimeout || =writetimeout", kHttpx, &kNoReply,
              &kPython, "The peer takes no more data."},
    ErrorText{"httpx.pooltimeout || httpcore.pooltimeout || =pooltimeout", kHttpx, &kPoolEmpty,
              &kPython, "5 s by default; max_connections (100) are all in use."},
    ErrorText{"connecterror: [errno -2] name or service not known || httpx.connecterror: [errno "
              "-2] || httpcore.connecterror: [errno -2] || "
              "connecterror: [errno -2]",
              kHttpx, &kNameUnknown, &kPython},
    ErrorText{"connecterror: [errno -3] temporary failure in name resolution || "
              "httpx.connecterror: [errno -3] || httpcore.connecterror: [errno -3] || "
              "connecterror: [errno -3]",
              kHttpx, &kLookupFailed, &kPython},
    ErrorText{"connecterror: [errno 111] connection refused || httpx.connecterror: [errno 111] || "
              "httpcore.connecterror: [errno 111] || "
              "connecterror: [errno 111]",
              kHttpx, &kRefused, &kPython},
    ErrorText{"connecterror: [errno 113] no route to host || httpx.connecterror: [errno 113] || "
              "connecterror: [errno 113]",
              kHttpx, &kNoRoute, &kPython},
    ErrorText{"httpx.connecterror || httpcore.connecterror", kHttpx, &kConnectFailed, &kPython},
    ErrorText{"readerror: [errno 104] connection reset by peer", kHttpx, &kReset, &kPython},
    ErrorText{"httpx.readerror || httpcore.readerror", kHttpx, &kLost, &kPython,
              "Mostly a reset; '[Errno 104]' behind it would say so."},
    ErrorText{"server disconnected without sending a response", kHttpx, &kPeerClosed, &kPython,
              "RemoteProtocolError. Often a kept connection that the server had just closed."},
    ErrorText{"peer closed connection without sending complete message body", kHttpx, &kPeerClosed,
              &kPython, "In the middle of the answer."},
    ErrorText{"httpx.unsupportedprotocol || request url is missing an", kHttpx, &kEndedHere,
              &kPython, "No connection was tried: the URL has no 'http://' or 'https://'."},
};

}  // namespace

std::span<const ErrorText> python_texts() { return kPythonTexts; }

}  // namespace sockwatch::texts
