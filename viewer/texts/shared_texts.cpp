#include <array>

#include "viewer/texts/meanings.h"
#include "viewer/texts/recordings.h"

namespace sockwatch::texts {
namespace {

// glibc's strerror, gai_strerror and hstrerror, and the names of the numbers.
constexpr std::string_view kErrno = "the C library's words for an error number (any program)";
constexpr std::string_view kLookup = "the C library's words for a failed lookup (any program)";
constexpr std::string_view kWindowsWords =
    "the words of Windows for an error of sockets (any program)";
constexpr std::string_view kOpenssl = "OpenSSL, and programs that use it (curl, nginx, Ruby, ...)";
constexpr std::string_view kGateway = "nginx, HAProxy and other gateways (status of the answer)";

// What tells that the server was one of this host, reached by a socket file.
constexpr std::string_view kFile =
    ".sock || .s.pgsql. || unix:/ || af_unix || dial unix || unix socket || unix domain socket";

const std::array kSharedTexts = {
    ErrorText{"connection refused || econnrefused || errno 111 || errno=111 || error 111", kErrno,
              &kRefused, &kAnyProgram},
    ErrorText{"connection refused || econnrefused || errno 111 || errno=111 || error 111", kErrno,
              &kSocketFileRefused, &kLocalServer, "", kFile},
    ErrorText{"no such file or directory || enoent || errno 2 || error 2", kErrno, &kSocketFileGone,
              &kLocalServer, "", kFile},
    ErrorText{"permission denied || eacces || errno 13 || error 13", kErrno, &kSocketFileDenied,
              &kLocalServer, "", kFile},
    ErrorText{"resource temporarily unavailable || eagain || ewouldblock || errno 11 || error 11",
              kErrno, &kSocketFileFull, &kLocalServer, "", kFile},
    ErrorText{"connection timed out || etimedout || errno 110 || errno=110 || error 110", kErrno,
              &kTimedOut, &kAnyProgram},
    ErrorText{"no route to host || ehostunreach || errno 113 || errno=113 || error 113", kErrno,
              &kNoRoute, &kAnyProgram},
    ErrorText{"network is unreachable || enetunreach || errno 101 || errno=101 || error 101",
              kErrno, &kNetUnreachable, &kAnyProgram},
    ErrorText{"connection reset by peer || econnreset || errno 104 || errno=104 || error 104",
              kErrno, &kReset, &kAnyProgram},
    ErrorText{"broken pipe || epipe || errno 32 || error 32", kErrno, &kBrokenPipe, &kAnyProgram},
    ErrorText{"cannot assign requested address || eaddrnotavail || errno 99 || error 99", kErrno,
              &kNoSourcePort, &kAnyProgram},
    ErrorText{"address already in use || eaddrinuse || errno 98 || error 98", kErrno, &kPortTaken,
              &kAnyProgram},
    ErrorText{"too many open files || emfile || enfile || errno 24 || errno 23", kErrno,
              &kNoDescriptor, &kAnyProgram},
    ErrorText{
        "permission denied || operation not permitted", kErrno, &kDenied, &kAnyProgram,
        "Only where it comes from connect; files print the same words.",
        "connect || connecting || connection || socket || sendto || sendmsg || bind || ping || "
        "=permission denied || =operation not permitted"},
    ErrorText{"eacces || eperm", kErrno, &kDenied, &kAnyProgram,
              "Only where it comes from connect; files give the same numbers."},
    ErrorText{"operation now in progress || einprogress || errno 115 || error 115", kErrno,
              &kInProgress, &kAnyProgram},
    ErrorText{"resource temporarily unavailable || eagain || ewouldblock || errno 11", kErrno,
              &kTryAgain, &kAnyProgram},
    ErrorText{"network is down || enetdown || errno 100 || error 100", kErrno, &kNetworkDown,
              &kAnyProgram},
    ErrorText{"transport endpoint is not connected || enotconn || errno 107 || error 107", kErrno,
              &kNotConnected, &kAnyProgram},
    ErrorText{"protocol not available || enoprotoopt || errno 92 || error 92", kErrno, &kNoProtocol,
              &kAnyProgram},
    ErrorText{"name or service not known || eai_noname || unknown host", kLookup, &kNameUnknown,
              &kAnyProgram},
    ErrorText{"no address associated with || eai_nodata", kLookup, &kNameUnknown, &kAnyProgram,
              "The name exists, but has no address of the wanted kind (IPv4 or IPv6)."},
    ErrorText{"temporary failure in name resolution || eai_again || host name lookup failure",
              kLookup, &kLookupFailed, &kAnyProgram},
    ErrorText{"non-recoverable failure in name resolution || eai_fail", kLookup, &kLookupFailed,
              &kAnyProgram, "The name server answered with a failure."},
    ErrorText{"name does not resolve",
              "the words of musl, the C library of Alpine Linux (any program)", &kNameUnknown,
              &kAnyProgram},
    ErrorText{"=eof || =unexpected eof", "Go prints no more than this; other programs do, too",
              &kPeerClosed, &kAnyProgram},
    ErrorText{"connect timed out", "Java (SocketTimeoutException), and other programs",
              &kConnectTimeout, &kAnyProgram},
    ErrorText{"software caused connection abort || econnaborted || errno 103", kErrno, &kEndedHere,
              &kAnyProgram, "Also how Node.js clients name a limit of their own."},
    ErrorText{"read timed out", "Java (SocketTimeoutException), Python (requests, urllib3), Ruby",
              &kNoReply, &kAnyProgram, "The limit is the program's own for reading."},
    ErrorText{"connection reset || connection was reset", "many programs", &kReset, &kAnyProgram},
    ErrorText{"=timeout || =timed out || =connection timeout || =operation timed out || "
              "operation timed out",
              "many programs", &kTotalTimeout, &kAnyProgram,
              "Words of many programs for a limit of their own. The rest of the line, or the line "
              "before it, may say who said it."},
    // Windows
    ErrorText{"no connection could be made because the target machine actively refused it",
              kWindowsWords, &kRefused, &kWindows, "Error 10061."},
    ErrorText{"connected party did not properly respond after a period of time", kWindowsWords,
              &kTimedOut, &kWindows,
              "Error 10060: no answer to the connect (Windows gives up after about 21 s), or none "
              "later on."},
    ErrorText{"no such host is known", kWindowsWords, &kNameUnknown, &kWindows, "Error 11001."},
    ErrorText{"an existing connection was forcibly closed by the remote host", kWindowsWords,
              &kReset, &kWindows, "Error 10054."},
    ErrorText{"an established connection was aborted by the software in your host machine",
              kWindowsWords, &kEndedHere, &kWindows, "Error 10053."},
    ErrorText{"a socket operation was attempted to an unreachable network", kWindowsWords,
              &kNetUnreachable, &kWindows, "Error 10051."},
    ErrorText{"a socket operation was attempted to an unreachable host", kWindowsWords, &kNoRoute,
              &kWindows, "Error 10065."},
    // TLS
    ErrorText{"wrong version number || wrong_version_number", kOpenssl, &kNotTls, &kCurl},
    ErrorText{"unexpected eof while reading || unexpected_eof_while_reading", kOpenssl, &kTlsCut,
              &kCurl,
              "The words of OpenSSL 3; older ones say 'SSL_ERROR_SYSCALL'. After the handshake it "
              "means that the peer closed without saying good-bye."},
    ErrorText{"certificate verify failed || certificate_verify_failed", kOpenssl, &kNotBelieved,
              &kCurl},
    // What the caller of any gateway sees.
    ErrorText{"504 gateway time-out || 504 gateway timeout || the requested url returned error: "
              "504 || gateway timeout",
              kGateway, &kGatewayTimeout, &kNginx},
    ErrorText{"502 bad gateway || the requested url returned error: 502 || bad gateway", kGateway,
              &kBadGateway, &kNginx},
};

}  // namespace

std::span<const ErrorText> shared_texts() { return kSharedTexts; }

}  // namespace sockwatch::texts
