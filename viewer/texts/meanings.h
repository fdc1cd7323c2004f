// The meanings that the sentences of all programs share.
#pragma once

#include "viewer/texts/error_text.h"

namespace sockwatch::texts {

extern const Meaning kRefused;
extern const Meaning kKernelGaveUp;     // ETIMEDOUT of connect
extern const Meaning kConnectTimeout;   // the program's own limit for connecting
extern const Meaning kConnectTimedOut;  // while connecting, by the kernel's limit or the program's
extern const Meaning kTimedOut;         // ETIMEDOUT, of connect or of a later read or write
extern const Meaning kNoReply;          // connected, then silence until the program's own limit
extern const Meaning kNoGreeting;       // connected, and the server, which speaks first, did not
extern const Meaning kTotalTimeout;     // a limit for everything: any phase
extern const Meaning kTlsTimeout;       // connected, the TLS handshake got no answer
extern const Meaning kTlsCut;           // connected, the peer ended it during the TLS handshake
extern const Meaning kNotTls;           // connected, and what came back was no TLS
extern const Meaning kNotBelieved;      // the server's certificate, by this program
extern const Meaning kTlsFailed;        // the sentence does not say how
extern const Meaning kNoRoute;          // EHOSTUNREACH
extern const Meaning kNetUnreachable;   // ENETUNREACH
extern const Meaning kNameUnknown;
extern const Meaning kNotResolved;        // one of the two: the text does not say which
extern const Meaning kLookupFailed;       // no name server answered, or one failed for now
extern const Meaning kReset;              // ECONNRESET
extern const Meaning kStale;              // an idle connection that was over
extern const Meaning kLost;               // reset, closed or silent: the sentence does not say
extern const Meaning kPeerClosed;         // end of file where a reply was due
extern const Meaning kBrokenPipe;         // EPIPE
extern const Meaning kNoSourcePort;       // EADDRNOTAVAIL
extern const Meaning kPortTaken;          // EADDRINUSE
extern const Meaning kNoDescriptor;       // EMFILE, ENFILE
extern const Meaning kDenied;             // EACCES, EPERM
extern const Meaning kInProgress;         // EINPROGRESS as an error
extern const Meaning kTryAgain;           // EAGAIN
extern const Meaning kSocketFileGone;     // ENOENT on a Unix socket
extern const Meaning kSocketFileRefused;  // ECONNREFUSED on a Unix socket
extern const Meaning kSocketFileDenied;   // EACCES on a Unix socket
extern const Meaning kSocketFileFull;     // EAGAIN on a Unix socket
extern const Meaning kSocketFile;         // one of these, the sentence does not say which
extern const Meaning kPoolEmpty;          // waited for a pooled connection, none came free
extern const Meaning kNoneHealthy;        // a balancer has no server left that it believes in
extern const Meaning kCallerLeft;         // the one who asked did not wait for the answer
extern const Meaning kConnectFailed;      // could not connect, the sentence does not say why
extern const Meaning kOverflow;           // the proxy's own limit, nothing was sent
extern const Meaning kNoTunnel;           // the proxy said no to CONNECT
extern const Meaning kGatewayTimeout;     // 504 of a server in front of the server
extern const Meaning kBadGateway;         // 502, likewise
extern const Meaning kServerIsFull;       // it answered that it has too many clients
extern const Meaning kNotReady;           // it answered that it starts or stops
extern const Meaning kLoginDenied;        // it answered that this user may not
extern const Meaning kProxyDecided;       // the proxy's own answer, nothing was sent on
extern const Meaning kNotUnderstood;      // an answer that is none
extern const Meaning kEndedHere;          // by the program that says so
extern const Meaning kCallerSilent;       // a proxy waited for its caller
extern const Meaning kNetworkDown;        // ENETDOWN
extern const Meaning kNotConnected;       // ENOTCONN
extern const Meaning kNoProtocol;         // ENOPROTOOPT

}  // namespace sockwatch::texts
