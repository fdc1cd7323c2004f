#include <array>

#include "viewer/texts/meanings.h"
#include "viewer/texts/recordings.h"

namespace sockwatch::texts {
namespace {

constexpr std::string_view kLog = "nginx (error log)";

// What the caller of any gateway sees.
constexpr std::string_view kGateway = "nginx, HAProxy and other gateways (status of the answer)";

const std::array kNginxTexts = {
    ErrorText{
        "504 gateway time-out || 504 gateway timeout || the requested url returned error: 504",
        kGateway, &kGatewayTimeout, &kNginx},
    ErrorText{"502 bad gateway || the requested url returned error: 502", kGateway, &kBadGateway,
              &kNginx},
    ErrorText{"upstream timed out (110: connection timed out) while connecting to upstream || "
              "upstream timed out*while connecting to upstream",
              "nginx (error log; the caller got 504)", &kConnectTimeout, &kNginx,
              "The limit is proxy_connect_timeout (fastcgi_…, grpc_…), 60 s by default. The number "
              "110 is nginx's way of saying so; the kernel had not given up."},
    ErrorText{"upstream timed out (110: connection timed out) while reading response header || "
              "upstream timed out*while reading response header",
              "nginx (error log; the caller got 504)", &kNoReply, &kNginx,
              "The limit is proxy_read_timeout, 60 s by default, between two reads. The upstream "
              "was connected; a longer connect time-out changes nothing."},
    ErrorText{"upstream timed out*while reading upstream", kLog, &kNoReply, &kNginx,
              "The header had come; the body stopped."},
    ErrorText{"upstream timed out*while sending request to upstream", kLog, &kNoReply, &kNginx,
              "The limit is proxy_send_timeout: the upstream takes no more data."},
    ErrorText{"upstream timed out*while ssl handshaking to upstream", kLog, &kTlsTimeout, &kNginx},
    ErrorText{"upstream timed out", kLog, &kTotalTimeout, &kNginx,
              "The words after 'while' tell which limit it was."},
    ErrorText{"connect() failed (111: connection refused) while connecting to upstream || "
              "(111: connection refused) while connecting to upstream",
              "nginx (error log; the caller got 502)", &kRefused, &kNginx},
    ErrorText{"connect() failed (113: no route to host) while connecting to upstream",
              "nginx (error log; the caller got 502)", &kNoRoute, &kNginx},
    ErrorText{"connect() failed (110: connection timed out) while connecting to upstream", kLog,
              &kKernelGaveUp, &kNginx, "Here the kernel gave up before proxy_connect_timeout did."},
    ErrorText{"connect() failed (101: network is unreachable)", kLog, &kNetUnreachable, &kNginx},
    ErrorText{"(99: cannot assign requested address) while connecting to upstream", kLog,
              &kNoSourcePort, &kNginx, "Keep-alive to the upstream (keepalive N) avoids it."},
    ErrorText{"connect() to unix:*(2: no such file or directory)", kLog, &kSocketFileGone, &kNginx},
    ErrorText{"connect() to unix:*(11: resource temporarily unavailable)", kLog, &kTryAgain,
              &kNginx, "The socket's queue is full: all workers of the upstream are busy."},
    ErrorText{"recv() failed (104: connection reset by peer) while reading response header", kLog,
              &kReset, &kNginx},
    ErrorText{"upstream prematurely closed connection while reading response header || "
              "upstream prematurely closed connection",
              "nginx (error log; the caller got 502)", &kPeerClosed, &kNginx},
    ErrorText{"no live upstreams", "nginx (error log; the caller got 502)", &kNoneHealthy, &kNginx,
              "Each server had max_fails failures within fail_timeout (1 in 10 s by default)."},
    ErrorText{"upstream server temporarily disabled", kLog, &kNoneHealthy, &kNginx,
              "One server is out for fail_timeout; the line before says why."},
    ErrorText{"could not be resolved (3: host not found)", kLog, &kNameUnknown, &kNginx},
    ErrorText{"could not be resolved (110: operation timed out) || could not be resolved", kLog,
              &kLookupFailed, &kNginx, "Asked by nginx itself at the servers of 'resolver'."},
    ErrorText{"host not found in upstream", "nginx (at start)", &kNameUnknown, &kNginx},
};

}  // namespace

std::span<const ErrorText> nginx_texts() { return kNginxTexts; }

}  // namespace sockwatch::texts
