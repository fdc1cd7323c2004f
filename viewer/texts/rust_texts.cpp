#include <array>

#include "viewer/texts/meanings.h"
#include "viewer/texts/recordings.h"

namespace sockwatch::texts {
namespace {

constexpr std::string_view kAnyRust = "Rust";
constexpr std::string_view kHyper = "Rust: hyper, reqwest";

const std::array kRustTexts = {
    ErrorText{"tcp connect error: connection timed out || tcp connect error: deadline has elapsed",
              kHyper, &kConnectTimedOut, &kAnyProgram,
              "'os error 110' is the kernel's limit, 'deadline has elapsed' the program's."},
    ErrorText{"code: 111, kind: connectionrefused || kind: connectionrefused", kAnyRust, &kRefused,
              &kAnyProgram},
    ErrorText{"code: 110, kind: timedout", kAnyRust, &kTimedOut, &kAnyProgram},
    ErrorText{"code: 113, kind: hostunreachable", kAnyRust, &kNoRoute, &kAnyProgram},
    ErrorText{"code: 101, kind: networkunreachable", kAnyRust, &kNetUnreachable, &kAnyProgram},
    ErrorText{"code: 104, kind: connectionreset", kAnyRust, &kReset, &kAnyProgram},
    ErrorText{"error sending request for url*operation timed out || "
              "error sending request for url",
              "Rust: reqwest", &kTotalTimeout, &kAnyProgram,
              "It says little by itself: the error's source has the reason."},
    ErrorText{"connection refused (os error 111)", kAnyRust, &kRefused, &kAnyProgram},
    ErrorText{"connection timed out (os error 110)", kAnyRust, &kTimedOut, &kAnyProgram},
    ErrorText{"no route to host (os error 113)", kAnyRust, &kNoRoute, &kAnyProgram},
    ErrorText{"network is unreachable (os error 101)", kAnyRust, &kNetUnreachable, &kAnyProgram},
    ErrorText{"connection reset by peer (os error 104)", kAnyRust, &kReset, &kAnyProgram},
    ErrorText{"broken pipe (os error 32)", kAnyRust, &kBrokenPipe, &kAnyProgram},
    ErrorText{"failed to lookup address information: temporary failure in name resolution",
              kAnyRust, &kLookupFailed, &kAnyProgram},
    ErrorText{"failed to lookup address information", kAnyRust, &kNameUnknown, &kAnyProgram},
    ErrorText{"dns error: failed to lookup address information: temporary failure in name "
              "resolution",
              kHyper, &kLookupFailed, &kAnyProgram},
    ErrorText{"tcp connect error: connection refused", kHyper, &kRefused, &kAnyProgram},
    ErrorText{"tcp connect error: no route to host", kHyper, &kNoRoute, &kAnyProgram},
    ErrorText{"tcp connect error", kHyper, &kConnectFailed, &kAnyProgram},
    ErrorText{"dns error: failed to lookup address information", kHyper, &kNameUnknown,
              &kAnyProgram},
    ErrorText{"connection closed before message completed", kHyper, &kPeerClosed, &kAnyProgram},
};

}  // namespace

std::span<const ErrorText> rust_texts() { return kRustTexts; }

}  // namespace sockwatch::texts
