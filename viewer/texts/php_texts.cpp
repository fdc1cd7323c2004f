#include <array>

#include "viewer/texts/meanings.h"
#include "viewer/texts/recordings.h"

namespace sockwatch::texts {
namespace {

constexpr std::string_view kStreams = "PHP: fsockopen, stream_socket_client and what uses them";
constexpr std::string_view kPdo = "PHP: PDO, mysqli";

const std::array kPhpTexts = {
    ErrorText{"unable to connect to*(connection timed out)", kStreams, &kConnectTimeout, &kPhp,
              "The limit is the timeout argument, or default_socket_timeout (60 s). With several "
              "addresses the first can use it all up."},
    ErrorText{"unable to connect to*(connection refused)", kStreams, &kRefused, &kPhp},
    ErrorText{"unable to connect to*(operation now in progress)", kStreams, &kInProgress, &kPhp},
    ErrorText{"php_network_getaddresses: getaddrinfo*temporary failure", "PHP", &kLookupFailed,
              &kPhp},
    ErrorText{"php_network_getaddresses", "PHP", &kNameUnknown, &kPhp},
    ErrorText{"sqlstate[hy000] [2002] connection timed out", kPdo, &kTimedOut, &kPhp,
              "The limit is PDO::ATTR_TIMEOUT or mysqlnd's, else the kernel's."},
    ErrorText{"sqlstate[hy000] [2002] connection refused", kPdo, &kRefused, &kPhp},
    ErrorText{"sqlstate[hy000] [2002] no such file or directory", kPdo, &kSocketFileGone, &kPhp,
              "'localhost' means the socket file to MySQL's client; 127.0.0.1 means TCP."},
    ErrorText{"mysql server has gone away", "MySQL and MariaDB clients (2006)", &kBrokenPipe,
              &kAnyProgram, "Mostly an idle connection that the server closed (wait_timeout)."},
    ErrorText{"lost connection to mysql server", "MySQL and MariaDB clients (2013)", &kReset,
              &kAnyProgram},
    ErrorText{"failed to open stream: connection timed out", "PHP: fopen, file_get_contents",
              &kConnectTimeout, &kPhp},
    ErrorText{"failed to open stream: http request failed", "PHP: fopen, file_get_contents",
              &kNoReply, &kPhp,
              "Said for a missing answer (default_socket_timeout, 60 s) and for an answer with an "
              "error status."},
    ErrorText{"read error on connection to", "PHP: phpredis", &kNoReply, &kPhp,
              "The read time-out of phpredis, or the server closed the connection."},
};

}  // namespace

std::span<const ErrorText> php_texts() { return kPhpTexts; }

}  // namespace sockwatch::texts
