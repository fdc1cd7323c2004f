#include <array>

#include "viewer/texts/meanings.h"
#include "viewer/texts/recordings.h"

namespace sockwatch::texts {
namespace {

constexpr std::string_view kMysql = "MySQL and MariaDB clients";
constexpr std::string_view kMysql2002 = "MySQL and MariaDB clients (2002)";
constexpr std::string_view kMysql2003 = "MySQL and MariaDB clients (2003)";
constexpr std::string_view kMysql2013 = "MySQL and MariaDB clients (2013)";
constexpr std::string_view kConnectorJ = "MySQL Connector/J (Java)";
constexpr std::string_view kPyMysql = "Python: PyMySQL";

constexpr std::string_view kErrnoRemark = "The number in brackets is the errno.";
constexpr std::string_view kSocketRemark =
    "'localhost' means the socket file here; 127.0.0.1 would use TCP. The number in brackets is "
    "the errno.";
constexpr std::string_view kBeforeGreeting =
    "Before the server's greeting: often a slow or failing reverse lookup of the client "
    "(skip-name-resolve), max_connect_errors, or a balancer without a server behind it.";

const std::array kMysqlTexts = {
    ErrorText{"error 2003 (hy000): can't connect to*server on*(110) || "
              "can't connect to*server on*(110",
              kMysql2003, &kConnectTimedOut, &kMysqlClient, kErrnoRemark},
    ErrorText{"error 2003 (hy000): can't connect to*server on*(111) || "
              "can't connect to*server on*(111",
              kMysql2003, &kRefused, &kMysqlClient, kErrnoRemark},
    ErrorText{"error 2003 (hy000): can't connect to*server on*(113) || "
              "can't connect to*server on*(113",
              kMysql2003, &kNoRoute, &kMysqlClient, kErrnoRemark},
    ErrorText{"error 2003 (hy000): can't connect to*server on*(101) || "
              "can't connect to*server on*(101",
              kMysql2003, &kNetUnreachable, &kMysqlClient, kErrnoRemark},
    ErrorText{"error 2003 (hy000): can't connect to*server on*(99) || "
              "can't connect to*server on*(99",
              kMysql2003, &kNoSourcePort, &kMysqlClient, kErrnoRemark},
    ErrorText{"can't connect to*server on*(10060", "MySQL and MariaDB clients (2003) on Windows",
              &kConnectTimedOut, &kWindows, "Error 10060."},
    ErrorText{"can't connect to*server on*(10061", "MySQL and MariaDB clients (2003) on Windows",
              &kRefused, &kWindows, "Error 10061."},
    ErrorText{"error 2003 (hy000): can't connect to || can't connect to mysql server on || "
              "can't connect to server on",
              kMysql2003, &kConnectFailed, &kMysqlClient, kErrnoRemark},
    ErrorText{"error 2002 (hy000): can't connect to*server on*(115) || "
              "can't connect to*server on*(115",
              "MariaDB clients (2002)", &kConnectTimeout, &kMysqlClient,
              "115 is EINPROGRESS: the client's limit (connect_timeout) ran out before the connect "
              "was decided."},
    ErrorText{"error 2002 (hy000): can't connect to server on*(111) || "
              "error 2002 (hy000): can't connect to mysql server on*(111)",
              "MariaDB clients (2002)", &kRefused, &kMysqlClient, kErrnoRemark},
    ErrorText{"error 2002 (hy000): can't connect to server on*(110) || "
              "error 2002 (hy000): can't connect to mysql server on*(110)",
              "MariaDB clients (2002)", &kConnectTimedOut, &kMysqlClient, kErrnoRemark},
    ErrorText{"can't connect to local mysql server through socket*(2) || "
              "can't connect to local server through socket*(2) || "
              "can't connect to local mysql server through socket*(2 \"",
              kMysql2002, &kSocketFileGone, &kMysqlClient, kSocketRemark},
    ErrorText{"can't connect to local mysql server through socket*(111) || "
              "can't connect to local server through socket*(111) || "
              "can't connect to local mysql server through socket*(111 \"",
              kMysql2002, &kSocketFileRefused, &kMysqlClient, kSocketRemark},
    ErrorText{"can't connect to local mysql server through socket*(13) || "
              "can't connect to local server through socket*(13) || "
              "can't connect to local mysql server through socket*(13 \"",
              kMysql2002, &kSocketFileDenied, &kMysqlClient, kSocketRemark},
    ErrorText{"can't connect to local mysql server through socket*(11) || "
              "can't connect to local server through socket*(11)",
              kMysql2002, &kSocketFileFull, &kMysqlClient, kSocketRemark},
    ErrorText{"can't connect to local mysql server through socket || "
              "can't connect to local server through socket || error 2002 (hy000)",
              kMysql2002, &kSocketFile, &kMysqlClient, kSocketRemark},
    ErrorText{"unknown mysql server host*(-3) || unknown server host*(-3)",
              "MySQL and MariaDB clients (2005)", &kLookupFailed, &kMysqlClient,
              "The number in brackets is the resolver's: -3 means 'failed for now'."},
    ErrorText{"unknown mysql server host*(-2) || unknown server host*(-2)",
              "MySQL and MariaDB clients (2005)", &kNameUnknown, &kMysqlClient,
              "The number in brackets is the resolver's: -2 means 'no such name'."},
    ErrorText{"unknown mysql server host || unknown server host",
              "MySQL and MariaDB clients (2005)", &kNotResolved, &kMysqlClient},
    ErrorText{"lost connection to*server at 'reading initial communication packet', system error: "
              "110",
              kMysql2013, &kNoGreeting, &kMysqlClient,
              "The limit is connect_timeout of the client; 110 is the client's way of saying so."},
    ErrorText{"lost connection to*server at 'reading initial communication packet', system error: "
              "111",
              kMysql2013, &kRefused, &kMysqlClient,
              "111 is left over from a connect that was refused, mostly by a proxy or tunnel "
              "(ssh -L, kubectl port-forward, docker-proxy) behind which no server listens. If the "
              "recording shows 'connected', ask behind that one."},
    ErrorText{"lost connection to*server at 'reading initial communication packet', system error: "
              "104 || lost connection to*server at 'handshake: reading initial communication "
              "packet', system error: 104",
              kMysql2013, &kReset, &kMysqlClient, kBeforeGreeting},
    ErrorText{
        "lost connection to*server at 'reading initial communication packet', system error: # "
        "|| lost connection to*server at 'reading initial communication packet' || "
        "lost connection to*server at 'handshake: reading initial communication packet'",
        kMysql2013, &kPeerClosed, &kMysqlClient, kBeforeGreeting},
    ErrorText{
        "lost connection to*server at 'handshake: reading initial communication packet', system "
        "error: 11 || lost connection to*server at 'reading initial communication packet', "
        "system error: 11",
        kMysql2013, &kNoGreeting, &kMysqlClient,
        "11 is EAGAIN: nothing came within connect_timeout of the client."},
    ErrorText{"lost connection to*server at 'waiting for initial communication packet', system "
              "error: 110",
              kMysql2013, &kNoGreeting, &kMysqlClient,
              "The limit is connect_timeout of the client."},
    ErrorText{"lost connection to*server at 'waiting for initial communication packet'", kMysql2013,
              &kPeerClosed, &kMysqlClient, kBeforeGreeting},
    ErrorText{"lost connection to*server at 'reading authorization packet'", kMysql2013,
              &kPeerClosed, &kMysqlClient, "The server had greeted; it closed during the login."},
    ErrorText{"lost connection to mysql server during query || lost connection to server during "
              "query || lost connection to mysql server",
              kMysql2013, &kLost, &kMysqlClient,
              "Connected and then lost: the server ended or restarted, a limit on either side ran "
              "out (net_read_timeout, max_allowed_packet), or the path dropped an idle "
              "connection. Reset, closed or silent: a recording tells which."},
    ErrorText{"lost connection to mysql server during query (timed out) || "
              "lost connection to mysql server during query ([errno 110]",
              kPyMysql, &kNoReply, &kPython, "The limit is read_timeout."},
    ErrorText{"can't connect to mysql server on*(timed out)", kPyMysql, &kConnectTimeout, &kPython,
              "The limit is connect_timeout, 10 s by default."},
    ErrorText{"can't connect to mysql server on*([errno 111] connection refused)", kPyMysql,
              &kRefused, &kPython},
    ErrorText{"can't connect to mysql server on*([errno 113] no route to host)", kPyMysql,
              &kNoRoute, &kPython},
    ErrorText{"can't connect to mysql server on*([errno -2] name or service not known)", kPyMysql,
              &kNameUnknown, &kPython},
    ErrorText{"can't connect to mysql server on*([errno -3] temporary failure in name resolution)",
              kPyMysql, &kLookupFailed, &kPython},
    ErrorText{"mysql server has gone away || error 2006 (hy000) || server has gone away",
              "MySQL and MariaDB clients (2006)", &kStale, &kMysqlClient,
              "Mostly an idle connection that the server closed (wait_timeout), or a statement "
              "larger than max_allowed_packet."},
    ErrorText{"communications link failure*unknownhostexception", kConnectorJ, &kNameUnknown,
              &kJava},
    ErrorText{"communications link failure*connectexception: connection refused", kConnectorJ,
              &kRefused, &kJava},
    ErrorText{"communications link failure*connect timed out", kConnectorJ, &kConnectTimeout,
              &kJava, "The limit is connectTimeout."},
    ErrorText{"communications link failure*read timed out", kConnectorJ, &kNoReply, &kJava,
              "The limit is socketTimeout."},
    ErrorText{"communications link failure*the last packet successfully received from the server "
              "was # milliseconds ago || the last packet successfully received from the server was",
              kConnectorJ, &kLost, &kJava,
              "A connection that had worked. If the time is near wait_timeout (8 h by default) or "
              "the idle time-out of a box in between, that one ended it."},
    ErrorText{"communications link failure*has not received any packets from the server || "
              "the last packet sent successfully to the server was 0 milliseconds ago || "
              "communications link failure",
              kConnectorJ, &kConnectFailed, &kJava,
              "Nothing ever came from the server. 'Caused by' has the reason."},
    ErrorText{"too many connections", "MySQL's server (1040)", &kServerIsFull, &kMysqlClient,
              "The limit is max_connections.",
              "1040 || 08004 || mysql || sqlstate || hy000 || mariadb || sequelize || jdbc"},
    ErrorText{"too many connections", "MySQL's server (1040)", &kServerIsFull, &kMysqlClient,
              "The limit is max_connections. redis-py says the very same of its own pool."},
    ErrorText{
        "host*is blocked because of many connection errors", "MySQL's server (1129)", &kLoginDenied,
        &kMysqlClient,
        "max_connect_errors connects in a row were broken off: 'mysqladmin flush-hosts' lifts "
        "it; find out what connects without speaking (health checks of TCP)."},
    ErrorText{"access denied for user", "MySQL's server (1045)", &kLoginDenied, &kMysqlClient},
    ErrorText{"error: pool timeout || pool timeout: failed to retrieve a connection from pool",
              "Node.js: MariaDB connector", &kPoolEmpty, &kNode, "", "retrieve a connection"},
    ErrorText{"protocol_connection_lost || connection lost: the server closed the connection",
              "Node.js: mysql, mysql2", &kPeerClosed, &kNode},
    ErrorText{"queuepool limit of size", "Python: SQLAlchemy", &kPoolEmpty, &kPython,
              "pool_size and max_overflow are in use; pool_timeout, 30 s by default, ran out."},
    ErrorText{"knex: timeout acquiring a connection", "Node.js: Knex", &kPoolEmpty, &kNode},
    ErrorText{"sequelizeconnectionacquiretimeouterror", "Node.js: Sequelize", &kPoolEmpty, &kNode},
};

}  // namespace

std::span<const ErrorText> mysql_texts() { return kMysqlTexts; }

}  // namespace sockwatch::texts
