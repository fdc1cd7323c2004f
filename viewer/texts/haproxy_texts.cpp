#include <array>
#include <string>
#include <vector>

#include "viewer/texts/meanings.h"
#include "viewer/texts/recordings.h"

namespace sockwatch::texts {
namespace {

constexpr std::string_view kTermination = "HAProxy (termination state in its log)";
constexpr std::string_view kCheck = "HAProxy (health check)";
constexpr std::string_view kHaproxyPage = "HAProxy (its page for the caller)";

// The first letter says who ended the session (S server, C client, s server time-out, c client
// time-out, P the proxy, R a resource of this host, K an operator, D server found down), the second
// in which phase (R request, Q queue, C connect, H headers, D data, L last data, T tarpit).
struct State {
  std::string_view letters;
  const Meaning* meaning;
  std::string_view remark;
};

constexpr std::array kStates = {
    State{"sC", &kConnectTimeout, "sC: 'timeout connect' ran out; the caller got 503."},
    State{"SC", &kConnectFailed,
          "SC: the server, or a box before it, refused the connection, or there is no way to it; "
          "the caller got 503. With <NOSRV> in the line no server was up."},
    State{"sH", &kNoReply,
          "sH: 'timeout server' ran out before the response headers; the caller got 504."},
    State{"SH", &kPeerClosed,
          "SH: the server closed, reset, or sent something invalid before the response headers "
          "were complete; the caller got 502."},
    State{"sD", &kNoReply, "sD: 'timeout server' ran out in the middle of the transfer."},
    State{"SD", &kReset, "SD: the server's connection broke in the middle of the transfer."},
    State{"sQ", &kPoolEmpty,
          "sQ: 'timeout queue' ran out while waiting for a free slot (maxconn); the caller got "
          "503."},
    State{"SQ", &kOverflow, "SQ: no server had a free slot, or none was up; the caller got 503."},
    State{"CC", &kCallerLeft,
          "CC: the client left while HAProxy was still connecting to the server. Many of them: the "
          "connect takes too long."},
    State{"cC", &kCallerSilent,
          "cC: 'timeout client' ran out while HAProxy was still connecting to the server."},
    State{"CH", &kCallerLeft, "CH: the client left while HAProxy waited for the response headers."},
    State{"cH", &kCallerSilent,
          "cH: 'timeout client' ran out while the client sent its request's "
          "body; the caller got 408."},
    State{"CD", &kCallerLeft, "CD: the client left in the middle of the transfer."},
    State{"cD", &kCallerSilent,
          "cD: 'timeout client' ran out in the middle of the transfer. For tunnels and WebSocket "
          "it is how an idle one ends ('timeout tunnel')."},
    State{"CQ", &kCallerLeft,
          "CQ: the client left while its request waited for a free slot "
          "(maxconn)."},
    State{"cQ", &kCallerSilent,
          "cQ: 'timeout client' ran out while the request waited for a free "
          "slot (maxconn)."},
    State{"CR", &kCallerLeft, "CR: the client left before it had sent a whole request."},
    State{"cR", &kCallerSilent,
          "cR: 'timeout http-request' ran out before the client had sent a whole request; it got "
          "408. With no bytes it is an idle or pre-opened connection and harmless."},
    State{"CT", &kCallerLeft, "CT: the client left while it was held up on purpose (tarpit)."},
    State{"PC", &kNoDescriptor, "PC: the proxy's own limit of sockets was reached."},
    State{"PD", &kNotUnderstood, "PD: a badly formed chunk was blocked."},
    State{"PH", &kNotUnderstood,
          "PH: the server's response was blocked: invalid, incomplete or not allowed; the caller "
          "got 502."},
    State{"PR", &kProxyDecided,
          "PR: the request was blocked: invalid (400) or denied by a rule (403)."},
    State{"PT", &kProxyDecided, "PT: a rule held the request up on purpose (tarpit)."},
    State{"LR", &kProxyDecided, "LR: answered by HAProxy itself (redirect, statistics, return)."},
    State{"RC", &kNoSourcePort,
          "RC: this host lacked what a connection needs: a source port, memory, or a descriptor."},
    State{"KD", &kEndedHere, "KD: an operator ended the session."},
    State{"DD", &kEndedHere, "DD: HAProxy ended the session, as the server was found down."},
};

// As an HTTP log writes it (two more letters for cookies) and a TCP log (none), with the counts of
// connections behind it; or alone.
std::string state_patterns(std::string_view letters) {
  const std::string state(letters);
  return "!=" + state + " || !=" + state + "-- || !" + state + "?? #/#/#/#/# || !" + state +
         " #/#/#/#/# || !- - " + state + "-- || !=" + state + "NI || !=" + state + "VN";
}

constexpr std::array kHaproxySays = {
    ErrorText{"layer4 timeout || l4tout", kCheck, &kConnectTimeout, &kHaproxy},
    ErrorText{"layer4 connection problem, info: \"connection refused || "
              "layer4 connection problem, info: connection refused",
              kCheck, &kRefused, &kHaproxy},
    ErrorText{"layer4 connection problem, info: \"no route to host || "
              "layer4 connection problem, info: no route to host",
              kCheck, &kNoRoute, &kHaproxy},
    ErrorText{"layer4 connection problem || l4con", kCheck, &kConnectFailed, &kHaproxy,
              "The words after 'info:' tell the error."},
    ErrorText{"layer6 timeout || l6tout", kCheck, &kTlsTimeout, &kHaproxy},
    ErrorText{"layer6 invalid response || l6rsp", kCheck, &kTlsCut, &kHaproxy},
    ErrorText{"layer7 timeout || l7tout", kCheck, &kNoReply, &kHaproxy},
    ErrorText{"layer7 wrong status || l7sts", kCheck, &kNotUnderstood, &kHaproxy,
              "The server answered, with another status than the check wants."},
    ErrorText{"has no server available", "HAProxy", &kNoneHealthy, &kHaproxy},
    ErrorText{"no server is available to handle this request", "HAProxy (503 to the caller)",
              &kNoneHealthy, &kHaproxy,
              "No server is up, or none could be connected or was free in time: the termination "
              "state in the log says which."},
    ErrorText{"504 gateway time-out*the server didn't respond in time || "
              "the server didn't respond in time",
              kHaproxyPage, &kGatewayTimeout, &kHaproxy,
              "sH in its log: 'timeout server' ran out."},
    ErrorText{"the server returned an invalid or incomplete response", kHaproxyPage, &kBadGateway,
              &kHaproxy, "SH or PH in its log."},
};

}  // namespace

std::span<const ErrorText> haproxy_texts() {
  static const std::vector<std::string> patterns = [] {
    std::vector<std::string> made;
    made.reserve(kStates.size());
    for (const State& state : kStates) made.push_back(state_patterns(state.letters));
    return made;
  }();
  static const std::vector<ErrorText> all = [] {
    std::vector<ErrorText> made(kHaproxySays.begin(), kHaproxySays.end());
    for (std::size_t i = 0; i < kStates.size(); ++i) {
      made.push_back({patterns[i], kTermination, kStates[i].meaning, &kHaproxy, kStates[i].remark});
    }
    return made;
  }();
  return all;
}

}  // namespace sockwatch::texts
