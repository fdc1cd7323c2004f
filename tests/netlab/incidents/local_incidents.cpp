// What fails on this machine, before any packet leaves it.
#include "tests/netlab/incidents/incident.h"

namespace sockwatch::netlab {
namespace {

// Holds every connection it gets, as a pool that leaks.
std::string hoarding(std::uint16_t port, int count) {
  return "held = []\n"
         "for i in range(" +
         std::to_string(count) +
         "):\n"
         "  try: held.append(socket.create_connection(" +
         at("127.0.0.1", port) +
         "))\n"
         "  except OSError as failure: print(failure)\n";
}

Recording get_from(const Scene& scene, const std::string& address) {
  return scene.record(curl_get(address, 80));
}

}  // namespace

std::vector<Incident> local_incidents() {
  return {
      {.name = "source ports used up by a leak",
       .client = "python3",
       .expected = {"PORTS"},
       .play =
           [](const Scene& scene) {
             const Server server = serve_tcp(scene.network(), silent());
             source_ports(scene.network(), 41000, 41019);
             return scene.record(python(hoarding(server.port(), 24)));
           }},
      {.name = "source ports used up by TIME_WAIT",
       .client = "python3",
       .expected = {"PORTS"},
       .also = {"CHURN"},
       .play =
           [](const Scene& scene) {
             const Server server = serve_tcp(scene.network(), answering("hello"));
             source_ports(scene.network(), 41000, 41039);
             scene.network().sysctl("net/ipv4/tcp_tw_reuse", "0");
             return scene.record(
                 python("import requests\n"
                        "for i in range(50):\n"
                        "  try: requests.get('" +
                        url("127.0.0.1", server.port()) +
                        "', headers={'Connection': 'close'})\n"
                        "  except requests.ConnectionError as failure: print(failure)\n"));
           }},
      {.name = "told to send from an address that is not there",
       .client = "curl",
       .expected = {"V6-OFF"},
       .play =
           [](const Scene& scene) {
             const Server server = serve_tcp(scene.network(), answering("hello"));
             return scene.record(
                 curl_get("127.0.0.1", server.port(), {"--interface", "203.0.113.9"}));
           }},
      {.name = "IPv6 is switched off",
       .client = "curl",
       .expected = {"V6-OFF"},
       .play =
           [](const Scene& scene) {
             disable_ipv6(scene.network());
             return scene.record(curl_get("[::1]", 7001));
           }},
      {.name = "IPv6 is switched off, IPv4 serves",
       .client = "python3",
       .expected = {"V6-OFF"},
       .play =
           [](const Scene& scene) {
             const Server server = serve_tcp(scene.network(), answering("hello"));
             disable_ipv6(scene.network());
             return scene.record(
                 python("for a in '::1', '127.0.0.1':\n"
                        "  try: socket.create_connection((a, " +
                        std::to_string(server.port()) +
                        ")).close()\n"
                        "  except OSError as failure: print(failure)\n"));
           }},
      {.name = "no route",
       .client = "curl",
       .expected = {"NOROUTE"},
       .also = {},
       .play = [](const Scene& scene) { return get_from(scene, kNoRoute); }},
      {.name = "no route of IPv6",
       .client = "wget",
       .expected = {"NOROUTE"},
       .play = [](const Scene& scene) { return scene.record(wget_get("[2001:db8::1]", 80)); }},
      {.name = "route says unreachable",
       .client = "java",
       .expected = {"NOROUTE"},
       .play =
           [](const Scene& scene) {
             route_refusing(scene.network(), "unreachable", "198.51.100.1");
             return scene.record(java_socket("198.51.100.1", 80, 2s));
           }},
      {.name = "route says prohibit",
       .client = "curl",
       .expected = {"LOCALDENY"},
       .play =
           [](const Scene& scene) {
             route_refusing(scene.network(), "prohibit", "198.51.100.2");
             return get_from(scene, "198.51.100.2");
           }},
      {.name = "route says blackhole",
       .client = "node",
       .expected = {"LOCALDENY"},
       .play =
           [](const Scene& scene) {
             route_refusing(scene.network(), "blackhole", "198.51.100.3");
             return scene.record(node_get("198.51.100.3", 80, 2s));
           }},
      {.name = "out of file descriptors",
       .client = "python3",
       .expected = {"FDS"},
       .play =
           [](const Scene& scene) {
             const Server server = serve_tcp(scene.network(), silent());
             const Words leak = python(hoarding(server.port(), 40));
             return scene.record_shell("ulimit -n 24; exec " + Scene::shell(leak));
           }},
      {.name = "out of file descriptors",
       .client = "node",
       .expected = {"FDS"},
       .also = {"CHURN"},
       .play =
           [](const Scene& scene) {
             const Server server = serve_tcp(scene.network(), silent());
             const Words leak{"node", "-e",
                              "for (let i = 0; i < 60; i++) require('net').connect(" +
                                  std::to_string(server.port()) +
                                  ", '127.0.0.1').on('error', e => console.log(e.code));"
                                  "setTimeout(() => process.exit(), 800)"};
             return scene.record_shell("ulimit -n 50; exec " + Scene::shell(leak));
           }},
      {.name = "a server is out of file descriptors",
       .client = "python3",
       .expected = {"FDS"},
       .also = {"SERVERQ"},
       .play =
           [](const Scene& scene) {
             const Words server = python(
                 "s = socket.create_server(('127.0.0.1', 7001)); s.settimeout(1)\n"
                 "open('ready', 'w').close()\n"
                 "taken = []\n"
                 "for i in range(20):\n"
                 "  try: taken.append(s.accept())\n"
                 "  except TimeoutError: break\n"
                 "  except OSError as failure: print(failure); time.sleep(0.05)\n");
             const Words clients = python(
                 "while not os.path.exists('ready'): time.sleep(0.05)\n"
                 "peers = [socket.create_connection(('127.0.0.1', 7001)) for i in range(15)]\n"
                 "time.sleep(2)\n");
             Process others = scene.network().start({.argv = clients});
             return scene.record_shell("ulimit -n 12; exec " + Scene::shell(server));
           }},
      {.name = "select on descriptor 1106",
       .client = "perl",
       .expected = {"FDSET"},
       .also = {"SILENT"},
       .play =
           [](const Scene& scene) {
             const Server server = serve_tcp(scene.network(), answering("hello"));
             const Words client{"perl",
                                "-MSocket",
                                "-MPOSIX",
                                "-e",
                                "socket(my $s, PF_INET, SOCK_STREAM, 0);"
                                "connect($s, pack_sockaddr_in($ARGV[0], inet_aton('127.0.0.1')));"
                                "POSIX::dup2(fileno($s), 1106); open(my $high, '+<&=', 1106);"
                                "syswrite($high, qq(GET / HTTP/1.0\\r\\n\\r\\n));"
                                "my $r = ''; vec($r, 1106, 1) = 1;"
                                "print select($r, undef, undef, 1.0);",
                                std::to_string(server.port())};
             return scene.record_shell("ulimit -n 2048; exec " + Scene::shell(client));
           }},
      {.name = "SO_SNDTIMEO ends connect with EINPROGRESS",
       .client = "C",
       .expected = {"SNDTIMEO"},
       .also = {"SYNDROP"},
       .play =
           [](const Scene& scene) {
             drop_tcp(scene.network(), 7001);
             return scene.record(wait_connect("sndtimeo", 1500ms, "127.0.0.1", 7001));
           }},
      {.name = "SO_SNDTIMEO ends connect with EINPROGRESS",
       .client = "perl",
       .expected = {"SNDTIMEO"},
       .also = {"SYNDROP"},
       .play =
           [](const Scene& scene) {
             drop_tcp(scene.network(), 7001);
             return scene.record({"perl", "-MSocket", "-e",
                                  "socket(my $s, PF_INET, SOCK_STREAM, 0);"
                                  "setsockopt($s, SOL_SOCKET, SO_SNDTIMEO, pack('l!l!', 2, 0));"
                                  "connect($s, pack_sockaddr_in(7001, inet_aton('127.0.0.1')))"
                                  " or print $!; close $s"});
           }},
      {.name = "a signal breaks off connect",
       .client = "perl",
       .expected = {"EINTR"},
       .also = {"SYNDROP", "SHORTTO"},
       .play =
           [](const Scene& scene) {
             drop_tcp(scene.network(), 7001);
             return scene.record({"perl", "-MSocket", "-e",
                                  "$SIG{ALRM} = sub {}; alarm 1;"
                                  "socket(my $s, PF_INET, SOCK_STREAM, 0);"
                                  "connect($s, pack_sockaddr_in(7001, inet_aton('127.0.0.1')))"
                                  " or print $!; close $s"});
           }},
      {.name = "connected to itself",
       .client = "curl",
       .expected = {"SELF"},
       .play =
           [](const Scene& scene) {
             source_ports(scene.network(), 41000, 41000);
             return scene.record(curl_get("127.0.0.1", 41000, {"-m", "1.5"}));
           }},
      {.name = "unix socket with a full queue",
       .client = "curl",
       .expected = {"UNIXFULL"},
       .play =
           [](const Scene& scene) {
             const std::string path = scene.network().scratch() + "/busy.sock";
             const Server full = serve_full_unix_queue(scene.network(), path);
             return scene.record(curl_get("localhost", 80, {"--unix-socket", path}));
           }},
      {.name = "unix socket is missing",
       .client = "curl",
       .expected = {"UNIXGONE"},
       .play =
           [](const Scene& scene) {
             return scene.record(curl_get("localhost", 80, {"--unix-socket", "missing.sock"}));
           }},
      {.name = "unix socket left behind by a dead server",
       .client = "python3",
       .expected = {"UNIXGONE"},
       .play =
           [](const Scene& scene) {
             const std::string path = scene.network().scratch() + "/stale.sock";
             { const Server gone = serve_unix(scene.network(), silent(), path); }
             return scene.record(python("socket.socket(socket.AF_UNIX).connect('" + path + "')"));
           }},
  };
}

}  // namespace sockwatch::netlab
