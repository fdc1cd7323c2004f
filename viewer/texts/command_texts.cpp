#include <array>

#include "viewer/texts/meanings.h"
#include "viewer/texts/recordings.h"

namespace sockwatch::texts {
namespace {

// curl and everything built on libcurl: git, PHP's cURL and Guzzle, many SDKs.
constexpr std::string_view kCurl28 = "curl and libcurl, exit code 28";
constexpr std::string_view kCurl7 = "curl and libcurl, exit code 7";
constexpr std::string_view kCurl56 = "curl and libcurl, exit code 56";
constexpr std::string_view kCurl35 = "curl and libcurl, exit code 35";
constexpr std::string_view kSshName = "OpenSSH's ssh";
constexpr std::string_view kNc = "nc (netcat)";
constexpr std::string_view kBash = "bash (redirection to /dev/tcp)";

constexpr std::string_view kConnectLimit =
    "The limit is --connect-timeout (300 s by default) or --max-time (CURLOPT_CONNECTTIMEOUT, "
    "CURLOPT_TIMEOUT), whichever ran out first; the lookup is in it. curl 7.88 prints 'timed out "
    "after ... milliseconds' and 'timeout after ... ms'; 'connect() timed out!' and 'Connection "
    "time-out' are those of old versions.";

const std::array kCommandTexts = {
    ErrorText{"failed to connect to*port # after # ms: connection timed out || "
              "failed to connect to*port #: connection timed out || "
              "failed connect to*; connection timed out",
              kCurl28, &kConnectTimedOut, &kCurl,
              "After more than two minutes it was the kernel that gave up; after less, "
              "--connect-timeout or --max-time ran out. Without 'after ... ms' it is an older "
              "curl."},
    ErrorText{"failed to connect to*after # ms: timeout was reached || "
              "failed to connect to*after # ms: timed out || "
              "failed to connect to*port #: timed out || failed to connect to*port #: timeout was "
              "reached",
              kCurl28, &kConnectTimeout, &kCurl,
              "The limit is --connect-timeout or --max-time. 'Timeout was reached' is the wording "
              "of curl 7.88; older ones say 'Connection timed out'."},
    ErrorText{
        "curl: (28) failed to connect to*after # ms: could not connect to server || "
        "curl: (28) failed to connect to*after # ms: couldn't connect to server || "
        "curl error 28: failed to connect to*after # ms: could not connect to server || "
        "curl error 28: failed to connect to*after # ms: couldn't connect to server",
        kCurl28, &kConnectTimeout, &kCurl,
        "The exit code 28 says that it was a time-out; the same words with 7 can be anything."},
    ErrorText{"recv failure: connection timed out || recv failure: operation timed out", kCurl56,
              &kTimedOut, &kCurl, "Not the connect: an established connection went dead."},
    ErrorText{"curl: (16) || error in the http2 framing layer", "curl and libcurl, exit code 16",
              &kNotUnderstood, &kCurl, "HTTP/2 was agreed on; --http1.1 avoids it."},
    ErrorText{"curl: (92) || http/2 stream # was not closed cleanly",
              "curl and libcurl, exit code 92", &kReset, &kCurl,
              "HTTP/2: the other side reset this one stream."},
    ErrorText{"connection timed out after # ms || connection timed out after # milliseconds || "
              "connection timeout after # ms || connect() timed out! || connection time-out",
              kCurl28, &kConnectTimeout, &kCurl, kConnectLimit},
    ErrorText{"operation timed out after # milliseconds with 0 out of || "
              "operation timed out after # milliseconds with 0 bytes",
              kCurl28, &kNoReply, &kCurl,
              "--max-time (CURLOPT_TIMEOUT) ran out with nothing of the answer received: mostly "
              "connected and waiting for it."},
    ErrorText{"operation timed out after # milliseconds with", kCurl28, &kNoReply, &kCurl,
              "--max-time (CURLOPT_TIMEOUT) ran out in the middle of the answer: part of it had "
              "come. It is too large or too slow for the limit, or it stopped coming."},
    ErrorText{"operation too slow. less than # bytes/sec transferred the last # seconds", kCurl28,
              &kNoReply, &kCurl, "The limit is --speed-limit with --speed-time."},
    ErrorText{"resolving timed out after # ms || resolving timed out after # milliseconds || "
              "name lookup timed out || failed to resolve host '*' with timeout after # ms",
              kCurl28, &kLookupFailed, &kCurl,
              "The time for the connect ran out in the name lookup."},
    ErrorText{"ssl connection timeout", kCurl28, &kTlsTimeout, &kCurl,
              "TCP was connected; --connect-timeout or --max-time ran out in the TLS handshake."},
    ErrorText{"proxy connect aborted due to timeout", kCurl28, &kNoReply, &kCurl,
              "The proxy was connected and did not answer CONNECT in time."},
    ErrorText{"curl: (28) || curl error 28 || curl errno 28 || timeout was reached", kCurl28,
              &kTotalTimeout, &kCurl},
    ErrorText{
        "failed to connect to*after # ms: couldn't connect to server || "
        "failed to connect to*after # ms: could not connect to server || "
        "failed to connect to*port #: couldn't connect to server || curl: (7) || "
        "curl error 7 || curl errno 7",
        kCurl7, &kConnectFailed, &kCurl,
        "'after 0 ms' nearly always means refused; a second or more means something else. "
        "'Couldn't connect' is the wording of versions like 7.88, 'Could not connect' of later "
        "ones."},
    ErrorText{"failed to connect to*port # after # ms: connection refused || "
              "failed to connect to*port #: connection refused || "
              "failed connect to*; connection refused || connect to*port # failed: connection "
              "refused || connect to*port # from*failed: connection refused",
              kCurl7, &kRefused, &kCurl},
    ErrorText{"failed to connect to*port # after # ms: no route to host || "
              "failed to connect to*port #: no route to host || failed connect to*; no route to "
              "host || connect to*port # failed: no route to host",
              kCurl7, &kNoRoute, &kCurl},
    ErrorText{"failed to connect to*port # after # ms: network is unreachable || "
              "failed to connect to*port #: network is unreachable || "
              "immediate connect fail for*network is unreachable",
              kCurl7, &kNetUnreachable, &kCurl},
    ErrorText{"failed to connect to*port #: permission denied || failed to connect to*port # after "
              "# ms: permission denied || immediate connect fail for*permission denied",
              kCurl7, &kDenied, &kCurl},
    ErrorText{"could not resolve host: || could not resolve host || couldn't resolve host || "
              "curl: (6) || curl error 6 || curl errno 6",
              "curl and libcurl, exit code 6", &kNotResolved, &kCurl},
    ErrorText{"could not resolve proxy || couldn't resolve proxy || curl: (5) || curl error 5",
              "curl and libcurl, exit code 5", &kNotResolved, &kCurl,
              "It is the name of the proxy (--proxy, http_proxy, https_proxy, all_proxy), not of "
              "the server."},
    ErrorText{"empty reply from server || curl: (52) || curl error 52",
              "curl and libcurl, exit code 52", &kPeerClosed, &kCurl},
    ErrorText{
        "transfer closed with # bytes remaining to read || transfer closed with outstanding read "
        "data remaining || curl: (18) || curl error 18",
        "curl and libcurl, exit code 18", &kPeerClosed, &kCurl,
        "The server, or a proxy before it, ended the connection before it had sent all it had "
        "announced. What is said is not read here, so a recording tells it as a normal end "
        "by the peer."},
    ErrorText{"curl: (56)*connection reset by peer || curl error 56*connection reset by peer || "
              "recv failure: connection reset by peer",
              kCurl56, &kReset, &kCurl},
    ErrorText{"curl: (56) || curl error 56", kCurl56, &kLost, &kCurl,
              "Any failure to receive; the words behind the number say which."},
    ErrorText{"curl: (55) || curl error 55 || send failure: broken pipe",
              "curl and libcurl, exit code 55", &kBrokenPipe, &kCurl},
    ErrorText{"curl: (56)*received http code # from proxy after connect || "
              "received http code # from proxy after connect || "
              "curl: (56) connect tunnel failed, response # || connect tunnel failed, response #",
              kCurl56, &kNoTunnel, &kCurl},
    ErrorText{"curl: (35)*recv failure: connection reset by peer || "
              "curl: (35)*connection reset by peer || curl error 35*connection reset by peer",
              kCurl35, &kTlsCut, &kCurl,
              "Exit code 35: it was the TLS handshake that was broken off."},
    ErrorText{"ssl_connect: connection reset by peer in connection to || ssl_error_syscall in "
              "connection to || ssl_connect: ssl_error_syscall || curl: (35) "
              "|| curl error 35",
              kCurl35, &kTlsCut, &kCurl},
    ErrorText{"curl: (35)*wrong version number || curl error 35*wrong version number",
              "OpenSSL, used by curl (exit code 35)", &kNotTls, &kCurl},
    ErrorText{"curl: (60) || curl error 60 || ssl certificate problem:",
              "curl and libcurl, exit code 60", &kNotBelieved, &kCurl},
    ErrorText{
        "gnutls_handshake() failed", "git and others with GnuTLS", &kTlsFailed, &kCurl,
        "The words behind it say how; 'non-properly terminated' is an end by the other side."},
    ErrorText{"gnutls recv error (-54): error in the pull function || gnutls recv error (-54)",
              "git and others with GnuTLS", &kReset, &kCurl},
    ErrorText{"gnutls recv error (-110): the tls connection was non-properly terminated || "
              "gnutls recv error (-110)",
              "git and others with GnuTLS", &kPeerClosed, &kCurl},
    // wget
    ErrorText{"connecting to*failed: connection timed out", "wget", &kConnectTimedOut, &kWget,
              "wget prints these words for its own limit (--timeout) and for the kernel's alike."},
    ErrorText{"connecting to*failed: connection refused", "wget", &kRefused, &kWget},
    ErrorText{"connecting to*failed: no route to host", "wget", &kNoRoute, &kWget},
    ErrorText{"connecting to*failed: network is unreachable", "wget", &kNetUnreachable, &kWget},
    ErrorText{"resolving*failed: temporary failure in name resolution", "wget", &kLookupFailed,
              &kWget},
    ErrorText{"resolving*failed: name or service not known", "wget", &kNameUnknown, &kWget},
    ErrorText{"read error (connection timed out) in headers", "wget", &kNoReply, &kWget},
    ErrorText{"unable to resolve host address", "wget", &kNotResolved, &kWget,
              "The line before it says which: 'Name or service not known' or 'Temporary failure'."},
    ErrorText{"read error (connection reset by peer) in headers", "wget", &kReset, &kWget},
    ErrorText{"unable to establish ssl connection", "wget", &kTlsCut, &kWget},
    ErrorText{"wget*no data received || no data received. retrying || =no data received || =no "
              "data received.",
              "wget", &kPeerClosed, &kWget},
    ErrorText{"wget: download timed out", "wget of BusyBox", &kTotalTimeout, &kWget},
    ErrorText{"wget: can't connect to remote host*connection refused",
              "wget of BusyBox (Alpine, containers)", &kRefused, &kWget},
    ErrorText{"wget: can't connect to remote host", "wget of BusyBox (Alpine, containers)",
              &kConnectFailed, &kWget},
    ErrorText{"wget: bad address", "wget of BusyBox (Alpine, containers)", &kNotResolved, &kWget},
    // ssh
    ErrorText{"ssh: connect to host*port #: connection timed out || "
              "connect to host*port #: connection timed out",
              kSshName, &kConnectTimedOut, &kSsh,
              "With ConnectTimeout set it is ssh's limit, without it the kernel's (2 minutes and "
              "more)."},
    ErrorText{"ssh: connect to host*port #: operation timed out", "OpenSSH's ssh on macOS",
              &kConnectTimedOut, &kSsh},
    ErrorText{"ssh: connect to host*port #: connection refused || "
              "connect to host*port #: connection refused",
              kSshName, &kRefused, &kSsh},
    ErrorText{"ssh: connect to host*port #: no route to host || "
              "connect to host*port #: no route to host",
              kSshName, &kNoRoute, &kSsh},
    ErrorText{"ssh: connect to host*port #: network is unreachable || "
              "connect to host*port #: network is unreachable",
              kSshName, &kNetUnreachable, &kSsh},
    ErrorText{"could not resolve hostname*temporary failure in name resolution", kSshName,
              &kLookupFailed, &kSsh},
    ErrorText{"could not resolve hostname*name or service not known", kSshName, &kNameUnknown,
              &kSsh},
    ErrorText{"ssh: could not resolve hostname || could not resolve hostname", kSshName,
              &kNotResolved, &kSsh},
    ErrorText{"timed out during banner exchange", kSshName, &kNoGreeting, &kSsh},
    ErrorText{"kex_exchange_identification: read: connection reset by peer || "
              "kex_exchange_identification*connection reset by || "
              "ssh_exchange_identification: read: connection reset by peer",
              kSshName, &kReset, &kSsh,
              "Connected; the server, or a box before it, broke off before its greeting: too many "
              "log-ins at once (MaxStartups), a ban (fail2ban), or it crashed."},
    ErrorText{"kex_exchange_identification: connection closed by remote host || "
              "kex_exchange_identification*connection closed || "
              "ssh_exchange_identification: connection closed by remote host",
              kSshName, &kPeerClosed, &kSsh,
              "Connected; the server, or a box before it, closed before its greeting: too many "
              "log-ins at once (MaxStartups), a ban (fail2ban, hosts.deny), or a balancer without "
              "a server."},
    ErrorText{"client_loop: send disconnect: broken pipe || packet_write_wait*broken pipe",
              kSshName, &kBrokenPipe, &kSsh,
              "A session that was up died: the network went away, or a firewall forgot the idle "
              "connection. ServerAliveInterval keeps it in memory."},
    ErrorText{"timeout, server*not responding", kSshName, &kTimedOut, &kSsh,
              "A session that was up: ServerAliveCountMax probes got no answer."},
    ErrorText{"permission denied (publickey || permission denied (password || "
              "permission denied (keyboard",
              kSshName, &kLoginDenied, &kSsh},
    ErrorText{"connection to*closed by remote host || connection closed by #.#.#.# port #",
              kSshName, &kPeerClosed, &kSsh},
    ErrorText{"connection reset by #.#.#.# port #", kSshName, &kReset, &kSsh},
    // others
    ErrorText{"rsync*failed to connect to*connection refused", "rsync", &kRefused, &kAnyProgram},
    ErrorText{"rsync*failed to connect to*connection timed out", "rsync", &kConnectTimedOut,
              &kAnyProgram},
    ErrorText{"temporary failure resolving '", "apt (Debian, Ubuntu)", &kLookupFailed,
              &kAnyProgram},
    ErrorText{"could not connect to*), connection timed out", "apt (Debian, Ubuntu)",
              &kConnectTimeout, &kAnyProgram, "Acquire::http::Timeout, 30 s by default."},
    ErrorText{"could not connect to*connect (111: connection refused)", "apt (Debian, Ubuntu)",
              &kRefused, &kAnyProgram},
    ErrorText{"could not resolve '", "apt (Debian, Ubuntu)", &kNotResolved, &kAnyProgram},
    ErrorText{"connection timed out; no servers could be reached || no servers could be reached",
              "dig, host and nslookup", &kLookupFailed, &kAnyProgram,
              "No name server answered within three tries."},
    ErrorText{"communications error to*timed out", "dig, host and nslookup", &kLookupFailed,
              &kAnyProgram, "The name server behind 'to' did not answer."},
    ErrorText{"communications error to*connection refused", "dig, host and nslookup",
              &kLookupFailed, &kAnyProgram,
              "Nobody serves port 53 at the name server behind 'to'."},
    // nc
    ErrorText{"nc: connect to*failed: connection refused", kNc, &kRefused, &kNetcat},
    ErrorText{"nc: connect to*failed: connection timed out", kNc, &kKernelGaveUp, &kNetcat},
    ErrorText{"nc: connect to*timed out: operation now in progress", kNc, &kConnectTimeout,
              &kNetcat,
              "The limit is -w. EINPROGRESS (115) only says that it was not decided yet."},
    ErrorText{"nc: connect to*failed: no route to host", kNc, &kNoRoute, &kNetcat},
    ErrorText{"nc: connect to*failed: network is unreachable", kNc, &kNetUnreachable, &kNetcat},
    ErrorText{"nc: getaddrinfo", kNc, &kNotResolved, &kNetcat},
    ErrorText{"telnet: unable to connect to remote host: connection refused || "
              "telnet: connect to address*connection refused",
              "telnet", &kRefused, &kAnyProgram},
    ErrorText{"telnet: unable to connect to remote host: connection timed out || "
              "telnet: connect to address*connection timed out",
              "telnet", &kKernelGaveUp, &kAnyProgram},
    ErrorText{"telnet: unable to connect to remote host: no route to host || "
              "telnet: connect to address*no route to host",
              "telnet", &kNoRoute, &kAnyProgram},
    // bash
    ErrorText{"bash: connect: connection refused || bash: line #: connect: connection refused || "
              "/dev/tcp/*connection refused",
              kBash, &kRefused, &kAnyProgram},
    ErrorText{
        "bash: connect: connection timed out || bash: line #: connect: connection timed out || "
        "/dev/tcp/*connection timed out",
        kBash, &kKernelGaveUp, &kAnyProgram,
        "bash has no limit of its own here; 'timeout 5 bash -c ...' would end it without "
        "words."},
    ErrorText{"bash: connect: no route to host || bash: line #: connect: no route to host || "
              "/dev/tcp/*no route to host",
              kBash, &kNoRoute, &kAnyProgram},
    ErrorText{
        "bash: connect: network is unreachable || bash: line #: connect: network is unreachable || "
        "/dev/tcp/*network is unreachable",
        kBash, &kNetUnreachable, &kAnyProgram},
    ErrorText{"/dev/tcp/*name or service not known || "
              "name or service not known bash: line #: /dev/tcp/",
              kBash, &kNameUnknown, &kAnyProgram},
    // git, systemd
    ErrorText{"unable to connect to*errno=connection timed out", "git", &kConnectTimedOut,
              &kAnyProgram},
    ErrorText{"unable to connect to*errno=connection refused", "git", &kRefused, &kAnyProgram},
    ErrorText{"failed to connect to bus: no such file or directory",
              "systemctl and other tools of systemd", &kSocketFileGone, &kLocalServer,
              "D-Bus does not run; in containers it mostly does not."},
    ErrorText{"failed to connect to bus: connection refused",
              "systemctl and other tools of systemd", &kSocketFileRefused, &kLocalServer},
    // docker
    ErrorText{"cannot connect to the docker daemon at unix:", "the command docker", &kSocketFile,
              &kGoFile},
    ErrorText{"permission denied while trying to connect to the docker daemon socket || "
              "permission denied while trying to connect to the docker api",
              "the command docker", &kSocketFileDenied, &kGoFile,
              "The socket file belongs to the group docker."},
};

}  // namespace

std::span<const ErrorText> command_texts() { return kCommandTexts; }

}  // namespace sockwatch::texts
