#include "viewer/texts/meanings.h"

namespace sockwatch::texts {

const Meaning kRefused = {
    .phase = Phase::connect,
    .what =
        "The question to open a connection (SYN) was answered with 'no'. Mostly nobody listens on "
        "that port: the server is not running, or it listens on another port or address (often "
        "only on 127.0.0.1, or only on IPv4 while the client tried ::1). A firewall that rejects "
        "answers the same way in the server's name, so the machine itself may not have been "
        "reached.",
    .outcomes = "refused",
    .rules = "REFUSED REFUSED6 NOTYET",
    .check = "ss -ltn 'sport = :{port}'  # on the server: who listens there?"};

const Meaning kKernelGaveUp = {
    .phase = Phase::connect,
    .what =
        "The kernel sent the question to open a connection (SYN) several times and got no "
        "answer of any kind, until it gave up by itself: with Linux defaults after a bit more "
        "than two minutes. No server has seen a request. Silence does not say who is silent: "
        "the host may be down, the packets or their answers may be dropped or misrouted, or "
        "the server's queue of new connections may be full.",
    .outcomes = "timed_out_kernel",
    .rules = "SYNGIVEUP SYNDROP BADADDR FLOWHOLE QUEUEFULL",
    .check = "mtr -T -P {port} {host}  # how far do connection attempts get?"};

const Meaning kConnectTimeout = {
    .phase = Phase::connect,
    .what =
        "The program's own limit for connecting ran out before the handshake was done. It "
        "stopped asking; the kernel would have gone on. Nearly always no answer to the SYN "
        "came at all. A limit near or below 1 s fails even when only one packet is lost, "
        "because the first resend goes out after 1 s.",
    .outcomes = "timed_out_caller",
    .rules = "SYNDROP SHORTTO ATTEMPTCAP BADADDR FLOWHOLE QUEUEFULL STARVED",
    .check = "mtr -T -P {port} {host}  # how far do connection attempts get?"};

const Meaning kConnectTimedOut = {
    .phase = Phase::connect,
    .what =
        "No connection came up: no answer to the question to open one (SYN) came in time. Whose "
        "time it was the sentence does not say. Without a limit of the program it is the "
        "kernel's, with Linux defaults a bit more than two minutes; after less it is the "
        "program's own.",
    .outcomes = "timed_out_kernel timed_out_caller",
    .rules = "SYNGIVEUP SYNDROP SHORTTO ATTEMPTCAP BADADDR FLOWHOLE QUEUEFULL",
    .check = "mtr -T -P {port} {host}  # how far do connection attempts get?"};

const Meaning kTimedOut = {
    .phase = Phase::unknown,
    .what =
        "The error ETIMEDOUT (110). From connect: no SYN was ever answered, and the kernel gave "
        "up. From a read or write: an established connection went dead, and the kernel's "
        "resends or keep-alive probes ran out. Some programs also print these words when "
        "their own limit expires. The sentence alone does not say which it was; a recording "
        "does.",
    .outcomes = "timed_out_kernel timed_out_caller",
    .rules = "SYNGIVEUP SYNDROP LONGHANG PATHLOST IDLEDROP",
    .check = "mtr -T -P {port} {host}  # how far do connection attempts get?",
    .vague = true};

const Meaning kNoReply = {
    .phase = Phase::reply,
    .what =
        "The connection was up and the program waited for an answer until its own limit ran "
        "out. This is not a connect time-out. Mostly the server's kernel took the request and "
        "its application sent nothing in time; less often the path died, or only large "
        "packets get lost. A recording tells whether the request was acknowledged; whether the "
        "answer was sent, only the server knows.",
    .outcomes = "response_timed_out",
    .rules = "SILENT STALLED PATHLOST IDLEDROP MTUIN MTUOUT NEVERREAD HELLOHANG",
    .check = "look at the server's own latency and thread pool for that moment"};

const Meaning kNoGreeting = {
    .phase = Phase::reply,
    .what =
        "The connection was up. In this protocol the server speaks first, and its greeting did "
        "not come before the program's limit ran out. The server is overloaded or stuck, or "
        "something else listens on that port.",
    .outcomes = "response_timed_out",
    .rules = "HELLOHANG SILENT NEVERREAD",
    .check = "nc {host} {port}  # does a greeting appear?"};

const Meaning kTotalTimeout = {
    .phase = Phase::unknown,
    .what =
        "A limit for the whole operation ran out. The sentence does not say what the time was "
        "spent on: name lookup, connecting, TLS, waiting for the answer, or waiting for a "
        "free connection of a pool before anything was sent.",
    .outcomes = "timed_out_caller response_timed_out",
    .rules = "DNS-BUDGET DNS-5S SYNDROP STARVED SILENT STALLED TLSHANG NOATTEMPT",
    .check = "",
    .vague = true};

const Meaning kTlsTimeout = {
    .phase = Phase::tls,
    .what =
        "The TCP connection was up; the TLS handshake on it got no answer in time. Either the "
        "server is overloaded or speaks no TLS on that port, a box in between holds it, or "
        "the server's certificate is lost on the way because full-size packets do not pass "
        "(MTU).",
    .outcomes = "response_timed_out",
    .rules = "TLSHANG MTUIN SILENT",
    .check = "openssl s_client -connect {host}:{port} </dev/null  # who answers?"};

const Meaning kTlsCut = {
    .phase = Phase::tls,
    .what =
        "The TCP connection was up and the other side ended it during the TLS handshake: no "
        "TLS on that port, no protocol version or cipher in common, a server name it does not "
        "know, or a balancer without a server behind it.",
    .outcomes = "no_response reset",
    .rules = "LATERESET",
    .check = "openssl s_client -connect {host}:{port} </dev/null  # who answers?"};

const Meaning kNotTls = {
    .phase = Phase::tls,
    .what =
        "The TCP connection was up, the program spoke TLS, and what came back was something else: "
        "mostly plain HTTP ('400 Bad Request'), as the port is not the one for TLS, or a proxy "
        "that "
        "wants to be spoken to without it. The network is fine. What is said is not read, so a "
        "recording shows a normal connection.",
    .outcomes = "connected peer_closed",
    .rules = "",
    .check = "curl -v http://{host}:{port}/  # does it answer without TLS?"};

const Meaning kNotBelieved = {
    .phase = Phase::tls,
    .what =
        "The connection was up and TLS was spoken. This program did not believe the server's "
        "certificate (issuer unknown, another name, out of date) and ended it by itself. The "
        "network is fine.",
    .outcomes = "closed connected",
    .rules = "",
    .check =
        "openssl s_client -connect {host}:{port} -servername {name} </dev/null  # whose is it?"};

const Meaning kTlsFailed = {
    .phase = Phase::tls,
    .what =
        "The TCP connection was up and the TLS handshake on it failed. The sentence does not say "
        "why: the other side ended it, its certificate was not believed, or it speaks no TLS on "
        "that port.",
    .outcomes = "closed no_response reset",
    .rules = "LATERESET",
    .check = "openssl s_client -connect {host}:{port} </dev/null  # who answers?",
    .vague = true};

const Meaning kNoRoute = {
    .phase = Phase::connect,
    .what =
        "The error EHOSTUNREACH (113). Three different things print it: this host has no route "
        "and sent nothing (it fails within a millisecond); the next hop did not answer for "
        "the address (about 3 s: the machine is off or the address is wrong); or a router or "
        "firewall answered 'unreachable' or 'prohibited' (quickly, after a packet went out).",
    .outcomes = "unreachable rejected",
    .rules = "REJECTED NEIGH NOROUTE",
    .check = "ip route get {host}; ip neigh show {host}  # a route, a neighbour?"};

const Meaning kNetUnreachable = {
    .phase = Phase::connect,
    .what =
        "The error ENETUNREACH (101). Mostly this host has no route to that network and sent "
        "nothing; for an IPv6 address often because the host has no IPv6 at all. A router on "
        "the way may also have said so.",
    .outcomes = "unreachable rejected",
    .rules = "NOROUTE V6-OFF V6BAD REJECTED",
    .check = "ip route get {host}  # is there a route?"};

const Meaning kNameUnknown = {
    .phase = Phase::lookup,
    .what =
        "The name server answered: this name does not exist, or has no address of the wanted "
        "kind. Nothing was sent to the server itself. Look for a typing error, a missing "
        "search domain, or a name that exists only inside a cluster or VPN.",
    .outcomes = "",
    .rules = "DNS-NX",
    .check = "getent ahosts {name}  # what does this host's resolver say?"};

const Meaning kNotResolved = {
    .phase = Phase::lookup,
    .what =
        "The name was not found, and the sentence does not say why: it does not exist (then that "
        "was known within milliseconds), or no name server answered (then it took seconds), or one "
        "answered with a failure. Nothing was sent to the server itself.",
    .outcomes = "",
    .rules = "DNS-NX DNS-DEAD DNS-FAIL",
    .check = "getent ahosts {name}  # at once or after seconds?",
    .vague = true};

const Meaning kLookupFailed = {
    .phase = Phase::lookup,
    .what =
        "The name could not be looked up for now: no name server answered, or one answered "
        "with a failure. Nothing was sent to the server itself. If it took seconds, queries or "
        "answers were lost; if it failed at once, the name server said so, or nobody serves port "
        "53 there, or this host has no way to it.",
    .outcomes = "",
    .rules = "DNS-DEAD DNS-FAIL DNS-5S DNS-AAAA",
    .check = "dig {name}  # and once more with @ each name server of /etc/resolv.conf"};

const Meaning kReset = {
    .phase = Phase::established,
    .what =
        "The other side, or a box in between, broke the connection off with a reset. Typical: "
        "a pooled connection was used again after the peer or a balancer had dropped it; the "
        "server process died or closed with data unread; a limit of the server was reached.",
    .outcomes = "reset",
    .rules = "IDLERST STALEPOOL LATERESET HSRESET",
    .check = "look at the log of the server or balancer for that moment"};

const Meaning kStale = {
    .phase = Phase::established,
    .what =
        "A connection that had been up was found to be over when the program used it again: mostly "
        "the other side, or a box in between, had closed, reset or forgotten it while it was idle.",
    .outcomes = "reset peer_closed no_response",
    .rules = "STALEPOOL IDLERST IDLEDROP",
    .check = "compare the client's idle time-out with the server's keep-alive time-out"};

const Meaning kLost = {
    .phase = Phase::established,
    .what =
        "The connection was up and was lost. The sentence does not say how: the other side or a "
        "box "
        "in between reset it, closed it, or the path went dead and a limit ran out.",
    .outcomes = "reset peer_closed no_response response_timed_out",
    .rules = "IDLERST STALEPOOL LATERESET SILENT PATHLOST IDLEDROP",
    .check = "look at the log of the server or balancer for that moment",
    .vague = true};

const Meaning kPeerClosed = {
    .phase = Phase::reply,
    .what =
        "The connection was up, and the other side closed it where an answer was due. Typical: "
        "a pooled connection that the server had just closed as idle; a server that restarts; "
        "a balancer without a server behind it; the wrong protocol on that port.",
    .outcomes = "no_response peer_closed",
    .rules = "STALEPOOL IDLERST LATERESET",
    .check = "look at the log of the server or balancer for that moment"};

const Meaning kBrokenPipe = {
    .phase = Phase::established,
    .what =
        "The error EPIPE (32): the program wrote on a connection that was over already. Mostly "
        "the other side had closed or reset it before, often an idle one of a pool.",
    .outcomes = "reset",
    .rules = "STALEPOOL IDLERST",
    .check = "compare the client's idle time-out with the server's keep-alive time-out"};

const Meaning kNoSourcePort = {
    .phase = Phase::local,
    .what =
        "The error EADDRNOTAVAIL (99): no packet was sent. Either all source ports towards that "
        "server are in use, mostly left over (TIME_WAIT) by many short connections; or the "
        "program binds to an address this host does not have; or the host has no usable "
        "IPv6 address.",
    .outcomes = "local_error",
    .rules = "PORTS V6-OFF CHURN",
    .check = "ss -tan state time-wait dst {host} | wc -l  # against 28,000 ports by default"};

const Meaning kPortTaken = {
    .phase = Phase::local,
    .what =
        "The error EADDRINUSE (98): no packet was sent. A server finds its port taken by "
        "another process or an earlier self; a client that binds to a source port finds that "
        "in use.",
    .outcomes = "local_error",
    .rules = "PORTS",
    .check = "ss -tanp 'sport = :{port}'  # who has it?"};

const Meaning kNoDescriptor = {
    .phase = Phase::local,
    .what =
        "The process (EMFILE) or the whole system (ENFILE) is at its limit of open files, and a "
        "socket is one: no packet was sent. Mostly connections or files are opened and never "
        "closed.",
    .outcomes = "local_error",
    .rules = "FDS",
    .check = "ls -l /proc/PID/fd; grep 'open files' /proc/PID/limits  # what is open?"};

const Meaning kDenied = {
    .phase = Phase::local,
    .what =
        "The error EACCES or EPERM. From connect within a millisecond: a rule of this host "
        "refuses it (firewall output chain, route of type prohibit, seccomp or cgroup filter), "
        "no packet was sent. After a packet went out: a firewall on the way answered "
        "'prohibited'.",
    .outcomes = "local_error unreachable rejected",
    .rules = "LOCALDENY REJECTED",
    .check = "ip route get {host}; nft list ruleset  # which rule?"};

const Meaning kInProgress = {
    .phase = Phase::connect,
    .what =
        "EINPROGRESS (115) is no failure of the network. On a socket with a send time-out "
        "(SO_SNDTIMEO) it is how Linux says that connect ran into that time-out: read it as "
        "'connect timed out'. On a non-blocking socket it only means 'not decided yet', and "
        "the program took it for an error.",
    .outcomes = "timed_out_caller",
    .rules = "SNDTIMEO SYNDROP",
    .check = "mtr -T -P {port} {host}  # how far do connection attempts get?"};

const Meaning kTryAgain = {
    .phase = Phase::unknown,
    .what =
        "The error EAGAIN (11). From connect to a Unix socket: the server's queue is full, all "
        "its workers are busy. From a read or write: the socket's own time-out (SO_RCVTIMEO, "
        "SO_SNDTIMEO) ran out. Where a name was looked up, some runtimes print it for "
        "'name lookup failed for now'.",
    .outcomes = "local_error response_timed_out",
    .rules = "UNIXFULL SILENT DNS-DEAD DNS-FAIL",
    .check = "ss -xl  # Recv-Q at Send-Q: that queue is full"};

const Meaning kSocketFileGone = {
    .phase = Phase::local,
    .what =
        "The program talks to a server on this host by a socket file, and that file is not "
        "there: the server does not run, or uses another path.",
    .outcomes = "local_error",
    .rules = "UNIXGONE",
    .check = "ss -xl  # which socket files are served? Is that one among them?"};

const Meaning kSocketFileRefused = {
    .phase = Phase::local,
    .what =
        "The program talks to a server on this host by a socket file. The file is there, and "
        "nothing listens on it: the server has ended and left the file behind, or has not opened "
        "it yet. No network is involved.",
    .outcomes = "refused",
    .rules = "UNIXGONE",
    .check = "ss -xl  # which socket files are served? Is that one among them?"};

const Meaning kSocketFileDenied = {
    .phase = Phase::local,
    .what =
        "The program talks to a server on this host by a socket file, and its user may not: it "
        "lacks the right to write to the file, or to enter a folder above it. SELinux and AppArmor "
        "say the same. No network is involved.",
    .outcomes = "local_error",
    .rules = "UNIXGONE",
    .check = "namei -l PATH  # rights of the file and of each folder above it"};

const Meaning kSocketFileFull = {
    .phase = Phase::local,
    .what =
        "The program talks to a server on this host by a socket file. The server listens, but its "
        "queue of new connections is full: all its workers are busy. No network is involved.",
    .outcomes = "local_error",
    .rules = "UNIXFULL",
    .check = "ss -xl  # Recv-Q at Send-Q: that queue is full"};

const Meaning kSocketFile = {
    .phase = Phase::local,
    .what =
        "The program talks to a server on this host by a socket file, and that did not work. "
        "Either "
        "the file is not there (the server does not run, or uses another path), or nothing listens "
        "on it, or this user may not use it. No network is involved.",
    .outcomes = "local_error refused",
    .rules = "UNIXGONE UNIXFULL",
    .check = "ss -xl  # which socket files are served? Is that one among them?",
    .vague = true};

const Meaning kPoolEmpty = {
    .phase = Phase::waiting,
    .what =
        "No connection was attempted: the program waited for a free one of its own pool and "
        "none came free in time. Either the pool is too small, or connections are held too "
        "long or never given back, or the ones in use all hang; look at those.",
    .outcomes = "",
    .rules = "NOATTEMPT SILENT",
    .check = "the pool's own figures: in use, idle, waiting"};

const Meaning kNoneHealthy = {
    .phase = Phase::waiting,
    .what =
        "Nothing was sent for this request: the balancer has no server left that it believes "
        "in, because earlier connects or health checks failed, or none is configured. The "
        "reason is in the failures before this line.",
    .outcomes = "",
    .rules = "REFUSED SYNDROP SILENT",
    .check = "search the log for the first failure of each server before this line"};

const Meaning kCallerLeft = {
    .phase = Phase::unknown,
    .what =
        "Whoever asked this program ended the request before the answer was there. The time-out "
        "that fired is the caller's, not this program's. Ask what took so long behind it.",
    .outcomes = "cancelled closed",
    .rules = "SILENT SYNDROP DNS-BUDGET",
    .check = "compare the caller's time-out with how long this request had run"};

const Meaning kConnectFailed = {
    .phase = Phase::connect,
    .what =
        "No connection came up. The sentence does not say why: refused, no answer, no route "
        "and a failed lookup can all stand behind it. A recording says which.",
    .outcomes = "refused timed_out_caller timed_out_kernel rejected unreachable",
    .rules = "REFUSED SYNDROP REJECTED NOROUTE DNS-NX",
    .check = "mtr -T -P {port} {host}  # how far do connection attempts get?",
    .vague = true};

const Meaning kOverflow = {
    .phase = Phase::waiting,
    .what =
        "Nothing was sent for this request: a limit of the proxy itself was reached (queue, "
        "connections or requests to that group of servers).",
    .outcomes = "",
    .rules = "NOATTEMPT SILENT",
    .check = "the proxy's own figures: connections and requests in flight against their limits"};

const Meaning kNoTunnel = {
    .phase = Phase::reply,
    .what =
        "The proxy was reached, was asked for a way to the server (CONNECT) and answered with an "
        "error. 502, 503, 504: it could not reach the server itself; 407: it wants a name and a "
        "password; 403: it does not allow that server or port. Why, only the proxy knows.",
    .outcomes = "",
    .rules = "VIAPROXY",
    .check = "curl -v -x PROXY {url}  # what does the proxy say? Its log says why"};

const Meaning kGatewayTimeout = {
    .phase = Phase::reply,
    .what =
        "An answer, not an error of this connection: a gateway or balancer in front of the server "
        "waited for the server in vain, and says so. Connecting here worked; look from the "
        "gateway's side.",
    .outcomes = "",
    .rules = "SILENT SYNDROP",
    .check =
        "the gateway's log at that moment: which server, connecting or waiting for the answer?"};

const Meaning kBadGateway = {
    .phase = Phase::reply,
    .what =
        "An answer, not an error of this connection: a gateway or balancer in front of the server "
        "got no usable answer from it: refused, reset, closed too early, or nonsense. Connecting "
        "here worked; look from the gateway's side.",
    .outcomes = "",
    .rules = "REFUSED LATERESET STALEPOOL",
    .check = "the gateway's log at that moment: which server, and what did it say?"};

const Meaning kServerIsFull = {
    .phase = Phase::established,
    .what =
        "The server was reached and answered: it has as many clients as it allows. Nothing is "
        "wrong with the network. Mostly a pool that is too large, or connections that are never "
        "given back.",
    .outcomes = "",
    .rules = "CHURN STORM",
    .check = "on the server: who is connected, and how many are idle?"};

const Meaning kNotReady = {
    .phase = Phase::established,
    .what =
        "The server was reached and answered that it is not ready: it starts or stops, loads its "
        "data, or misses another part of itself. Nothing is wrong with the network from here.",
    .outcomes = "connected",
    .rules = "",
    .check = "the server's log: what is it waiting for?"};

const Meaning kLoginDenied = {
    .phase = Phase::established,
    .what =
        "The server was reached and answered: it does not accept this user, key, password or "
        "address. Nothing is wrong with the connection.",
    .outcomes = "connected peer_closed",
    .rules = "",
    .check = "the server's log: why did it say no?"};

const Meaning kProxyDecided = {
    .phase = Phase::waiting,
    .what =
        "The proxy answered by itself and sent nothing on: a rule of its configuration said so (no "
        "rule fits the request, a limit of its rate, not allowed). No server behind it was asked.",
    .outcomes = "",
    .rules = "NOATTEMPT",
    .check = "the proxy's configuration: which rule should this request have met?"};

const Meaning kNotUnderstood = {
    .phase = Phase::reply,
    .what =
        "The connection was up, and what came over it was not understood: a broken answer, or "
        "another protocol than expected (HTTP/1 for HTTP/2, TLS for plain text). The network is "
        "fine. What is said is not read, so a recording shows a normal connection.",
    .outcomes = "connected closed peer_closed",
    .rules = "",
    .check = "curl -v {url}  # what does it answer, in which protocol?"};

const Meaning kEndedHere = {
    .phase = Phase::unknown,
    .what =
        "This program itself ended the connection or the request; the other side did not. Why, the "
        "lines of its log before this one may say: a shutdown, a new configuration, a limit.",
    .outcomes = "closed cancelled",
    .rules = "SILENT",
    .check = "its log right before this line"};

const Meaning kCallerSilent = {
    .phase = Phase::established,
    .what =
        "Whoever asked this program sent nothing more, or took nothing more, until this program's "
        "limit for its callers ran out. The servers behind it are not to blame.",
    .outcomes = "closed",
    .rules = "ZEROWIN STALLED",
    .check = "record the caller, it shows what it waited for"};

const Meaning kNetworkDown = {
    .phase = Phase::local,
    .what =
        "The error ENETDOWN (100): the network interface of this host that leads there is down. "
        "Nothing was sent.",
    .outcomes = "unreachable failed",
    .rules = "NOROUTE",
    .check = "ip link; ip route get {host}  # is the interface up?"};

const Meaning kNotConnected = {
    .phase = Phase::unknown,
    .what =
        "The error ENOTCONN (107): the program used a socket that is not connected. Either the "
        "connect had failed or was not over, or the peer had reset the connection before. The "
        "reason stands in an earlier error.",
    .outcomes = "refused timed_out_caller reset",
    .rules = "REFUSED SYNDROP LATERESET IDLERST",
    .check = ""};

const Meaning kNoProtocol = {
    .phase = Phase::unknown,
    .what =
        "The error ENOPROTOOPT (92). From connect: a router or firewall, or the machine itself, "
        "answered 'protocol unreachable'. From setsockopt: this kernel does not know that option; "
        "then nothing is wrong with the network.",
    .outcomes = "rejected",
    .rules = "REJECTED",
    .check = ""};

}  // namespace sockwatch::texts
