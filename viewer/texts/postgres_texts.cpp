#include <array>

#include "viewer/texts/meanings.h"
#include "viewer/texts/recordings.h"

namespace sockwatch::texts {
namespace {

constexpr std::string_view kLibpq = "PostgreSQL's libpq (psql and most clients)";
constexpr std::string_view kNewLibpq = "PostgreSQL's libpq 14 and later (psql and most clients)";
constexpr std::string_view kOldLibpq = "PostgreSQL's libpq before 14 (psql and most clients)";
constexpr std::string_view kServer = "PostgreSQL's server";
constexpr std::string_view kJdbc = "PostgreSQL's JDBC driver (pgjdbc)";
constexpr std::string_view kNpgsql = ".NET: Npgsql (PostgreSQL)";
constexpr std::string_view kNodePg = "Node.js: pg (PostgreSQL)";

constexpr std::string_view kIsNpgsql = "npgsql";

const std::array kPostgresTexts = {
    // libpq
    ErrorText{"connection to server*failed: timeout expired", kNewLibpq, &kTotalTimeout, &kPsql,
              "The limit is connect_timeout; it covers TCP, TLS and the login of each address."},
    ErrorText{"timeout expired || could not connect to server: timeout expired", kLibpq,
              &kTotalTimeout, &kPsql,
              "The limit is connect_timeout; it covers TCP, TLS and the login of each address.",
              "psql || postgres || postgresql || libpq || pg || psycopg || psycopg2 || "
              "operationalerror || 5432 || =timeout expired"},
    ErrorText{"connection to server*failed: connection refused", kNewLibpq, &kRefused, &kPsql},
    ErrorText{"could not connect to server: connection refused", kOldLibpq, &kRefused, &kPsql},
    ErrorText{"connection to server*failed: connection timed out", kNewLibpq, &kKernelGaveUp,
              &kPsql, "No connect_timeout was set, so the kernel's limit applied."},
    ErrorText{"could not connect to server: connection timed out", kOldLibpq, &kKernelGaveUp,
              &kPsql, "No connect_timeout was set, so the kernel's limit applied."},
    ErrorText{"connection to server*failed: no route to host", kNewLibpq, &kNoRoute, &kPsql},
    ErrorText{"could not connect to server: no route to host", kOldLibpq, &kNoRoute, &kPsql},
    ErrorText{"connection to server*failed: network is unreachable", kNewLibpq, &kNetUnreachable,
              &kPsql},
    ErrorText{"could not connect to server: network is unreachable", kOldLibpq, &kNetUnreachable,
              &kPsql},
    ErrorText{"connection to server*failed: cannot assign requested address || "
              "could not connect to server: cannot assign requested address",
              kLibpq, &kNoSourcePort, &kPsql},
    ErrorText{"connection to server on socket*failed: no such file or directory", kNewLibpq,
              &kSocketFileGone, &kPsql,
              "Without a host libpq uses a socket file; -h 127.0.0.1 would use TCP."},
    ErrorText{"could not connect to server: no such file or directory", kOldLibpq, &kSocketFileGone,
              &kPsql, "Without a host libpq uses a socket file; -h 127.0.0.1 would use TCP."},
    ErrorText{"connection to server on socket*failed: connection refused || "
              "could not connect to server: connection refused*unix domain socket",
              kLibpq, &kSocketFileRefused, &kPsql,
              "Without a host libpq uses a socket file; -h 127.0.0.1 would use TCP."},
    ErrorText{"connection to server on socket*failed: permission denied || "
              "could not connect to server: permission denied*unix domain socket",
              kLibpq, &kSocketFileDenied, &kPsql},
    ErrorText{"connection to server*failed: server closed the connection unexpectedly", kNewLibpq,
              &kPeerClosed, &kPsql,
              "Connected; closed before the login was done: a balancer or pooler without a server, "
              "or a server that restarts."},
    ErrorText{"server closed the connection unexpectedly || ssl syscall error: eof detected",
              kLibpq, &kPeerClosed, &kPsql},
    ErrorText{"connection to server*failed: || could not connect to server:", kLibpq,
              &kConnectFailed, &kPsql, "The words behind it say why."},
    ErrorText{"could not translate host name*temporary failure in name resolution", kLibpq,
              &kLookupFailed, &kPsql},
    ErrorText{"could not translate host name*name or service not known || "
              "could not translate host name",
              kLibpq, &kNameUnknown, &kPsql},
    ErrorText{"ssl syscall error: connection timed out || could not receive data from server: "
              "connection timed out || could not send data to server: connection timed out",
              kLibpq, &kTimedOut, &kPsql, "Not the connect: an established connection went dead."},
    ErrorText{"could not receive data from server: connection reset by peer || "
              "could not send data to server: connection reset by peer || "
              "ssl syscall error: connection reset by peer",
              kLibpq, &kReset, &kPsql},
    ErrorText{"could not send data to server: broken pipe", kLibpq, &kBrokenPipe, &kPsql},
    // The server's own words
    ErrorText{"fatal: sorry, too many clients already || sorry, too many clients already || "
              "remaining connection slots are reserved",
              kServer, &kServerIsFull, &kPsql, "The limit is max_connections."},
    ErrorText{"too many connections for role || too many connections for database", kServer,
              &kServerIsFull, &kPsql, "The limit is CONNECTION LIMIT of that role or database."},
    ErrorText{"no more connections allowed (max_client_conn)", "PgBouncer", &kServerIsFull, &kPsql,
              "The limit is max_client_conn."},
    ErrorText{"query_wait_timeout", "PgBouncer", &kPoolEmpty, &kPsql,
              "No server connection of its pool came free in time."},
    ErrorText{"server login has been failing", "PgBouncer", &kNoneHealthy, &kPsql,
              "PgBouncer cannot log in at the server; its log says why."},
    ErrorText{"fatal: password authentication failed for user || "
              "password authentication failed for user || no pg_hba.conf entry for host",
              kServer, &kLoginDenied, &kPsql},
    ErrorText{"the database system is starting up || the database system is shutting down || "
              "terminating connection due to administrator command",
              kServer, &kNotReady, &kPsql, "It starts, stops, or ended this session."},
    // JDBC
    ErrorText{"connection to*refused. check that the hostname and port are correct and that the "
              "postmaster is accepting tcp/ip connections || connection to*refused. check that the "
              "hostname and port are correct",
              kJdbc, &kRefused, &kJava},
    ErrorText{"the connection attempt failed*unknownhostexception || "
              "unknownhostexception*the connection attempt failed",
              kJdbc, &kNameUnknown, &kJava},
    ErrorText{"the connection attempt failed*sockettimeoutexception: connect timed out || "
              "the connection attempt failed*connect timed out",
              kJdbc, &kConnectTimeout, &kJava, "The limit is connectTimeout, 10 s by default."},
    ErrorText{"the connection attempt failed*sockettimeoutexception: read timed out || "
              "the connection attempt failed*read timed out",
              kJdbc, &kNoReply, &kJava,
              "Connected; the server did not answer the login within loginTimeout or "
              "socketTimeout."},
    ErrorText{"the connection attempt failed*connectexception: connection timed out || "
              "the connection attempt failed*connection timed out",
              kJdbc, &kKernelGaveUp, &kJava},
    ErrorText{"the connection attempt failed*noroutetohostexception || "
              "the connection attempt failed*no route to host",
              kJdbc, &kNoRoute, &kJava},
    ErrorText{"the connection attempt failed*eofexception", kJdbc, &kPeerClosed, &kJava},
    ErrorText{"the connection attempt failed*connection reset", kJdbc, &kReset, &kJava},
    ErrorText{"psqlexception: the connection attempt failed || the connection attempt failed",
              kJdbc, &kConnectFailed, &kJava, "'Caused by' has the reason."},
    ErrorText{"an i/o error occurred while sending to the backend*read timed out || "
              "an i/o error occurred while sending to the backend*sockettimeoutexception: read "
              "timed out",
              kJdbc, &kNoReply, &kJava, "The limit is socketTimeout; without it there is none."},
    ErrorText{"an i/o error occurred while sending to the backend*connection reset", kJdbc, &kReset,
              &kJava},
    ErrorText{"psqlexception: an i/o error occurred while sending to the backend || "
              "an i/o error occurred while sending to the backend",
              kJdbc, &kLost, &kJava,
              "'Caused by' has the reason: mostly reset, closed, or a "
              "read time-out."},
    ErrorText{"psqlexception: this connection has been closed", kJdbc, &kStale, &kJava},
    ErrorText{"the server does not support ssl", kJdbc, &kNotTls, &kJava,
              "ssl=true or sslmode=require, and the server has no TLS."},
    // Npgsql
    ErrorText{"npgsqlexception*failed to connect to*socketexception (111) || "
              "npgsqlexception*failed to connect to*connection refused || "

              "failed to connect to #.#.#.#:5432*connection refused",
              kNpgsql, &kRefused, &kDotnet},
    ErrorText{"npgsqlexception*failed to connect to*socketexception (110) || "
              "npgsqlexception*failed to connect to*connection timed out",
              kNpgsql, &kKernelGaveUp, &kDotnet},
    ErrorText{"npgsqlexception*failed to connect to*timeoutexception || "
              "npgsqlexception*failed to connect to*the operation has timed out",
              kNpgsql, &kConnectTimeout, &kDotnet,
              "Timeout in the connection string, 15 s by "
              "default."},
    ErrorText{"npgsqlexception*failed to connect to || =failed to connect to #.#.#.#:# || failed "
              "to connect to #.#.#.#:5432",
              kNpgsql, &kConnectFailed, &kDotnet, "The inner exception says why."},
    ErrorText{"npgsqlexception*the operation has timed out", kNpgsql, &kTotalTimeout, &kDotnet,
              "Timeout in the connection string, 15 s by default: connecting, with lookup, TLS and "
              "login."},
    ErrorText{"the operation has timed out", kNpgsql, &kTotalTimeout, &kDotnet,
              "Timeout in the connection string, 15 s by default.", kIsNpgsql},
    ErrorText{"the operation has timed out", ".NET (TimeoutException), so also Npgsql and others",
              &kTotalTimeout, &kDotnet},
    ErrorText{"npgsqlexception*exception while reading from stream*timeoutexception || "
              "exception while reading from stream*timeout during reading attempt || "
              "timeout during reading attempt",
              kNpgsql, &kNoReply, &kDotnet, "Command Timeout, 30 s by default."},
    ErrorText{"npgsqlexception*exception while reading from stream*endofstreamexception || "
              "exception while reading from stream*attempted to read past the end of the stream",
              kNpgsql, &kPeerClosed, &kDotnet},
    ErrorText{"exception while reading from stream*connection reset by peer || "
              "npgsqlexception*exception while reading from stream*connection reset by peer",
              kNpgsql, &kReset, &kDotnet},
    ErrorText{"npgsqlexception*exception while reading from stream || "
              "exception while reading from stream",
              kNpgsql, &kLost, &kDotnet,
              "Connected; the inner exception says whether it was reset, closed, or silent until "
              "Command Timeout (30 s by default)."},
    ErrorText{"npgsqlexception*exception while writing to stream || exception while writing to "
              "stream",
              kNpgsql, &kStale, &kDotnet, "The inner exception has the reason."},
    ErrorText{"the connection pool has been exhausted", kNpgsql, &kPoolEmpty, &kDotnet,
              "Maximum Pool Size, 100 by default, and Timeout, 15 s by default."},
    // node-postgres
    ErrorText{"connection terminated unexpectedly", kNodePg, &kPeerClosed, &kNode},
    ErrorText{"connection terminated due to connection timeout || timeout exceeded when trying to "
              "connect",
              kNodePg, &kTotalTimeout, &kNode,
              "connectionTimeoutMillis: connecting, or waiting for a free connection of the pool."},
    ErrorText{"query read timeout", kNodePg, &kNoReply, &kNode, "The limit is query_timeout."},
};

}  // namespace

std::span<const ErrorText> postgres_texts() { return kPostgresTexts; }

}  // namespace sockwatch::texts
