#include <array>

#include "viewer/texts/meanings.h"
#include "viewer/texts/recordings.h"

namespace sockwatch::texts {
namespace {

// glibc's strerror, gai_strerror and hstrerror, and the names of the numbers.
constexpr std::string_view kErrno = "the C library's words for an error number (any program)";
constexpr std::string_view kLookup = "the C library's words for a failed lookup (any program)";

const std::array kSystemTexts = {
    ErrorText{"connection refused || econnrefused || errno 111 || error 111", kErrno, &kRefused,
              &kAnyProgram},
    ErrorText{"connection timed out || etimedout || errno 110 || error 110", kErrno, &kTimedOut,
              &kAnyProgram},
    ErrorText{"no route to host || ehostunreach || errno 113 || error 113", kErrno, &kNoRoute,
              &kAnyProgram},
    ErrorText{"network is unreachable || enetunreach || errno 101 || error 101", kErrno,
              &kNetUnreachable, &kAnyProgram},
    ErrorText{"connection reset by peer || econnreset || errno 104 || error 104", kErrno, &kReset,
              &kAnyProgram},
    ErrorText{"broken pipe || epipe || errno 32 || error 32", kErrno, &kBrokenPipe, &kAnyProgram},
    ErrorText{"cannot assign requested address || eaddrnotavail || errno 99 || error 99", kErrno,
              &kNoSourcePort, &kAnyProgram},
    ErrorText{"address already in use || eaddrinuse || errno 98 || error 98", kErrno, &kPortTaken,
              &kAnyProgram},
    ErrorText{"too many open files || emfile || enfile || errno 24 || errno 23", kErrno,
              &kNoDescriptor, &kAnyProgram},
    ErrorText{"permission denied || operation not permitted || eacces || eperm", kErrno, &kDenied,
              &kAnyProgram, "Only where it comes from connect; files print the same words."},
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
};

}  // namespace

std::span<const ErrorText> system_texts() { return kSystemTexts; }

}  // namespace sockwatch::texts
