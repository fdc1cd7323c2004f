#include <array>

#include "viewer/texts/meanings.h"
#include "viewer/texts/recordings.h"

namespace sockwatch::texts {
namespace {

constexpr std::string_view kAnyNode = "Node.js";
constexpr std::string_view kFetch = "Node.js: fetch (undici)";

const std::array kNodeTexts = {
    ErrorText{"connect econnrefused", kAnyNode, &kRefused, &kNode},
    ErrorText{"connect etimedout", kAnyNode, &kConnectTimedOut, &kNode,
              "Without a limit of the program it is the kernel's, after 2 minutes and more. "
              "Within a second, and with several addresses of the name, it is Node 20's cap of "
              "250 ms per address (autoSelectFamilyAttemptTimeout)."},
    ErrorText{"connect ehostunreach", kAnyNode, &kNoRoute, &kNode},
    ErrorText{"connect enetunreach", kAnyNode, &kNetUnreachable, &kNode},
    ErrorText{"connect eaddrnotavail", kAnyNode, &kNoSourcePort, &kNode},
    ErrorText{"read econnreset", kAnyNode, &kReset, &kNode},
    ErrorText{"read etimedout || write etimedout", kAnyNode, &kTimedOut, &kNode,
              "Not the connect: an established connection went dead."},
    ErrorText{"write epipe", kAnyNode, &kBrokenPipe, &kNode},
    ErrorText{"socket hang up", kAnyNode, &kPeerClosed, &kNode,
              "The code beside it is ECONNRESET even where the peer closed in an orderly way. Node "
              "prints it also when the program itself destroyed the request."},
    ErrorText{"disconnected before secure tls connection was established", kAnyNode, &kTlsCut,
              &kNode},
    ErrorText{"err_ssl_wrong_version_number || write eproto*wrong version number", kAnyNode,
              &kNotTls, &kNode},
    ErrorText{"getaddrinfo enotfound || enotfound", kAnyNode, &kNameUnknown, &kNode},
    ErrorText{"getaddrinfo eai_again", kAnyNode, &kLookupFailed, &kNode},
    ErrorText{"aggregateerror*etimedout", "Node.js 20 and later", &kConnectTimeout, &kNode,
              "Every address of the name was given up, each after 250 ms by default "
              "(--network-family-autoselection-attempt-timeout). A path longer than that never "
              "connects."},
    ErrorText{"aggregateerror*econnrefused", "Node.js 20 and later", &kRefused, &kNode,
              "Every address of the name refused."},
    ErrorText{"aggregateerror", "Node.js 20 and later", &kConnectFailed, &kNode,
              "One error for all addresses of a name: print error.errors to see each."},
    ErrorText{"und_err_connect_timeout || connect timeout error", kFetch, &kConnectTimeout, &kNode,
              "The limit is undici's connect timeout, 10 s by default."},
    ErrorText{"und_err_headers_timeout || headers timeout error", kFetch, &kNoReply, &kNode,
              "No response headers in time, 300 s by default."},
    ErrorText{"und_err_body_timeout || body timeout error", kFetch, &kNoReply, &kNode,
              "The answer began and then stopped, 300 s by default."},
    ErrorText{"und_err_socket || other side closed", kFetch, &kPeerClosed, &kNode},
    ErrorText{"fetch failed", kFetch, &kConnectFailed, &kNode,
              "Only the outer error: the reason is in error.cause; explain that text."},
    ErrorText{"the operation was aborted due to timeout", kFetch, &kTotalTimeout, &kNode,
              "AbortSignal.timeout ran out, whatever was being done then."},
    ErrorText{"esockettimedout", "Node.js: request and its descendants", &kNoReply, &kNode,
              "The socket was idle for the timeout option. Its sibling ETIMEDOUT with "
              "connect: true means the connect."},
    ErrorText{"timeout of #ms exceeded || econnaborted", "axios", &kTotalTimeout, &kNode,
              "Its timeout option, for the whole request."},
};

}  // namespace

std::span<const ErrorText> node_texts() { return kNodeTexts; }

}  // namespace sockwatch::texts
