#include <array>

#include "viewer/texts/meanings.h"
#include "viewer/texts/recordings.h"

namespace sockwatch::texts {
namespace {

const std::array kCommandTexts = {
    // curl and everything built on libcurl (git, PHP's cURL, many SDKs).
    ErrorText{"failed to connect to*port # after # ms: connection timed out || "
              "failed to connect to*connection timed out",
              "curl and libcurl, exit code 28", &kConnectTimedOut, &kCurl,
              "After more than two minutes it was the kernel that gave up; after less, "
              "--connect-timeout or --max-time ran out."},
    ErrorText{"failed to connect to*timeout was reached || failed to connect to*timed out || "
              "connection timed out after # ms || connection timed out after # milliseconds",
              "curl and libcurl, exit code 28", &kConnectTimeout, &kCurl,
              "The limit is --connect-timeout (300 s by default) or --max-time. 'Timeout was "
              "reached' is the wording of curl 7.88; others say 'Connection timed out'."},
    ErrorText{"operation timed out after # milliseconds with", "curl and libcurl, exit code 28",
              &kNoReply, &kCurl,
              "--max-time ran out. 'with 0 bytes received': mostly connected and waiting for the "
              "answer; more bytes: in the middle of the body."},
    ErrorText{"resolving timed out after # ms || resolving timed out after # milliseconds",
              "curl and libcurl, exit code 28", &kLookupFailed, &kCurl},
    ErrorText{"ssl connection timeout", "curl and libcurl, exit code 28", &kTlsTimeout, &kCurl},
    ErrorText{"curl: (28) || curl error 28 || curl errno 28", "curl and libcurl, exit code 28",
              &kTotalTimeout, &kCurl},
    ErrorText{"failed to connect to*couldn't connect to server || "
              "failed to connect to*could not connect to server || "
              "curl: (7) || curl error 7 || curl errno 7",
              "curl and libcurl, exit code 7", &kConnectFailed, &kCurl,
              "'after 0 ms' nearly always means refused; a second or more means something else."},
    ErrorText{"failed to connect to*connection refused", "curl and libcurl, exit code 7", &kRefused,
              &kCurl},
    ErrorText{"could not resolve host || curl: (6) || curl error 6",
              "curl and libcurl, exit code 6", &kNotResolved, &kCurl},
    ErrorText{"could not resolve proxy || curl: (5) || curl error 5",
              "curl and libcurl, exit code 5", &kNotResolved, &kCurl,
              "It is the name of the proxy (--proxy, http_proxy, https_proxy, all_proxy), not of "
              "the server."},
    ErrorText{"empty reply from server || curl: (52)", "curl and libcurl, exit code 52",
              &kPeerClosed, &kCurl},
    ErrorText{
        "transfer closed with # bytes remaining to read || curl: (18)",
        "curl and libcurl, exit code 18", &kPeerClosed, &kCurl,
        "The server, or a proxy before it, ended the connection before it had sent all it had "
        "announced. What is said is not read here, so a recording tells it as a normal end "
        "by the peer."},
    ErrorText{"curl: (56)*connection reset by peer || "
              "recv failure: connection reset by peer || curl: (56)",
              "curl and libcurl, exit code 56", &kReset, &kCurl,
              "Any failure to receive; the words behind the number say which."},
    ErrorText{"curl: (56)*received http code # from proxy after connect || "
              "received http code # from proxy after connect || "
              "curl: (56) connect tunnel failed, response # || connect tunnel failed, response #",
              "curl and libcurl, exit code 56", &kNoTunnel, &kCurl},
    ErrorText{"curl: (35)*recv failure: connection reset by peer || "
              "curl: (35)*connection reset by peer",
              "curl and libcurl, exit code 35", &kTlsCut, &kCurl,
              "Exit code 35: it was the TLS handshake that was broken off."},
    ErrorText{"ssl_error_syscall in connection to || curl: (35)", "curl and libcurl, exit code 35",
              &kTlsCut, &kCurl},
    ErrorText{"curl: (35)*wrong version number || routines::wrong version number || "
              "ssl routines:ssl3_get_record:wrong version number",
              "OpenSSL, and programs that use it (curl, nginx, ...)", &kNotTls, &kCurl},
    // wget
    ErrorText{"connecting to*failed: connection timed out", "wget", &kConnectTimedOut, &kWget,
              "wget prints these words for its own limit (--timeout) and for the kernel's alike."},
    ErrorText{"read error (connection timed out) in headers", "wget", &kNoReply, &kWget},
    ErrorText{"unable to resolve host address", "wget", &kNotResolved, &kWget,
              "The line before it says which: 'Name or service not known' or 'Temporary failure'."},
    ErrorText{"read error (connection reset by peer) in headers", "wget", &kReset, &kWget},
    ErrorText{"no data received", "wget", &kPeerClosed, &kWget},
    // ssh
    ErrorText{"connect to host*port #: connection timed out", "OpenSSH's ssh", &kConnectTimedOut,
              &kSsh,
              "With ConnectTimeout set it is ssh's limit, without it the kernel's (2 minutes and "
              "more)."},
    ErrorText{"connect to host*port #: connection refused", "OpenSSH's ssh", &kRefused, &kSsh},
    ErrorText{"timed out during banner exchange", "OpenSSH's ssh", &kNoGreeting, &kSsh},
    ErrorText{"kex_exchange_identification: read: connection reset by peer || "
              "kex_exchange_identification*connection reset by",
              "OpenSSH's ssh", &kReset, &kSsh,
              "Connected; the server, or a box before it, broke off before its greeting: too many "
              "log-ins at once (MaxStartups), a ban (fail2ban), or it crashed."},
    ErrorText{"kex_exchange_identification: connection closed by remote host || "
              "kex_exchange_identification*connection closed",
              "OpenSSH's ssh", &kPeerClosed, &kSsh,
              "Connected; the server, or a box before it, closed before its greeting: too many "
              "log-ins at once (MaxStartups), a ban (fail2ban, hosts.deny), or a balancer without "
              "a server."},
};

}  // namespace

std::span<const ErrorText> command_texts() { return kCommandTexts; }

}  // namespace sockwatch::texts
