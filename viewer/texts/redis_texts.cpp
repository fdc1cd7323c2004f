#include <array>

#include "viewer/texts/meanings.h"
#include "viewer/texts/recordings.h"

namespace sockwatch::texts {
namespace {

constexpr std::string_view kPy = "Python: redis-py";
constexpr std::string_view kJedis = "Java: Jedis";
constexpr std::string_view kLettuce = "Java: Lettuce";
constexpr std::string_view kStackExchange = ".NET: StackExchange.Redis";

constexpr std::string_view kSaysRedis = "redis";

const std::array kRedisTexts = {
    // redis-cli and the server
    ErrorText{"could not connect to redis at*connection refused", "redis-cli", &kRefused,
              &kRedisCli},
    ErrorText{"could not connect to redis at*connection timed out || "
              "could not connect to redis at*operation timed out",
              "redis-cli", &kKernelGaveUp, &kRedisCli},
    ErrorText{"could not connect to redis at*no route to host", "redis-cli", &kNoRoute, &kRedisCli},
    ErrorText{"could not connect to redis at*name or service not known", "redis-cli", &kNameUnknown,
              &kRedisCli},
    ErrorText{"could not connect to redis at*temporary failure in name resolution", "redis-cli",
              &kLookupFailed, &kRedisCli},
    ErrorText{"could not connect to redis at /*no such file or directory", "redis-cli",
              &kSocketFileGone, &kLocalServer},
    ErrorText{"could not connect to redis at /*connection refused", "redis-cli",
              &kSocketFileRefused, &kLocalServer},
    ErrorText{"could not connect to redis", "redis-cli", &kConnectFailed, &kRedisCli},
    ErrorText{"error: server closed the connection || =server closed the connection", "redis-cli",
              &kPeerClosed, &kRedisCli, "", "redis || =server closed the connection"},
    ErrorText{"err max number of clients reached || max number of clients reached", "Redis' server",
              &kServerIsFull, &kRedisCli, "The limit is maxclients."},
    ErrorText{"noauth authentication required || wrongpass invalid username-password pair || "
              "denied redis is running in protected mode",
              "Redis' server", &kLoginDenied, &kRedisCli},
    ErrorText{"redis is loading the dataset in memory || masterdown link with master is "
              "down || clusterdown",
              "Redis' server", &kNotReady, &kRedisCli, "It is up, and not ready yet."},
    // redis-py
    ErrorText{"error 111 connecting to*connection refused || error 111 connecting to", kPy,
              &kRefused, &kPython},
    ErrorText{"error 111 connecting to /*connection refused || "
              "error 111 connecting to unix socket",
              kPy, &kSocketFileRefused, &kPython},
    ErrorText{"error 2 connecting to unix socket", kPy, &kSocketFileGone, &kPython},
    ErrorText{"error 110 connecting to", kPy, &kKernelGaveUp, &kPython},
    ErrorText{"error 113 connecting to", kPy, &kNoRoute, &kPython},
    ErrorText{"error 101 connecting to", kPy, &kNetUnreachable, &kPython},
    ErrorText{"error 99 connecting to", kPy, &kNoSourcePort, &kPython},
    ErrorText{"error -2 connecting to || error -5 connecting to", kPy, &kNameUnknown, &kPython},
    ErrorText{"error -3 connecting to", kPy, &kLookupFailed, &kPython},
    ErrorText{"error # connecting to", kPy, &kConnectFailed, &kPython},
    ErrorText{"timeout connecting to server", kPy, &kConnectTimeout, &kPython,
              "The limit is socket_connect_timeout, else socket_timeout."},
    ErrorText{"timeout reading from socket || timeout reading from", kPy, &kNoReply, &kPython,
              "The limit is socket_timeout."},
    ErrorText{"timeout writing to socket", kPy, &kNoReply, &kPython,
              "socket_timeout ran out: the peer takes no more data."},
    ErrorText{"connection closed by server", kPy, &kPeerClosed, &kPython, "", kSaysRedis},
    ErrorText{"connectionerror: connection closed by server", kPy, &kPeerClosed, &kPython},
    ErrorText{"=connection closed by server. || =connection closed by server",
              "Python: redis-py, and others", &kPeerClosed, &kPython},
    ErrorText{"error while reading from*connection reset by peer || "
              "error 104 while reading from || error while reading from socket",
              kPy, &kReset, &kPython},
    ErrorText{"error 32 while writing to socket", kPy, &kBrokenPipe, &kPython},
    ErrorText{"error 104 while writing to socket", kPy, &kReset, &kPython},
    ErrorText{
        "=no connection available. || no connection available", kPy, &kPoolEmpty, &kPython,
        "BlockingConnectionPool: max_connections are in use and its timeout, 20 s by default, "
        "ran out.",
        "redis || =no connection available."},
    ErrorText{"too many connections", kPy, &kPoolEmpty, &kPython,
              "ConnectionPool: max_connections are in use. The server was not asked.", kSaysRedis},
    ErrorText{"too many connections", "Python: redis-py (of its own pool)", &kPoolEmpty, &kPython,
              "ConnectionPool: max_connections are in use. MySQL's server says the very same."},
    // Jedis
    ErrorText{"could not get a resource from the pool*connection refused", kJedis, &kRefused,
              &kJava, "The pool wanted a new connection, and that failed."},
    ErrorText{"could not get a resource from the pool*connect timed out", kJedis, &kConnectTimeout,
              &kJava, "The pool wanted a new connection, and that failed."},
    ErrorText{"could not get a resource from the pool*read timed out", kJedis, &kNoReply, &kJava,
              "The pool wanted a new connection; it came up, and the first answer did not come."},
    ErrorText{
        "could not get a resource from the pool", kJedis, &kPoolEmpty, &kJava,
        "Jedis says it also when a new connection failed: then 'Caused by' has the reason, and "
        "not 'Timeout waiting for idle object'."},
    ErrorText{"timeout waiting for idle object || nosuchelementexception: pool exhausted",
              "Java: commons-pool (Jedis, DBCP and others)", &kPoolEmpty, &kJava},
    ErrorText{"poolerror: connection pool exhausted", "Python: psycopg2's pool", &kPoolEmpty,
              &kPython, "It does not wait: maxconn connections are in use."},
    ErrorText{"failed to create socket*connection refused", kJedis, &kRefused, &kJava},
    ErrorText{"failed to create socket*connect timed out", kJedis, &kConnectTimeout, &kJava},
    ErrorText{"failed to create socket*unknownhostexception", kJedis, &kNameUnknown, &kJava},
    ErrorText{"jedisconnectionexception: failed to create socket || =failed to create socket. || "
              "failed to create socket.",
              kJedis, &kConnectFailed, &kJava, "'Caused by' has the reason."},
    ErrorText{"jedisconnectionexception*sockettimeoutexception: connect timed out", kJedis,
              &kConnectTimeout, &kJava, "The limit is Jedis' timeout, 2 s by default."},
    ErrorText{"jedisconnectionexception*sockettimeoutexception: read timed out", kJedis, &kNoReply,
              &kJava, "The limit is Jedis' timeout, 2 s by default."},
    ErrorText{"jedisconnectionexception*connectexception: connection refused", kJedis, &kRefused,
              &kJava},
    ErrorText{"jedisconnectionexception*unknownhostexception", kJedis, &kNameUnknown, &kJava},
    ErrorText{"jedisconnectionexception: unexpected end of stream || =unexpected end of stream. || "
              "unexpected end of stream.",
              kJedis, &kPeerClosed, &kJava,
              "Often a pooled connection that the server had closed as idle (timeout)."},
    ErrorText{"=unexpected end of stream || unexpected end of stream", "Java: Jedis, OkHttp",
              &kPeerClosed, &kJava, "OkHttp goes on with 'on http...'."},
    ErrorText{"failed connecting to host || failed to connect to any host resolved for dns name",
              kJedis, &kConnectFailed, &kJava, "'Caused by' has the reason."},
    ErrorText{"jedisconnectionexception", kJedis, &kConnectFailed, &kJava,
              "'Caused by' has the reason."},
    // Lettuce
    ErrorText{
        "io.lettuce.core.redisconnectionexception: unable to connect "
        "to*io.netty.channel.abstractchannel$annotatedconnectexception: connection refused || "
        "redisconnectionexception: unable to connect to*connection refused",
        kLettuce, &kRefused, &kJava},
    ErrorText{"redisconnectionexception: unable to connect to*connecttimeoutexception: connection "
              "timed out || redisconnectionexception: unable to connect to*connection timed out",
              kLettuce, &kConnectTimeout, &kJava, "connectTimeout, 10 s by default."},
    ErrorText{"redisconnectionexception: unable to connect to*unknownhostexception", kLettuce,
              &kNameUnknown, &kJava},
    ErrorText{"redisconnectionexception: unable to connect to || "
              "unable to connect to*:6379 || redisconnectionfailureexception: unable to connect to "
              "redis",
              kLettuce, &kConnectFailed, &kJava, "'Caused by' has the reason."},
    ErrorText{
        "rediscommandtimeoutexception: command timed out after || "
        "rediscommandtimeoutexception || command timed out after # minute(s) || command timed out "
        "after # second(s) || command timed out after # millisecond(s)",
        kLettuce, &kNoReply, &kJava,
        "The command timeout, 60 s by default. Lettuce also says it of a command that waited "
        "for the reconnect of a broken connection."},
    ErrorText{"connection initialization timed out", kLettuce, &kNoReply, &kJava,
              "Connected; Redis did not answer the first command (PING, HELLO)."},
    ErrorText{"redisexception: connection closed || currently not connected. commands are rejected",
              kLettuce, &kStale, &kJava, "The connection was lost before."},
    // StackExchange.Redis
    ErrorText{"it was not possible to connect to the redis server(s)", kStackExchange,
              &kConnectFailed, &kDotnet,
              "connectTimeout, 5 s by default, for connect, TLS and the first commands. The words "
              "behind it (UnableToConnect, SocketFailure, AuthenticationFailure) tell more."},
    ErrorText{"it was not possible to connect to the redis server(s)*authenticationfailure",
              kStackExchange, &kLoginDenied, &kDotnet},
    ErrorText{"no connection is active/available to service this operation || "
              "no connection is available to service this operation",
              kStackExchange, &kConnectFailed, &kDotnet,
              "Nothing was sent for this command: the connection was lost, or never came up. "
              "'UnableToConnect on HOST:PORT' behind it says where."},
    ErrorText{"timeout performing*(#ms) || timeout awaiting response (*)", kStackExchange,
              &kNoReply, &kDotnet,
              "syncTimeout or asyncTimeout, 5 s by default. 'WORKER: (Busy=...' above 'Min' means "
              "that this program's thread pool was too slow; 'in: 0' and 'qs' above 0 that Redis "
              "had not answered."},
    ErrorText{"socketfailure on*socketclosed || socketclosed on", kStackExchange, &kPeerClosed,
              &kDotnet, "", "redis || interactive"},
    ErrorText{"socketfailure (readsocketerror/connectionreset", kStackExchange, &kReset, &kDotnet},
    // Node
    ErrorText{"maxretriesperrequesterror || reached the max retries per request limit",
              "Node.js: ioredis", &kConnectFailed, &kNode,
              "The connection did not come back in time; the errors "
              "before it say why."},
    ErrorText{"[ioredis] unhandled error event: error: connect etimedout || "
              "[ioredis] unhandled error event: connect etimedout",
              "Node.js: ioredis", &kConnectTimeout, &kNode, "connectTimeout, 10 s by default."},
    ErrorText{"[ioredis] unhandled error event*econnrefused", "Node.js: ioredis", &kRefused,
              &kNode},
    ErrorText{"=connection is closed. || connection is closed.", "Node.js: ioredis", &kStale,
              &kNode, "The connection was lost, and the command did not wait for another.",
              "ioredis || =connection is closed. || redis"},
    ErrorText{"socketclosedunexpectedlyerror: socket closed unexpectedly || "
              "socketclosedunexpectedlyerror",
              "Node.js: redis (node-redis)", &kPeerClosed, &kNode},
};

}  // namespace

std::span<const ErrorText> redis_texts() { return kRedisTexts; }

}  // namespace sockwatch::texts
