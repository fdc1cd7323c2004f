#include <array>

#include "viewer/texts/meanings.h"
#include "viewer/texts/recordings.h"

namespace sockwatch::texts {
namespace {

constexpr std::string_view kState = "HAProxy (termination state in its log)";
constexpr std::string_view kCheck = "HAProxy (health check)";

// The first letter says who ended the session (S server, C client, s server time-out, c client
// time-out), the second in which phase (Q queue, C connect, H headers, D data). HTTP logs add two
// more letters for cookies; the counts of connections follow.
const std::array kHaproxyTexts = {
    ErrorText{"!=sC || !sC-- || !sC #/# || !sCNI || !sCVN", kState, &kConnectTimeout, &kHaproxy,
              "sC: 'timeout connect' ran out; the caller got 503."},
    ErrorText{"!=SC || !SC-- || !SC #/# || !SCNI || !SCVN", kState, &kConnectFailed, &kHaproxy,
              "SC: the server, or a box before it, refused the connection; the caller got 503. "
              "With <NOSRV> in the line no server was up."},
    ErrorText{"!=sH || !sH-- || !sHNI || !sHVN", kState, &kNoReply, &kHaproxy,
              "sH: 'timeout server' ran out before the response headers; the caller got 504."},
    ErrorText{"!=SH || !SH-- || !SHNI || !SHVN", kState, &kPeerClosed, &kHaproxy,
              "SH: the server closed, reset, or sent something invalid before the response headers "
              "were complete; the caller got 502."},
    ErrorText{"!=sD || !sD-- || !sD #/# || !sDNI || !sDVN", kState, &kNoReply, &kHaproxy,
              "sD: 'timeout server' ran out in the middle of the transfer."},
    ErrorText{"!=SD || !SD-- || !SD #/# || !SDNI || !SDVN", kState, &kReset, &kHaproxy,
              "SD: the server's connection broke in the middle of the transfer."},
    ErrorText{"!=sQ || !sQ-- || !sQ #/#", kState, &kPoolEmpty, &kHaproxy,
              "sQ: 'timeout queue' ran out while waiting for a free slot (maxconn); the caller got "
              "503."},
    ErrorText{"!=CC || !CC-- || !CC #/#", kState, &kCallerLeft, &kHaproxy,
              "CC: the client left while HAProxy was still connecting to the server."},
    ErrorText{"!=CH || !CH-- || !CHVN", kState, &kCallerLeft, &kHaproxy,
              "CH: the client left while HAProxy waited for the response headers."},
    ErrorText{"layer4 timeout || l4tout", kCheck, &kConnectTimeout, &kHaproxy},
    ErrorText{"layer4 connection problem, info: connection refused", kCheck, &kRefused, &kHaproxy},
    ErrorText{"layer4 connection problem || l4con", kCheck, &kConnectFailed, &kHaproxy,
              "The words after 'info:' tell the error."},
    ErrorText{"layer6 timeout || l6tout", kCheck, &kTlsTimeout, &kHaproxy},
    ErrorText{"layer7 timeout || l7tout", kCheck, &kNoReply, &kHaproxy},
    ErrorText{"has no server available", "HAProxy", &kNoneHealthy, &kHaproxy},
};

}  // namespace

std::span<const ErrorText> haproxy_texts() { return kHaproxyTexts; }

}  // namespace sockwatch::texts
