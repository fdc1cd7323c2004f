#include <array>

#include "viewer/texts/meanings.h"
#include "viewer/texts/recordings.h"

namespace sockwatch::texts {
namespace {

constexpr std::string_view kLog = "nginx (error log)";
constexpr std::string_view k502 = "nginx (error log; the caller got 502)";
constexpr std::string_view k504 = "nginx (error log; the caller got 504)";
constexpr std::string_view kPage = "nginx (its page for the caller)";

const std::array kNginxTexts = {
    ErrorText{"504 gateway time-out*nginx", kPage, &kGatewayTimeout, &kNginx,
              "Its error log says 'upstream timed out', and while doing what."},
    ErrorText{"502 bad gateway*nginx", kPage, &kBadGateway, &kNginx,
              "Its error log has the reason: explain that text."},
    ErrorText{"upstream timed out (110: connection timed out) while connecting to upstream || "
              "upstream timed out*while connecting to upstream",
              k504, &kConnectTimeout, &kNginx,
              "The limit is proxy_connect_timeout (fastcgi_…, grpc_…), 60 s by default. The number "
              "110 is nginx's way of saying so; the kernel had not given up."},
    ErrorText{"upstream timed out (110: connection timed out) while reading response header || "
              "upstream timed out*while reading response header",
              k504, &kNoReply, &kNginx,
              "The limit is proxy_read_timeout, 60 s by default, between two reads. The upstream "
              "was connected; a longer connect time-out changes nothing."},
    ErrorText{"upstream timed out (110: connection timed out) while reading upstream || "
              "upstream timed out*while reading upstream",
              kLog, &kNoReply, &kNginx, "The header had come; the body stopped."},
    ErrorText{"upstream timed out (110: connection timed out) while sending request to upstream || "
              "upstream timed out*while sending request to upstream || "
              "upstream timed out*while sending to upstream",
              kLog, &kNoReply, &kNginx,
              "The limit is proxy_send_timeout: the upstream takes no more data."},
    ErrorText{"upstream timed out (110: connection timed out) while ssl handshaking to upstream || "
              "upstream timed out*while ssl handshaking to upstream",
              k504, &kTlsTimeout, &kNginx, "The limit is proxy_connect_timeout."},
    ErrorText{"upstream timed out (110: connection timed out) || upstream timed out", kLog,
              &kTotalTimeout, &kNginx, "The words after 'while' tell which limit it was."},
    ErrorText{"connect() failed (111: connection refused) while connecting to upstream || "
              "(111: connection refused) while connecting to upstream || "
              "connect() failed (111: connection refused)",
              k502, &kRefused, &kNginx},
    ErrorText{"connect() failed (113: no route to host) while connecting to upstream || "
              "connect() failed (113: no route to host) || (113: host is unreachable)",
              k502, &kNoRoute, &kNginx},
    ErrorText{"connect() failed (110: connection timed out) while connecting to upstream || "
              "connect() failed (110: connection timed out)",
              kLog, &kKernelGaveUp, &kNginx,
              "Here the kernel gave up before proxy_connect_timeout did."},
    ErrorText{"connect() failed (104: connection reset by peer)", kLog, &kReset, &kNginx},
    ErrorText{"connect() failed (101: network is unreachable) || "
              "connect() to*failed (101: network is unreachable) || "
              "(101: network is unreachable) while connecting to upstream || "
              "(101: network unreachable) while connecting to upstream",
              k502, &kNetUnreachable, &kNginx,
              "Often an IPv6 address of the upstream on a host without IPv6: 'ipv6=off' at "
              "'resolver', or another name."},
    ErrorText{"connect() to*failed (13: permission denied) while connecting to upstream || "
              "connect() failed (13: permission denied) || "
              "(13: permission denied) while connecting to upstream",
              k502, &kDenied, &kNginx,
              "With SELinux mostly httpd_can_network_connect, which is off by default."},
    ErrorText{"(99: cannot assign requested address) while connecting to upstream || "
              "connect() to*failed (99: cannot assign requested address) while connecting to "
              "upstream || bind(*failed (99: cannot assign requested address)",
              kLog, &kNoSourcePort, &kNginx, "Keep-alive to the upstream (keepalive N) avoids it."},
    // Socket files, as of PHP-FPM
    ErrorText{"connect() to unix:*failed (2: no such file or directory) while connecting to "
              "upstream || connect() to unix:*(2: no such file or directory)",
              k502, &kSocketFileGone, &kNginx},
    ErrorText{"connect() to unix:*failed (111: connection refused) while connecting to upstream || "
              "connect() to unix:*(111: connection refused)",
              k502, &kSocketFileRefused, &kNginx},
    ErrorText{"connect() to unix:*failed (13: permission denied) while connecting to upstream || "
              "connect() to unix:*(13: permission denied)",
              k502, &kSocketFileDenied, &kNginx,
              "PHP-FPM: listen.owner, listen.group and listen.mode make the file's rights."},
    ErrorText{
        "connect() to unix:*failed (11: resource temporarily unavailable) while connecting to "
        "upstream || connect() to unix:*(11: resource temporarily unavailable)",
        k502, &kSocketFileFull, &kNginx,
        "PHP-FPM: all pm.max_children are busy and listen.backlog is full."},
    ErrorText{"recv() failed (104: connection reset by peer) while reading response header || "
              "recv() failed (104: connection reset by peer)",
              k502, &kReset, &kNginx},
    ErrorText{"(104: connection reset by peer) while reading upstream || "
              "readv() failed (104: connection reset by peer) while reading upstream",
              kLog, &kReset, &kNginx, "The header had come; the body was broken off."},
    ErrorText{"recv() failed (110: connection timed out)", kLog, &kTimedOut, &kNginx,
              "Said of a read: an established connection went dead."},
    ErrorText{"(32: broken pipe) while sending request to upstream || "
              "writev() failed (32: broken pipe) while sending request to upstream || "
              "sendfile() failed (32: broken pipe) while sending request to upstream",
              kLog, &kBrokenPipe, &kNginx},
    ErrorText{"peer closed connection in ssl handshake (104: connection reset by peer) while ssl "
              "handshaking to upstream || peer closed connection in ssl handshake*while ssl "
              "handshaking to upstream",
              k502, &kTlsCut, &kNginx},
    ErrorText{"ssl_do_handshake() failed*wrong version number*while ssl handshaking to upstream || "
              "ssl_do_handshake() failed*wrong version number",
              k502, &kNotTls, &kNginx,
              "https:// in proxy_pass, and the upstream speaks plain HTTP there."},
    ErrorText{"ssl_do_handshake() failed*while ssl handshaking to upstream", k502, &kTlsFailed,
              &kNginx,
              "The words in the brackets say why; a name that is missing needs "
              "'proxy_ssl_server_name on'."},
    ErrorText{"upstream prematurely closed connection while reading response header from upstream "
              "|| upstream prematurely closed connection while reading response header || "
              "upstream prematurely closed connection",
              k502, &kPeerClosed, &kNginx},
    ErrorText{"upstream sent no valid http/1.0 header || upstream sent invalid header || upstream "
              "sent too big header",
              k502, &kNotUnderstood, &kNginx,
              "'too big': the header is larger than proxy_buffer_size."},
    ErrorText{"no live upstreams while connecting to upstream || no live upstreams", k502,
              &kNoneHealthy, &kNginx,
              "Each server had max_fails failures within fail_timeout (1 in 10 s by default)."},
    ErrorText{"upstream server temporarily disabled", kLog, &kNoneHealthy, &kNginx,
              "One server is out for fail_timeout; the line before says why."},
    ErrorText{"could not be resolved (3: host not found)", k502, &kNameUnknown, &kNginx,
              "Asked by nginx itself at the servers of 'resolver'; /etc/hosts is not read."},
    ErrorText{"could not be resolved (110: operation timed out)", k502, &kLookupFailed, &kNginx,
              "Asked by nginx itself at the servers of 'resolver'; none of them answered within "
              "resolver_timeout (30 s by default)."},
    ErrorText{"could not be resolved (2: server failure) || could not be resolved (5: operation "
              "refused) || could not be resolved",
              k502, &kLookupFailed, &kNginx, "Asked by nginx itself at the servers of 'resolver'."},
    ErrorText{"no resolver defined to resolve", k502, &kProxyDecided, &kNginx,
              "A name with a variable in proxy_pass needs 'resolver ADDRESS;'."},
    ErrorText{"recv() failed (111: connection refused) while resolving || send() failed (111: "
              "connection refused) while resolving",
              kLog, &kLookupFailed, &kNginx,
              "The name server of 'resolver' refused: nobody serves port 53 there."},
    ErrorText{"send() failed (101: network is unreachable) while resolving", kLog, &kLookupFailed,
              &kNginx},
    ErrorText{"host not found in upstream", "nginx (at start)", &kNameUnknown, &kNginx,
              "nginx does not start while a name of its configuration cannot be looked up."},
    ErrorText{"client prematurely closed connection, so upstream connection is closed too || "
              "client prematurely closed connection",
              "nginx (error log, level info; 499 in the access log)", &kCallerLeft, &kNginx},
    ErrorText{"client timed out (110: connection timed out) while waiting for request || "
              "client timed out (110: connection timed out)",
              "nginx (error log, level info)", &kCallerSilent, &kNginx},
    ErrorText{"# worker_connections are not enough", kLog, &kOverflow, &kNginx,
              "The limit of one nginx worker: worker_connections."},
};

}  // namespace

std::span<const ErrorText> nginx_texts() { return kNginxTexts; }

}  // namespace sockwatch::texts
