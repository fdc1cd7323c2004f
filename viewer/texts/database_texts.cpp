#include <array>

#include "viewer/texts/meanings.h"
#include "viewer/texts/recordings.h"

namespace sockwatch::texts {
namespace {

constexpr std::string_view kOracle = "Oracle's clients";

const std::array kDatabaseTexts = {
    ErrorText{"ora-12170 || tns:connect timeout occurred", kOracle, &kConnectTimeout, &kAnyProgram},
    ErrorText{"ora-12541 || tns:no listener", kOracle, &kRefused, &kAnyProgram},
    ErrorText{"ora-12543 || tns:destination host unreachable", kOracle, &kNoRoute, &kAnyProgram},
    ErrorText{"ora-12545 || connect failed because target host or object does not exist", kOracle,
              &kNotResolved, &kAnyProgram},
    ErrorText{"ora-03113 || end-of-file on communication channel", kOracle, &kPeerClosed,
              &kAnyProgram},
    ErrorText{"ora-12537 || tns:connection closed", kOracle, &kPeerClosed, &kAnyProgram},
    ErrorText{"the network adapter could not establish the connection", "Oracle's JDBC driver",
              &kConnectFailed, &kJava, "'Caused by' has the reason."},
    ErrorText{"mongoserverselectionerror: connect econnrefused || "
              "mongonetworkerror: connect econnrefused",
              "MongoDB's Node.js driver", &kRefused, &kNode},
    ErrorText{"mongonetworktimeouterror: connection*timed out || mongonetworktimeouterror",
              "MongoDB's Node.js driver", &kTotalTimeout, &kNode},
    ErrorText{"mongoserverselectionerror || server selection timed out after # ms",
              "MongoDB's Node.js driver", &kConnectFailed, &kNode,
              "No server could be used in time (serverSelectionTimeoutMS, 30 s by default)."},
    ErrorText{"connection not available and request was dropped from queue after #ms",
              "Elixir: DBConnection (Ecto, Postgrex)", &kPoolEmpty, &kAnyProgram},
    ErrorText{"cassandra*nohostavailable || all host(s) tried for query failed || "
              "allnodesfailedexception",
              "Cassandra's clients", &kConnectFailed, &kAnyProgram,
              "Behind it stands the error of each host."},
    ErrorText{"nonodeavailableexception || none of the configured nodes are available",
              "Elasticsearch's clients", &kNoneHealthy, &kAnyProgram},
    ErrorText{"kazoo*connection dropped || unable to read additional data from server sessionid",
              "ZooKeeper's clients", &kPeerClosed, &kAnyProgram},
};

}  // namespace

std::span<const ErrorText> database_texts() { return kDatabaseTexts; }

}  // namespace sockwatch::texts
