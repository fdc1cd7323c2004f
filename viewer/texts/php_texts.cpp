#include <array>

#include "viewer/texts/meanings.h"
#include "viewer/texts/recordings.h"

namespace sockwatch::texts {
namespace {

constexpr std::string_view kStreams = "PHP: fsockopen, stream_socket_client and what uses them";
constexpr std::string_view kPdo = "PHP: PDO, mysqli";
constexpr std::string_view kFopen = "PHP: fopen, file_get_contents";
constexpr std::string_view kPhpredis = "PHP: phpredis";
constexpr std::string_view kPredis = "PHP: Predis";

const std::array kPhpTexts = {
    ErrorText{"unable to connect to*(connection timed out)", kStreams, &kConnectTimeout, &kPhp,
              "The limit is the timeout argument, or default_socket_timeout (60 s). With several "
              "addresses the first can use it all up."},
    ErrorText{"unable to connect to*(connection refused)", kStreams, &kRefused, &kPhp},
    ErrorText{"unable to connect to unix:*(connection refused)", kStreams, &kSocketFileRefused,
              &kPhp},
    ErrorText{"unable to connect to unix:*(no such file or directory)", kStreams, &kSocketFileGone,
              &kPhp},
    ErrorText{"unable to connect to*(no route to host)", kStreams, &kNoRoute, &kPhp},
    ErrorText{"unable to connect to*(network is unreachable)", kStreams, &kNetUnreachable, &kPhp},
    ErrorText{"unable to connect to*(cannot assign requested address)", kStreams, &kNoSourcePort,
              &kPhp},
    ErrorText{"unable to connect to*(operation now in progress)", kStreams, &kInProgress, &kPhp},
    ErrorText{"php_network_getaddresses: getaddrinfo*temporary failure in name resolution || "
              "php_network_getaddresses: getaddrinfo*temporary failure",
              "PHP", &kLookupFailed, &kPhp},
    ErrorText{"php_network_getaddresses: getaddrinfo*name or service not known || "
              "php_network_getaddresses",
              "PHP", &kNameUnknown, &kPhp},
    ErrorText{"sqlstate[hy000] [2002] connection timed out || (hy000/2002): connection timed out",
              kPdo, &kTimedOut, &kPhp,
              "Said of the connect: the limit is PDO::ATTR_TIMEOUT or mysqlnd's, else the "
              "kernel's."},
    ErrorText{"sqlstate[hy000] [2002] connection refused || (hy000/2002): connection refused", kPdo,
              &kRefused, &kPhp},
    ErrorText{"sqlstate[hy000] [2002] no route to host || (hy000/2002): no route to host", kPdo,
              &kNoRoute, &kPhp},
    ErrorText{"sqlstate[hy000] [2002] php_network_getaddresses || "
              "(hy000/2002): php_network_getaddresses",
              kPdo, &kNotResolved, &kPhp},
    ErrorText{"sqlstate[hy000] [2002] operation now in progress", kPdo, &kInProgress, &kPhp},
    ErrorText{"sqlstate[hy000] [2002] no such file or directory || "
              "(hy000/2002): no such file or directory",
              kPdo, &kSocketFileGone, &kPhp,
              "'localhost' means the socket file to MySQL's client; 127.0.0.1 means TCP."},
    ErrorText{"sqlstate[hy000] [2002]", kPdo, &kConnectFailed, &kPhp,
              "The words behind the number say why."},
    ErrorText{"failed to connect to mysql: (2002) connection refused || "
              "failed to connect to mysql: connection refused",
              "PHP: mysqli, in the words of its manual's example", &kRefused, &kPhp},
    ErrorText{"failed to connect to mysql: (2002) connection timed out || "
              "failed to connect to mysql: connection timed out",
              "PHP: mysqli, in the words of its manual's example", &kConnectTimedOut, &kPhp},
    ErrorText{"failed to connect to mysql: (2002) no such file or directory || "
              "failed to connect to mysql: no such file or directory",
              "PHP: mysqli, in the words of its manual's example", &kSocketFileGone, &kPhp,
              "'localhost' means the socket file to MySQL's client; 127.0.0.1 means TCP."},
    ErrorText{"failed to connect to mysql: || failed to connect to mysql",
              "PHP: mysqli, in the words of its manual's example", &kConnectFailed, &kPhp,
              "The words behind it say why."},
    ErrorText{"failed to open stream: connection timed out", kFopen, &kConnectTimeout, &kPhp},
    ErrorText{"failed to open stream: connection refused", kFopen, &kRefused, &kPhp},
    ErrorText{"failed to open stream: no route to host", kFopen, &kNoRoute, &kPhp},
    ErrorText{"failed to open stream: operation timed out", kFopen, &kConnectTimedOut, &kPhp},
    ErrorText{"failed to open stream: http request failed!*status: 504 || failed to open stream: "
              "http request failed! http/1.1 504",
              kFopen, &kGatewayTimeout, &kPhp},
    ErrorText{"failed to open stream: http request failed! http/1.1 502", kFopen, &kBadGateway,
              &kPhp},
    ErrorText{"failed to open stream: http request failed", kFopen, &kNoReply, &kPhp,
              "Said for a missing answer (default_socket_timeout, 60 s) and for an answer with an "
              "error status, which then stands behind it."},
    ErrorText{"read error on connection to", kPhpredis, &kNoReply, &kPhp,
              "The read time-out of phpredis, or the server closed the connection."},
    ErrorText{"redisexception: connection refused || redisexception*connection refused", kPhpredis,
              &kRefused, &kPhp},
    ErrorText{"redisexception: connection timed out || redisexception: operation timed out",
              kPhpredis, &kConnectTimedOut, &kPhp},
    ErrorText{"redis server*went away", kPhpredis, &kStale, &kPhp},
    ErrorText{"connection refused [tcp://", kPredis, &kRefused, &kPhp},
    ErrorText{"connection timed out [tcp://", kPredis, &kConnectTimeout, &kPhp,
              "Its timeout parameter, 5 s by default."},
    ErrorText{"error while reading line from the server", kPredis, &kNoReply, &kPhp,
              "read_write_timeout ran out, or the server closed the connection."},
};

}  // namespace

std::span<const ErrorText> php_texts() { return kPhpTexts; }

}  // namespace sockwatch::texts
