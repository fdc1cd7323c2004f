#include <array>

#include "viewer/texts/meanings.h"
#include "viewer/texts/recordings.h"

namespace sockwatch::texts {
namespace {

constexpr std::string_view kAnyNode = "Node.js";
constexpr std::string_view kNpm = "Node.js: npm";
constexpr std::string_view kGot = "Node.js: got";
constexpr std::string_view kNodeFile = "Node.js, to a socket file";
constexpr std::string_view kFetch = "Node.js: fetch (undici)";

const std::array kNodeTexts = {
    ErrorText{"connect econnrefused", kAnyNode, &kRefused, &kNode},
    ErrorText{"connect etimedout", kAnyNode, &kConnectTimedOut, &kNode,
              "Without a limit of the program it is the kernel's, after 2 minutes and more. "
              "Within a second, and with several addresses of the name, it is Node 20's cap of "
              "250 ms per address (autoSelectFamilyAttemptTimeout)."},
    ErrorText{"connect enoent", kNodeFile, &kSocketFileGone, &kNode},
    ErrorText{"connect eacces", kNodeFile, &kSocketFileDenied, &kNode, "",
              ".sock || connect eacces /"},
    ErrorText{"connect eacces", kAnyNode, &kDenied, &kNode},
    ErrorText{"connect eagain", kNodeFile, &kSocketFileFull, &kNode},
    ErrorText{"connect econnrefused /", kNodeFile, &kSocketFileRefused, &kNode},
    ErrorText{"connect econnreset", kAnyNode, &kReset, &kNode},
    ErrorText{"connect emfile", kAnyNode, &kNoDescriptor, &kNode},
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
    ErrorText{"query? enotfound || query?? enotfound || query??? enotfound || query???? enotfound",
              "Node.js: dns.resolve (c-ares)", &kNameUnknown, &kNode},
    ErrorText{"query? etimeout || query???? etimeout", "Node.js: dns.resolve (c-ares)",
              &kLookupFailed, &kNode},
    ErrorText{"getaddrinfo eai_again", kAnyNode, &kLookupFailed, &kNode},
    ErrorText{"npm err! code econnreset || npm error code econnreset", kNpm, &kReset, &kNode},
    ErrorText{"npm err! code etimedout || npm error code etimedout", kNpm, &kConnectTimedOut,
              &kNode},
    ErrorText{"npm err! code econnrefused || npm error code econnrefused", kNpm, &kRefused, &kNode},
    ErrorText{"npm err! code eai_again || npm error code eai_again", kNpm, &kLookupFailed, &kNode},
    ErrorText{"npm err! code enotfound || npm error code enotfound", kNpm, &kNameUnknown, &kNode},
    ErrorText{"econnrefused\",\"syscall\":\"connect || econnrefused', syscall: 'connect", kAnyNode,
              &kRefused, &kNode},
    ErrorText{"etimedout\",\"syscall\":\"connect || etimedout', syscall: 'connect", kAnyNode,
              &kConnectTimedOut, &kNode},
    ErrorText{"14 unavailable: no connection established", "Node.js: grpc-js", &kConnectFailed,
              &kNode},
    ErrorText{"4 deadline_exceeded: deadline exceeded || 4 deadline_exceeded", "Node.js: grpc-js",
              &kTotalTimeout, &kNode,
              "The deadline of the call counts from the lookup to the answer."},
    ErrorText{"code: 'econnreset'", kAnyNode, &kReset, &kNode},
    ErrorText{"code: 'etimedout'", kAnyNode, &kConnectTimedOut, &kNode},
    // got
    ErrorText{"timeout awaiting 'connect' for #ms", kGot, &kConnectTimeout, &kNode,
              "The limit is timeout.connect: from the end of the lookup to connected."},
    ErrorText{"timeout awaiting 'secureconnect' for #ms", kGot, &kTlsTimeout, &kNode,
              "The limit is timeout.secureConnect."},
    ErrorText{"timeout awaiting 'lookup' for #ms", kGot, &kLookupFailed, &kNode,
              "The limit is timeout.lookup."},
    ErrorText{"timeout awaiting 'response' for #ms", kGot, &kNoReply, &kNode,
              "The limit is timeout.response: from the request sent to the header."},
    ErrorText{"timeout awaiting 'socket' for #ms", kGot, &kTotalTimeout, &kNode,
              "The limit is timeout.socket: nothing went over the socket for so long. It may still "
              "have been connecting."},
    ErrorText{"timeout awaiting 'send' for #ms", kGot, &kNoReply, &kNode,
              "The limit is timeout.send: the peer takes no more data."},
    ErrorText{"timeout awaiting 'request' for #ms", kGot, &kTotalTimeout, &kNode,
              "The limit is timeout.request: all of it, from the lookup to the end of the answer."},
    ErrorText{"aggregateerror [etimedout] || aggregateerror*etimedout", "Node.js 20 and later",
              &kConnectTimeout, &kNode,
              "Every address of the name was given up, each after 250 ms by default "
              "(--network-family-autoselection-attempt-timeout). A path longer than that never "
              "connects."},
    ErrorText{"aggregateerror [econnrefused] || aggregateerror*econnrefused",
              "Node.js 20 and later", &kRefused, &kNode, "Every address of the name refused."},
    ErrorText{"aggregateerror [enetunreach] || aggregateerror*enetunreach", "Node.js 20 and later",
              &kNetUnreachable, &kNode},
    ErrorText{"aggregateerror", "Node.js 20 and later", &kConnectFailed, &kNode,
              "One error for all addresses of a name: print error.errors to see each."},
    ErrorText{"connecttimeouterror: connect timeout error || und_err_connect_timeout || "
              "connect timeout error",
              kFetch, &kConnectTimeout, &kNode,
              "The limit is undici's connect timeout, 10 s by default; lookup and TLS are in it. "
              "'attempted addresses' are those of the name; what each got is not told."},
    ErrorText{"headerstimeouterror: headers timeout error || und_err_headers_timeout || "
              "headers timeout error",
              kFetch, &kNoReply, &kNode, "No response headers in time, 300 s by default."},
    ErrorText{"bodytimeouterror: body timeout error || und_err_body_timeout || body timeout error",
              kFetch, &kNoReply, &kNode, "The answer began and then stopped, 300 s by default."},
    ErrorText{"socketerror: other side closed || other side closed || und_err_socket", kFetch,
              &kPeerClosed, &kNode,
              "Often a kept connection that the server had just closed as idle."},
    ErrorText{"typeerror: fetch failed || =fetch failed", kFetch, &kConnectFailed, &kNode,
              "Only the outer error: the reason is in error.cause; explain that text."},
    ErrorText{"the operation was aborted due to timeout", kFetch, &kTotalTimeout, &kNode,
              "AbortSignal.timeout ran out, whatever was being done then."},
    ErrorText{"aborterror: this operation was aborted || aborterror: the operation was aborted || "
              "aborterror: the user aborted a request",
              "Node.js: fetch, node-fetch", &kTotalTimeout, &kNode,
              "The program's own AbortController, mostly by a timer."},
    ErrorText{"network timeout at:", "Node.js: node-fetch 2", &kTotalTimeout, &kNode,
              "Its timeout option."},
    ErrorText{"err_ssl_packet_length_too_long", kAnyNode, &kNotTls, &kNode},
    ErrorText{"self-signed certificate || self signed certificate || "
              "unable to verify the first certificate || depth_zero_self_signed_cert || "
              "err_tls_cert_altname_invalid || unable_to_verify_leaf_signature",
              "Node.js, and others that use OpenSSL", &kNotBelieved, &kNode},
    ErrorText{"hpe_invalid_constant || parse error: expected http/", kAnyNode, &kNotUnderstood,
              &kNode},
    ErrorText{"esockettimedout", "Node.js: request and its descendants", &kNoReply, &kNode,
              "The socket was idle for the timeout option. Its sibling ETIMEDOUT with "
              "connect: true means the connect."},
    ErrorText{
        "axioserror: timeout of #ms exceeded || timeout of #ms exceeded || axioserror*econnaborted",
        "axios", &kTotalTimeout, &kNode, "Its timeout option, for the whole request."},
};

}  // namespace

std::span<const ErrorText> node_texts() { return kNodeTexts; }

}  // namespace sockwatch::texts
