#include <array>

#include "viewer/texts/meanings.h"
#include "viewer/texts/recordings.h"

namespace sockwatch::texts {
namespace {

constexpr std::string_view kBody = "Envoy and Istio (503 to the caller)";
constexpr std::string_view kFlag = "Envoy and Istio (response flag in the access log)";

const std::array kEnvoyTexts = {
    ErrorText{"upstream connect error or disconnect/reset before headers*reset reason: connection "
              "timeout || reset reason: connection timeout",
              kBody, &kConnectTimeout, &kEnvoy,
              "The limit is the cluster's connect_timeout, 5 s by default."},
    ErrorText{"delayed connect error: 111 || delayed connect error: connection refused || "
              "delayed_connect_error:_111",
              kBody, &kRefused, &kEnvoy, "111 is ECONNREFUSED."},
    ErrorText{"delayed connect error: 110 || delayed connect error: connection timed out", kBody,
              &kKernelGaveUp, &kEnvoy, "110 is ETIMEDOUT."},
    ErrorText{"delayed connect error: 113 || delayed connect error: no route to host", kBody,
              &kNoRoute, &kEnvoy, "113 is EHOSTUNREACH."},
    ErrorText{"upstream connect error or disconnect/reset before headers*reset reason: connection "
              "failure*transport failure reason: tls error || transport failure reason: tls error",
              kBody, &kTlsCut, &kEnvoy},
    ErrorText{"upstream connect error or disconnect/reset before headers*reset reason: connection "
              "failure || upstream connect error or disconnect/reset before headers*reset reason: "
              "remote connection failure",
              kBody, &kConnectFailed, &kEnvoy,
              "'transport failure reason' behind it, if there, gives the error."},
    ErrorText{"upstream connect error or disconnect/reset before headers*reset reason: connection "
              "termination || reset reason: connection termination",
              kBody, &kPeerClosed, &kEnvoy,
              "Connected, then closed before the response headers: often a pooled connection that "
              "the server had just closed."},
    ErrorText{"reset reason: overflow", kBody, &kOverflow, &kEnvoy,
              "A circuit breaker of the cluster (connections, pending requests)."},
    ErrorText{"upstream connect error or disconnect/reset before headers", kBody, &kConnectFailed,
              &kEnvoy, "The words after 'reset reason:' tell more."},
    ErrorText{"upstream request timeout", "Envoy and Istio (504 to the caller)", &kNoReply, &kEnvoy,
              "The route's timeout, 15 s by default, or its per-try timeout."},
    ErrorText{"no healthy upstream", kBody, &kNoneHealthy, &kEnvoy},
    ErrorText{"!=UF || !# UF || !\"UF || !UF,", kFlag, &kConnectFailed, &kEnvoy,
              "UF: the connection to the upstream failed."},
    ErrorText{"!=UH || !# UH || !\"UH || !UH,", kFlag, &kNoneHealthy, &kEnvoy,
              "UH: no healthy upstream."},
    ErrorText{"!=UT || !# UT || !\"UT || !UT,", kFlag, &kNoReply, &kEnvoy,
              "UT: the upstream request timed out (504)."},
    ErrorText{"!=UC || !# UC || !\"UC || !UC,", kFlag, &kPeerClosed, &kEnvoy,
              "UC: the upstream ended the connection."},
    ErrorText{"!=UR || !# UR || !\"UR || !UR,", kFlag, &kReset, &kEnvoy,
              "UR: the upstream reset the stream."},
    ErrorText{"!=UO || !# UO || !\"UO || !UO,", kFlag, &kOverflow, &kEnvoy,
              "UO: a circuit breaker was open."},
    ErrorText{"!=URX || !# URX || !\"URX || !,URX", kFlag, &kConnectFailed, &kEnvoy,
              "URX: the last retry failed as well; the flag beside it says how."},
    ErrorText{"!=DC || !# DC || !\"DC || !DC,", kFlag, &kCallerLeft, &kEnvoy,
              "DC: the caller ended the connection."},
};

}  // namespace

std::span<const ErrorText> envoy_texts() { return kEnvoyTexts; }

}  // namespace sockwatch::texts
