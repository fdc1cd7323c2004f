#include <array>

#include "viewer/texts/meanings.h"
#include "viewer/texts/recordings.h"

namespace sockwatch::texts {
namespace {

constexpr std::string_view kAnyDotnet = ".NET";
constexpr std::string_view kWindowsNet = ".NET on Windows";
constexpr std::string_view kSql = ".NET: SqlClient";

// What tells that .NET printed the words of the system.
constexpr std::string_view kNet =
    "system.net || socketexception || httprequestexception || system.io || microsoft. || npgsql";

const std::array kDotnetTexts = {
    ErrorText{"no connection could be made because the target machine actively refused it",
              kWindowsNet, &kRefused, &kWindows, "Error 10061.", kNet},
    ErrorText{"no connection could be made because the target machine actively refused it. (*:#)",
              kWindowsNet, &kRefused, &kWindows, "Error 10061."},
    ErrorText{
        "a connection attempt failed because the connected party did not properly respond "
        "after a period of time || connected party did not properly respond after a period of "
        "time",
        kWindowsNet, &kTimedOut, &kWindows,
        "Error 10060: no answer to the connect (Windows gives up after about 21 s), or none "
        "later on.",
        kNet},
    ErrorText{"no such host is known", kWindowsNet, &kNameUnknown, &kWindows, "Error 11001.", kNet},
    ErrorText{"no such host is known. (*:#)", kWindowsNet, &kNameUnknown, &kWindows,
              "Error 11001."},
    ErrorText{"an existing connection was forcibly closed by the remote host", kWindowsNet, &kReset,
              &kWindows, "Error 10054.", kNet},
    ErrorText{"socketexception (111): connection refused || socketexception (111) || "
              "socketexception (0x8000ffff): connection refused",
              kAnyDotnet, &kRefused, &kDotnet},
    ErrorText{"socketexception (110): connection timed out || socketexception (110)", kAnyDotnet,
              &kTimedOut, &kDotnet},
    ErrorText{"socketexception (113): no route to host || socketexception (113)", kAnyDotnet,
              &kNoRoute, &kDotnet},
    ErrorText{"socketexception (101): network is unreachable || socketexception (101)", kAnyDotnet,
              &kNetUnreachable, &kDotnet},
    ErrorText{"socketexception (104): connection reset by peer || socketexception (104)",
              kAnyDotnet, &kReset, &kDotnet},
    ErrorText{"socketexception (32): broken pipe || socketexception (32)", kAnyDotnet, &kBrokenPipe,
              &kDotnet},
    ErrorText{"socketexception (99): cannot assign requested address || socketexception (99)",
              kAnyDotnet, &kNoSourcePort, &kDotnet},
    ErrorText{"socketexception (11): resource temporarily unavailable || "
              "socketexception (00000001, 11): resource temporarily unavailable || "
              "socketexception (0xfffdfffe): resource temporarily unavailable",
              kAnyDotnet, &kLookupFailed, &kDotnet,
              "Said of a name lookup: it failed for now (EAI_AGAIN)."},
    ErrorText{"socketexception*name or service not known", kAnyDotnet, &kNameUnknown, &kDotnet},
    ErrorText{"unable to read data from the transport connection: connection reset by peer || "
              "unable to write data to the transport connection: connection reset by peer",
              kAnyDotnet, &kReset, &kDotnet},
    ErrorText{"unable to write data to the transport connection: broken pipe", kAnyDotnet,
              &kBrokenPipe, &kDotnet},
    ErrorText{"unable to read data from the transport connection: connection timed out", kAnyDotnet,
              &kTimedOut, &kDotnet, "Said of a read: an established connection went dead."},
    ErrorText{"unable to read data from the transport connection: operation canceled", kAnyDotnet,
              &kTotalTimeout, &kDotnet, "The program's own limit or token ended it."},
    ErrorText{"sockets.socketexception: connection refused", kAnyDotnet, &kRefused, &kDotnet},
    ErrorText{"timeout expired. the timeout period elapsed prior to completion of the operation or "
              "the server is not responding",
              kSql, &kNoReply, &kDotnet, "CommandTimeout, 30 s by default."},
    ErrorText{"httprequestexception: connection refused || connection refused (*:#)", kAnyDotnet,
              &kRefused, &kDotnet},
    ErrorText{"httprequestexception: connection timed out || connection timed out (*:#)",
              kAnyDotnet, &kKernelGaveUp, &kDotnet},
    ErrorText{"httprequestexception: no route to host || no route to host (*:#)", kAnyDotnet,
              &kNoRoute, &kDotnet},
    ErrorText{"httprequestexception: network is unreachable || network is unreachable (*:#)",
              kAnyDotnet, &kNetUnreachable, &kDotnet},
    ErrorText{"cannot assign requested address (*:#)", kAnyDotnet, &kNoSourcePort, &kDotnet},
    ErrorText{"httprequestexception: name or service not known || name or service not known (*:#)",
              kAnyDotnet, &kNameUnknown, &kDotnet},
    ErrorText{"httprequestexception: resource temporarily unavailable || "
              "resource temporarily unavailable (*:#)",
              kAnyDotnet, &kLookupFailed, &kDotnet,
              "Said of a name lookup: it failed for now (EAI_AGAIN)."},
    ErrorText{"the ssl connection could not be established, see inner exception || "
              "the ssl connection could not be established",
              ".NET: HttpClient", &kTlsFailed, &kDotnet, "The inner exception has the reason."},
    ErrorText{"the remote certificate is invalid", ".NET: SslStream", &kNotBelieved, &kDotnet},
    ErrorText{"authentication failed because the remote party has closed the transport stream || "
              "received an unexpected eof or 0 bytes from the transport stream",
              ".NET: SslStream", &kTlsCut, &kDotnet},
    ErrorText{"cannot determine the frame size or a corrupted frame was received",
              ".NET: SslStream", &kNotTls, &kDotnet},
    ErrorText{"request was canceled due to the configured httpclient.timeout",
              ".NET 5 and later: HttpClient", &kTotalTimeout, &kDotnet,
              "HttpClient.Timeout, 100 s by default, counts from the lookup to the answer."},
    ErrorText{"taskcanceledexception: the operation was canceled || "
              "operationcanceledexception: the operation was canceled",
              ".NET", &kTotalTimeout, &kDotnet,
              "A limit or a token of the program; the inner exception may say which."},
    ErrorText{"a task was canceled", ".NET: HttpClient, mostly before .NET 5", &kTotalTimeout,
              &kDotnet, "HttpClient.Timeout said it this way, and so does a cancelled token."},
    ErrorText{"a connection could not be established within the configured connecttimeout",
              ".NET: HttpClient", &kConnectTimeout, &kDotnet,
              "The limit is SocketsHttpHandler.ConnectTimeout; it includes lookup and TLS."},
    ErrorText{"the response ended prematurely", ".NET: HttpClient", &kPeerClosed, &kDotnet},
    ErrorText{"an error occurred while sending the request", ".NET: HttpClient", &kTotalTimeout,
              &kDotnet, "It says nothing by itself: the inner exception has the reason."},
    ErrorText{"prior to obtaining a connection from the pool", kSql, &kPoolEmpty, &kDotnet},
    ErrorText{"a network-related or instance-specific error occurred while establishing a "
              "connection",
              kSql, &kConnectFailed, &kDotnet},
    ErrorText{"connection timeout expired. the timeout period elapsed while attempting to consume "
              "the pre-login handshake acknowledgement",
              kSql, &kNoGreeting, &kDotnet,
              "Connected; the server did not answer the first words."},
    ErrorText{"execution timeout expired. the timeout period elapsed prior to completion", kSql,
              &kNoReply, &kDotnet, "CommandTimeout, 30 s by default."},
};

}  // namespace

std::span<const ErrorText> dotnet_texts() { return kDotnetTexts; }

}  // namespace sockwatch::texts
