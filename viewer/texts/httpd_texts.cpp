#include <array>

#include "viewer/texts/meanings.h"
#include "viewer/texts/recordings.h"

namespace sockwatch::texts {
namespace {

constexpr std::string_view kHttpd = "Apache httpd (mod_proxy, error log)";

const std::array kHttpdTexts = {
    ErrorText{"(111)connection refused: ah00957 || (111)connection refused:*ah00957", kHttpd,
              &kRefused, &kHttpdProgram},
    ErrorText{"(113)no route to host: ah00957 || (113)no route to host:*ah00957", kHttpd, &kNoRoute,
              &kHttpdProgram},
    ErrorText{"(101)network is unreachable: ah00957", kHttpd, &kNetUnreachable, &kHttpdProgram},
    ErrorText{"(110)connection timed out: ah00957 || (110)connection timed out:*ah00957", kHttpd,
              &kKernelGaveUp, &kHttpdProgram},
    ErrorText{"(70007)the timeout specified has expired: ah00957 || "
              "(70007)the timeout specified has expired:*ah00957",
              kHttpd, &kConnectTimeout, &kHttpdProgram,
              "The limit is connectiontimeout of ProxyPass, else its timeout, else ProxyTimeout."},
    ErrorText{"(13)permission denied: ah00957 || (13)permission denied:*ah00957", kHttpd, &kDenied,
              &kHttpdProgram,
              "With SELinux mostly httpd_can_network_connect, which is off by default."},
    ErrorText{"(99)cannot assign requested address: ah00957", kHttpd, &kNoSourcePort,
              &kHttpdProgram},
    ErrorText{"(2)no such file or directory: ah02454", kHttpd, &kSocketFileGone, &kHttpdProgram},
    ErrorText{"(111)connection refused: ah02454", kHttpd, &kSocketFileRefused, &kHttpdProgram},
    ErrorText{"(13)permission denied: ah02454", kHttpd, &kSocketFileDenied, &kHttpdProgram},
    ErrorText{"(70007)the timeout specified has expired:*ah01102: error reading status line from "
              "remote server || (70007)the timeout specified has expired:*ah01102",
              kHttpd, &kNoReply, &kHttpdProgram,
              "The limit is timeout of ProxyPass, else ProxyTimeout, else Timeout."},
    ErrorText{"(104)connection reset by peer:*ah01102", kHttpd, &kReset, &kHttpdProgram},
    ErrorText{"ah01102: error reading status line from remote server || "
              "ah00898: error reading from remote server",
              kHttpd, &kPeerClosed, &kHttpdProgram},
    ErrorText{"ah00957: http: attempt to connect to || ah01114: http: failed to make connection to "
              "backend || failed to make connection to backend",
              kHttpd, &kConnectFailed, &kHttpdProgram, "The line with AH00957 has the reason."},
    ErrorText{"ah00898: dns lookup failure for || dns lookup failure for:", kHttpd, &kNotResolved,
              &kHttpdProgram},
    ErrorText{"ah00940:*disabled connection for || all workers are in error state", kHttpd,
              &kNoneHealthy, &kHttpdProgram,
              "After a failed connect httpd leaves the server out for 'retry' seconds, 60 by "
              "default; the line before says why."},
};

}  // namespace

std::span<const ErrorText> httpd_texts() { return kHttpdTexts; }

}  // namespace sockwatch::texts
