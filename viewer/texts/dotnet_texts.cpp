#include <array>

#include "viewer/texts/meanings.h"
#include "viewer/texts/recordings.h"

namespace sockwatch::texts {
namespace {

constexpr std::string_view kAnyDotnet = ".NET";
constexpr std::string_view kWindows = ".NET on Windows (the words of Windows sockets)";
constexpr std::string_view kSql = ".NET: SqlClient";

const std::array kDotnetTexts = {
    ErrorText{"no connection could be made because the target machine actively refused it",
              kWindows, &kRefused, &kDotnet},
    ErrorText{"connected party did not properly respond after a period of time", kWindows,
              &kTimedOut, &kDotnet, "Error 10060: no answer to the connect, or later on."},
    ErrorText{"no such host is known", kWindows, &kNameUnknown, &kDotnet},
    ErrorText{"an existing connection was forcibly closed by the remote host", kWindows, &kReset,
              &kDotnet},
    ErrorText{"socketexception (111) || socketexception (0x8000ffff): connection refused",
              kAnyDotnet, &kRefused, &kDotnet},
    ErrorText{"socketexception (110)", kAnyDotnet, &kTimedOut, &kDotnet},
    ErrorText{"socketexception (113)", kAnyDotnet, &kNoRoute, &kDotnet},
    ErrorText{"httprequestexception: connection refused || connection refused (*:#)", kAnyDotnet,
              &kRefused, &kDotnet},
    ErrorText{"httprequestexception: no route to host || no route to host (*:#)", kAnyDotnet,
              &kNoRoute, &kDotnet},
    ErrorText{"name or service not known (*:#)", kAnyDotnet, &kNameUnknown, &kDotnet},
    ErrorText{"resource temporarily unavailable (*:#)", kAnyDotnet, &kLookupFailed, &kDotnet,
              "Said of a name lookup: it failed for now (EAI_AGAIN)."},
    ErrorText{"request was canceled due to the configured httpclient.timeout",
              ".NET 5 and later: HttpClient", &kTotalTimeout, &kDotnet,
              "HttpClient.Timeout, 100 s by default, counts from the lookup to the answer."},
    ErrorText{"a task was canceled", ".NET: HttpClient, mostly before .NET 5", &kTotalTimeout,
              &kDotnet, "HttpClient.Timeout said it this way, and so does a cancelled token."},
    ErrorText{"a connection could not be established within the configured connecttimeout",
              ".NET: HttpClient", &kConnectTimeout, &kDotnet,
              "The limit is SocketsHttpHandler.ConnectTimeout; it includes lookup and TLS."},
    ErrorText{"the response ended prematurely", ".NET: HttpClient", &kPeerClosed, &kDotnet},
    ErrorText{"prior to obtaining a connection from the pool", kSql, &kPoolEmpty, &kDotnet},
    ErrorText{"a network-related or instance-specific error occurred while establishing a "
              "connection",
              kSql, &kConnectFailed, &kDotnet},
};

}  // namespace

std::span<const ErrorText> dotnet_texts() { return kDotnetTexts; }

}  // namespace sockwatch::texts
