#include <array>
#include <string>
#include <vector>

#include "viewer/texts/meanings.h"
#include "viewer/texts/recordings.h"

namespace sockwatch::texts {
namespace {

constexpr std::string_view kBody = "Envoy and Istio (503 to the caller)";
constexpr std::string_view kResponseFlag = "Envoy and Istio (response flag in the access log)";

struct Flag {
  std::string_view letters;
  const Meaning* meaning;
  std::string_view remark;
};

constexpr std::array kFlags = {
    Flag{"UF", &kConnectFailed,
         "UF: the connection to the upstream failed. The response code details or the transport "
         "failure reason in the same line say why."},
    Flag{"UH", &kNoneHealthy, "UH: no healthy upstream."},
    Flag{"UT", &kNoReply,
         "UT: the upstream request timed out (504): the route's timeout, 15 s by default in "
         "Envoy, or its per-try timeout. Istio sets none unless told."},
    Flag{"UC", &kPeerClosed,
         "UC: the upstream ended the connection. Often a pooled one that it had just closed as "
         "idle."},
    Flag{"UR", &kReset, "UR: the upstream reset the stream."},
    Flag{"UO", &kOverflow, "UO: a circuit breaker was open."},
    Flag{"URX", &kConnectFailed,
         "URX: the last retry, or the last attempt to connect (TCP), failed as well; the flag "
         "beside it says how."},
    Flag{"LH", &kProxyDecided, "LH: Envoy's own health check has been failed for it."},
    Flag{"LR", &kEndedHere, "LR: Envoy itself reset the connection."},
    Flag{"NR", &kProxyDecided, "NR: no route fits the request (404), or no filter chain does."},
    Flag{"NC", &kProxyDecided, "NC: the route's cluster does not exist (503)."},
    Flag{"DC", &kCallerLeft, "DC: the caller ended the connection."},
    Flag{"UPE", &kNotUnderstood, "UPE: the upstream's answer broke the protocol."},
    Flag{"DPE", &kNotUnderstood,
         "DPE: the caller's request broke the protocol; the upstream is not to blame."},
    Flag{"SI", &kTotalTimeout,
         "SI: the stream was idle for stream_idle_timeout, 5 min by default: the caller or the "
         "upstream sent nothing."},
    Flag{"DT", &kTotalTimeout,
         "DT: max_connection_duration or max_downstream_connection_duration "
         "ran out."},
    Flag{"UMSDR", &kTotalTimeout, "UMSDR: max_stream_duration ran out."},
    Flag{"DF", &kNotResolved, "DF: the name of the upstream could not be looked up."},
    Flag{"RL", &kProxyDecided, "RL: a rate limit said no (429)."},
    Flag{"UAEX", &kProxyDecided, "UAEX: the external authorization said no."},
    Flag{"RLSE", &kProxyDecided, "RLSE: the rate limit service gave an error."},
    Flag{"IH", &kProxyDecided, "IH: a header that must be strict has an invalid value (400)."},
    Flag{"FI", &kProxyDecided, "FI: a fault was injected on purpose (abort)."},
    Flag{"DI", &kProxyDecided, "DI: a delay was injected on purpose."},
    Flag{"OM", &kOverflow, "OM: Envoy's overload manager ended the request."},
};

// As the access log writes it: in its usual format behind the status, in JSON under its name, and
// alone. A word of two letters elsewhere is just a word.
std::string flag_patterns(std::string_view letters) {
  const std::string flag(letters);
  return "!=" + flag + " || !\" # " + flag + " || !\" # " + flag + ", || !=503 " + flag +
         " || !=504 " + flag + " || !response_flags\":\"" + flag + " || !response_flags\": \"" +
         flag + " || !response_flags: " + flag + " || !response_flags=" + flag +
         " || !responseFlags\":\"" + flag + " || !response_flags=\"" + flag + " || !\" # URX," +
         flag + " || !=" + flag + ",URX || !response_flags\":\"URX," + flag;
}

constexpr std::array kOtherTexts = {
    ErrorText{"upstream connect error or disconnect/reset before headers*reset reason: connection "
              "timeout || reset reason: connection timeout || "
              "upstream_reset_before_response_started{connection_timeout",
              kBody, &kConnectTimeout, &kEnvoy,
              "The limit is the cluster's connect_timeout, 5 s by default."},
    ErrorText{"upstream connect error or disconnect/reset before headers*delayed connect error: "
              "111 || delayed connect error: 111 || delayed connect error: connection refused || "
              "delayed_connect_error:_111",
              kBody, &kRefused, &kEnvoy, "111 is ECONNREFUSED."},
    ErrorText{"upstream connect error or disconnect/reset before headers*delayed connect error: "
              "110 || delayed connect error: 110 || delayed connect error: connection timed out || "
              "delayed_connect_error:_110",
              kBody, &kKernelGaveUp, &kEnvoy, "110 is ETIMEDOUT."},
    ErrorText{"upstream connect error or disconnect/reset before headers*delayed connect error: "
              "113 || delayed connect error: 113 || delayed connect error: no route to host || "
              "delayed_connect_error:_113",
              kBody, &kNoRoute, &kEnvoy, "113 is EHOSTUNREACH."},
    ErrorText{"upstream connect error or disconnect/reset before headers*immediate connect error: "
              "network is unreachable || immediate connect error: 101 || "
              "immediate connect error: network is unreachable || immediate_connect_error:_101",
              kBody, &kNetUnreachable, &kEnvoy},
    ErrorText{"immediate connect error: cannot assign requested address || "
              "immediate_connect_error:_cannot_assign_requested_address || "
              "immediate connect error: 99",
              kBody, &kNoSourcePort, &kEnvoy},
    ErrorText{"upstream connect error or disconnect/reset before headers*reset reason:*connection "
              "failure*transport failure reason: tls*wrong_version_number || "
              "transport failure reason: tls*wrong_version_number || "
              "tls error:*openssl_internal:wrong_version_number || "
              "tls_error:*openssl_internal:wrong_version_number || "
              "tls error:*wrong_version_number || tls_error:*wrong_version_number",
              "Envoy and Istio (BoringSSL)", &kNotTls, &kEnvoy,
              "Envoy spoke TLS to a port that has none. In Istio: a DestinationRule with mode "
              "ISTIO_MUTUAL or SIMPLE for a server without a sidecar or without TLS."},
    ErrorText{"upstream connect error or disconnect/reset before headers*reset reason:*connection "
              "failure*transport failure reason: tls*certificate_verify_failed || "
              "transport failure reason: tls*certificate_verify_failed || "
              "tls error:*openssl_internal:certificate_verify_failed || "
              "tls_error:*openssl_internal:certificate_verify_failed",
              "Envoy and Istio (BoringSSL)", &kNotBelieved, &kEnvoy},
    ErrorText{"upstream connect error or disconnect/reset before headers*reset reason:*connection "
              "failure*transport failure reason: tls || transport failure reason: tls error || "
              "transport failure reason: tls_error || tls error:*openssl_internal || "
              "tls_error:*openssl_internal",
              "Envoy and Istio (BoringSSL)", &kTlsFailed, &kEnvoy},
    ErrorText{
        "upstream connect error or disconnect/reset before headers*reset reason: connection "
        "failure || upstream connect error or disconnect/reset before headers*reset reason: "
        "remote connection failure || upstream connect error or disconnect/reset before "
        "headers*reset reason: local connection failure || reset reason: connection failure || "
        "upstream_reset_before_response_started{connection_failure || "
        "upstream_reset_before_response_started{remote_connection_failure",
        kBody, &kConnectFailed, &kEnvoy,
        "'transport failure reason' behind it, if there, gives the error."},
    ErrorText{"upstream connect error or disconnect/reset before headers*reset reason: connection "
              "termination || reset reason: connection termination || "
              "upstream_reset_before_response_started{connection_termination",
              kBody, &kPeerClosed, &kEnvoy,
              "Connected, then closed before the response headers: often a pooled connection that "
              "the server had just closed."},
    ErrorText{
        "upstream connect error or disconnect/reset before headers*reset reason: remote reset "
        "|| upstream connect error or disconnect/reset before headers*reset reason: remote "
        "refused stream reset || reset reason: remote reset || "
        "upstream_reset_before_response_started{remote_reset",
        kBody, &kReset, &kEnvoy,
        "HTTP/2: the upstream reset this one stream; its connection may live on."},
    ErrorText{"upstream connect error or disconnect/reset before headers*reset reason: local reset "
              "|| reset reason: local reset",
              kBody, &kEndedHere, &kEnvoy},
    ErrorText{"upstream connect error or disconnect/reset before headers*reset reason: protocol "
              "error || reset reason: protocol error || "
              "upstream_reset_before_response_started{protocol_error",
              kBody, &kNotUnderstood, &kEnvoy,
              "The upstream's answer broke the protocol: often HTTP/2 to a server of HTTP/1."},
    ErrorText{"upstream connect error or disconnect/reset before headers*reset reason: overflow || "
              "reset reason: overflow || upstream_reset_before_response_started{overflow",
              kBody, &kOverflow, &kEnvoy,
              "A circuit breaker of the cluster (connections, pending requests)."},
    ErrorText{"upstream connect error or disconnect/reset before headers", kBody, &kConnectFailed,
              &kEnvoy, "The words after 'reset reason:' tell more."},
    ErrorText{"upstream request timeout || upstream_response_timeout || "
              "response_timeout upstream_response_timeout",
              "Envoy and Istio (504 to the caller)", &kNoReply, &kEnvoy,
              "The route's timeout, 15 s by default in Envoy, or its per-try timeout. Istio sets "
              "none unless told."},
    ErrorText{"stream timeout", "Envoy and Istio (408 to the caller)", &kTotalTimeout, &kEnvoy,
              "stream_idle_timeout, 5 min by default.", "envoy || =stream timeout || istio"},
    ErrorText{"no healthy upstream || no_healthy_upstream", kBody, &kNoneHealthy, &kEnvoy},
    ErrorText{"downstream_remote_disconnect", "Envoy and Istio (access log)", &kCallerLeft,
              &kEnvoy},
    ErrorText{"rbac: access denied", "Envoy and Istio (403 to the caller)", &kProxyDecided,
              &kEnvoy},
};

}  // namespace

std::span<const ErrorText> envoy_texts() {
  static const std::vector<std::string> patterns = [] {
    std::vector<std::string> made;
    made.reserve(kFlags.size());
    for (const Flag& flag : kFlags) made.push_back(flag_patterns(flag.letters));
    return made;
  }();
  static const std::vector<ErrorText> all = [] {
    std::vector<ErrorText> made(kOtherTexts.begin(), kOtherTexts.end());
    for (std::size_t i = 0; i < kFlags.size(); ++i) {
      made.push_back({patterns[i], kResponseFlag, kFlags[i].meaning, &kEnvoy, kFlags[i].remark});
    }
    return made;
  }();
  return all;
}

}  // namespace sockwatch::texts
