#include <array>

#include "viewer/texts/meanings.h"
#include "viewer/texts/recordings.h"

namespace sockwatch::texts {
namespace {

constexpr std::string_view kLibpq = "PostgreSQL's libpq (psql and most clients)";
constexpr std::string_view kMysql = "MySQL and MariaDB clients";
constexpr std::string_view kRedisPy = "Python: redis-py";
constexpr std::string_view kJedis = "Java: Jedis";
constexpr std::string_view kLettuce = "Java: Lettuce";

const std::array kDatabaseTexts = {
    // PostgreSQL
    ErrorText{"connection to server*failed: timeout expired || timeout expired", kLibpq,
              &kTotalTimeout, &kPsql,
              "The limit is connect_timeout; it covers TCP, TLS and the login of each address."},
    ErrorText{"connection to server*failed: connection refused || could not connect to server: "
              "connection refused",
              kLibpq, &kRefused, &kPsql,
              "'could not connect to server' is the wording of libpq before 14."},
    ErrorText{"connection to server*failed: connection timed out || could not connect to server: "
              "connection timed out",
              kLibpq, &kKernelGaveUp, &kPsql,
              "No connect_timeout was set, so the kernel's limit applied."},
    ErrorText{"connection to server*failed: no route to host || could not connect to server: no "
              "route to host",
              kLibpq, &kNoRoute, &kPsql},
    ErrorText{"connection to server on socket*failed: no such file or directory || could not "
              "connect to server: no such file or directory",
              kLibpq, &kSocketFileGone, &kPsql,
              "Without a host libpq uses a socket file; -h 127.0.0.1 would use TCP."},
    ErrorText{"could not translate host name*temporary failure", kLibpq, &kLookupFailed, &kPsql},
    ErrorText{"could not translate host name", kLibpq, &kNameUnknown, &kPsql},
    ErrorText{"server closed the connection unexpectedly || ssl syscall error: eof detected",
              kLibpq, &kPeerClosed, &kPsql},
    ErrorText{"ssl syscall error: connection timed out", kLibpq, &kTimedOut, &kPsql,
              "Not the connect: an established connection went dead."},
    ErrorText{"fatal: sorry, too many clients already || sorry, too many clients already || "
              "remaining connection slots are reserved",
              "PostgreSQL's server", &kServerIsFull, &kPsql, "The limit is max_connections."},
    // MySQL
    ErrorText{"error 2003 (hy000): can't connect to mysql server on*(110) || "
              "can't connect to mysql server on*(110)",
              kMysql, &kConnectTimedOut, &kAnyProgram, "The number in brackets is the errno."},
    ErrorText{"error 2003 (hy000): can't connect to mysql server on*(111) || "
              "can't connect to mysql server on*(111)",
              kMysql, &kRefused, &kAnyProgram, "The number in brackets is the errno."},
    ErrorText{"error 2003 (hy000): can't connect to mysql server on*(113) || "
              "can't connect to mysql server on*(113)",
              kMysql, &kNoRoute, &kAnyProgram, "The number in brackets is the errno."},
    ErrorText{"error 2003 (hy000): can't connect to || can't connect to mysql server on", kMysql,
              &kConnectFailed, &kAnyProgram, "The number in brackets is the errno."},
    ErrorText{"can't connect to local mysql server through socket*(2)", kMysql, &kSocketFileGone,
              &kAnyProgram,
              "'localhost' means the socket file here; 127.0.0.1 would use TCP. The number in "
              "brackets is the errno."},
    ErrorText{"can't connect to local mysql server through socket*(111)", kMysql, &kRefused,
              &kAnyProgram, "A socket file left behind: no server has it open."},
    ErrorText{"can't connect to local mysql server through socket*(13)", kMysql, &kDenied,
              &kAnyProgram},
    ErrorText{"can't connect to local mysql server through socket", kMysql, &kConnectFailed,
              &kAnyProgram, "The number in brackets is the errno."},
    ErrorText{"communications link failure*has not received any packets from the server || "
              "the last packet sent successfully to the server was 0 milliseconds ago",
              "MySQL Connector/J", &kConnectFailed, &kJava,
              "Nothing ever came from the server. 'Caused by' has the reason."},
    ErrorText{"lost connection to mysql server at 'reading initial communication packet', system "
              "error: 110",
              kMysql, &kNoGreeting, &kAnyProgram,
              "The limit is connect_timeout of the client; 110 is the client's way of saying so."},
    ErrorText{"lost connection to mysql server at 'reading initial communication packet'", kMysql,
              &kPeerClosed, &kAnyProgram,
              "Before the server's greeting: often skip-name-resolve, max_connect_errors, or a "
              "balancer without a server behind it."},
    ErrorText{"too many connections", "MySQL's server (1040)", &kServerIsFull, &kAnyProgram,
              "The limit is max_connections."},
    // Redis
    ErrorText{"could not connect to redis at*connection refused", "redis-cli", &kRefused,
              &kRedisCli},
    ErrorText{"could not connect to redis at*connection timed out", "redis-cli", &kKernelGaveUp,
              &kRedisCli},
    ErrorText{"could not connect to redis", "redis-cli", &kConnectFailed, &kRedisCli},
    ErrorText{"err max number of clients reached || max number of clients reached", "Redis' server",
              &kServerIsFull, &kRedisCli, "The limit is maxclients."},
    ErrorText{"error 111 connecting to", kRedisPy, &kRefused, &kRedisPython},
    ErrorText{"error 110 connecting to", kRedisPy, &kKernelGaveUp, &kRedisPython},
    ErrorText{"error 113 connecting to", kRedisPy, &kNoRoute, &kRedisPython},
    ErrorText{"timeout connecting to server", kRedisPy, &kConnectTimeout, &kRedisPython,
              "The limit is socket_connect_timeout, else socket_timeout."},
    ErrorText{"timeout reading from socket || timeout reading from", kRedisPy, &kNoReply,
              &kRedisPython, "The limit is socket_timeout."},
    ErrorText{"connection closed by server", kRedisPy, &kPeerClosed, &kRedisPython},
    ErrorText{"error while reading from*connection reset by peer", kRedisPy, &kReset,
              &kRedisPython},
    ErrorText{"could not get a resource from the pool", kJedis, &kPoolEmpty, &kRedisJava,
              "Older versions say it also when the new connection failed: see 'Caused by'."},
    ErrorText{"jedisconnectionexception*sockettimeoutexception: connect timed out", kJedis,
              &kConnectTimeout, &kRedisJava, "The limit is Jedis' timeout, 2 s by default."},
    ErrorText{"jedisconnectionexception*sockettimeoutexception: read timed out", kJedis, &kNoReply,
              &kRedisJava, "The limit is Jedis' timeout, 2 s by default."},
    ErrorText{"jedisconnectionexception*unexpected end of stream || unexpected end of stream",
              kJedis, &kPeerClosed, &kRedisJava},
    ErrorText{"failed connecting to host || failed to connect to any host resolved for dns name",
              kJedis, &kConnectFailed, &kRedisJava, "'Caused by' has the reason."},
    ErrorText{"rediscommandtimeoutexception || command timed out after", kLettuce, &kNoReply,
              &kRedisJava, "The command timeout, 60 s by default."},
    ErrorText{"connection initialization timed out", kLettuce, &kNoReply, &kRedisJava},
    ErrorText{"maxretriesperrequesterror || reached the max retries per request limit", "ioredis",
              &kConnectFailed, &kNode,
              "The connection did not come back in time; the errors "
              "before it say why."},
    ErrorText{"ora-12170 || tns:connect timeout occurred", "Oracle's clients", &kConnectTimeout,
              &kAnyProgram},
    ErrorText{"ora-12541 || tns:no listener", "Oracle's clients", &kRefused, &kAnyProgram},
    ErrorText{"redis: connection pool timeout", "go-redis", &kPoolEmpty, &kGo},
};

}  // namespace

std::span<const ErrorText> database_texts() { return kDatabaseTexts; }

}  // namespace sockwatch::texts
