// Where only the comparison of attempts tells what is wrong.
#include "tests/netlab/incidents/incident.h"

namespace sockwatch::netlab {
namespace {

// Python: once(address, port, patience, source port) makes one request and tells what came of it,
// at_once(calls) makes several in threads of their own.
constexpr const char* kOnce =
    "import threading\n"
    "def once(address, port, patience, source=0):\n"
    "  s = socket.socket(); s.settimeout(patience)\n"
    "  s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\n"
    "  if source: s.bind(('127.0.0.1', source))\n"
    "  try:\n"
    "    s.connect((address, port)); s.sendall(b'GET / HTTP/1.0\\r\\n\\r\\n'); s.recv(999)\n"
    "  except OSError as failure: print(failure)\n"
    "  s.close()\n"
    "def at_once(calls):\n"
    "  threads = [threading.Thread(target=once, args=call) for call in calls]\n"
    "  [t.start() for t in threads]; [t.join() for t in threads]\n";

Words python_of(const std::string& code) { return python(kOnce + code); }

// Two bursts of 16 at a server that is slow to accept, and single requests between them.
std::string bursts(std::uint16_t port) {
  const std::string call = "('127.0.0.1', " + std::to_string(port) + ", 2.5)";
  const std::string singles = "for i in range(6): once(*" + call + "); time.sleep(0.1)\n";
  const std::string burst = "at_once([" + call + "] * 16)\n";
  return singles + burst + singles + burst + singles;
}

// Three addresses in turn, as a client does that balances by itself.
Recording in_turn(const Scene& scene, std::uint16_t port, int rounds, const std::string& patience) {
  hosts_file(scene.network(), "127.0.0.5 shop.test\n127.0.0.6 shop.test\n127.0.0.7 shop.test\n");
  const std::string number = std::to_string(port);
  return scene.record(python_of("for i in range(" + std::to_string(rounds) +
                                "):\n"
                                "  found = {a[4][0] for a in socket.getaddrinfo('shop.test', " +
                                number +
                                ", type=socket.SOCK_STREAM)}\n"
                                "  at_once([(a, " +
                                number + ", " + patience + ") for a in sorted(found)])\n"));
}

}  // namespace

std::vector<Incident> group_incidents() {
  return {
      {.name = "one of two simultaneous SYNs is lost",
       .client = "python3",
       .expected = {"SNATRACE"},
       .also = {"SYNLOST", "QUEUEFULL"},
       .play =
           [](const Scene& scene) {
             const Server server = serve_tcp(scene.network(), answering("hello"));
             drop_simultaneous_syns(scene.network(), server.port());
             const std::string call = "('127.0.0.1', " + std::to_string(server.port()) + ", 5)";
             return scene.record(python_of("for i in range(60): once(*" + call +
                                           "); time.sleep(0.03)\n"
                                           "for i in range(8):\n"
                                           "  threading.Thread(target=at_once, args=([" +
                                           call + "] * 2,)).start(); time.sleep(0.1)\n"));
           },
       .seconds = 6},
      {.name = "one source port is black-holed",
       .client = "curl",
       .expected = {"FLOWHOLE"},
       .also = {"SYNDROP"},
       .play =
           [](const Scene& scene) {
             const Server server = serve_tcp(scene.network(), answering("hello"));
             drop_source_port(scene.network(), server.port(), 41007);
             const std::string get = Scene::shell(curl_get("127.0.0.1", server.port()));
             const std::string hole = Scene::shell(curl_get(
                 "127.0.0.1", server.port(), {"--local-port", "41007", "--connect-timeout", "5"}));
             return scene.record_shell(hole + "& for i in 1 2 3 4 5 6 7 8; do " + get +
                                       "; sleep 0.4; done; wait");
           },
       .seconds = 7},
      {.name = "three source ports are black-holed",
       .client = "python3",
       .expected = {"FLOWHOLE"},
       .also = {"SYNDROP"},
       .play =
           [](const Scene& scene) {
             const Server server = serve_tcp(scene.network(), answering("hello"));
             std::string calls;
             for (std::uint16_t source = 41007; source < 41010; ++source) {
               drop_source_port(scene.network(), server.port(), source);
               calls += "threading.Thread(target=once, args=('127.0.0.1', " +
                        std::to_string(server.port()) + ", 5, " + std::to_string(source) +
                        ")).start()\n";
             }
             return scene.record(python_of(calls +
                                           "for i in range(9):\n"
                                           "  time.sleep(0.4); once('127.0.0.1', " +
                                           std::to_string(server.port()) + ", 5)\n"));
           },
       .seconds = 7},
      {.name = "accept queue overflows in bursts",
       .client = "python3",
       .expected = {"QUEUEFULL"},
       .also = {"SYNLOST", "SYNDROP", "SNATRACE"},
       .play =
           [](const Scene& scene) {
             const Server slow = serve_slowly(scene.network(), answering("hello"), 2, 30ms);
             return scene.record(python_of(bursts(slow.port())));
           },
       .seconds = 10},
      {.name = "accept queue overflows in bursts, the server is recorded too",
       .client = "python3",
       .expected = {"QUEUEFULL", "SERVERQ"},
       .also = {"SYNLOST", "SYNDROP", "SNATRACE"},
       .play =
           [](const Scene& scene) {
             const Words server = python(
                 "l = socket.socket(); l.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\n"
                 "l.bind(('127.0.0.1', 7100)); l.listen(2)\n"
                 "while True:\n"
                 "  time.sleep(0.03); s, _ = l.accept(); s.recv(999)\n"
                 "  s.sendall(b'HTTP/1.0 200 OK\\r\\n\\r\\nhello'); s.close()\n");
             return scene.record_shell(Scene::shell(server) + "& sleep 0.7; " +
                                       Scene::shell(python_of(bursts(7100))) + "; kill $!; wait");
           },
       .seconds = 11},
      {.name = "one of three addresses is dark",
       .client = "python3",
       .expected = {"BADADDR"},
       .also = {"SYNDROP"},
       .play =
           [](const Scene& scene) {
             const Server server =
                 serve_tcp(scene.network(), answering("hello"), {.address = "0.0.0.0"});
             drop_tcp(scene.network(), server.port(), "127.0.0.6");
             return in_turn(scene, server.port(), 6, "1.3");
           },
       .seconds = 9},
      {.name = "one of three addresses refuses",
       .client = "python3",
       .expected = {"BADADDR"},
       .also = {"REFUSED", "CHURN"},
       .play =
           [](const Scene& scene) {
             const Server one =
                 serve_tcp(scene.network(), answering("hello"), {.address = "127.0.0.5"});
             const Server two = serve_tcp(scene.network(), answering("hello"),
                                          {.address = "127.0.0.7", .port = one.port()});
             return in_turn(scene, one.port(), 8, "2");
           }},
      {.name = "the first address uses up the budget",
       .client = "python3",
       .expected = {"STARVED"},
       .also = {"SYNDROP"},
       .play =
           [](const Scene& scene) {
             const Server server = serve_tcp(scene.network(), answering("hello"));
             drop_tcp(scene.network(), server.port(), "::1");
             hosts_file(scene.network(), "::1 shop.test\n127.0.0.1 shop.test\n");
             return scene.record(
                 python("import asyncio\n"
                        "async def main():\n"
                        "  await asyncio.wait_for(asyncio.open_connection" +
                        at("shop.test", server.port()) +
                        ", 2)\n"
                        "asyncio.run(main())\n"));
           }},
      {.name = "the first address is tried again and again",
       .client = "python3",
       .expected = {"STARVED"},
       .also = {"SYNDROP"},
       .play =
           [](const Scene& scene) {
             const Server server = serve_tcp(scene.network(), answering("hello"));
             drop_tcp(scene.network(), server.port(), "::1");
             hosts_file(scene.network(), "::1 shop.test\n127.0.0.1 shop.test\n");
             return scene.record(python("found = socket.getaddrinfo" +
                                        at("shop.test", server.port()) +
                                        "\n"
                                        "for i in range(3):\n"
                                        "  s = socket.socket(found[0][0]); s.settimeout(1.5)\n"
                                        "  try: s.connect(found[0][4])\n"
                                        "  except OSError as failure: print(failure)\n"
                                        "  s.close()\n"));
           },
       .seconds = 5},
      {.name = "IPv6 never works, IPv4 does",
       .client = "curl",
       .expected = {"V6BAD"},
       .also = {"SYNDROP"},
       .play =
           [](const Scene& scene) {
             const Server server = serve_tcp(scene.network(), answering("hello"));
             drop_tcp(scene.network(), server.port(), "::1");
             hosts_file(scene.network(), "::1 shop.test\n127.0.0.1 shop.test\n");
             const std::string get = Scene::shell(curl_get("shop.test", server.port()));
             return scene.record_shell(get + ";" + get + ";" + get + ";" + get);
           }},
      {.name = "IPv6 never works, IPv4 does",
       .client = "wget",
       .expected = {"V6BAD"},
       .also = {"SYNDROP", "SHORTTO"},
       .play =
           [](const Scene& scene) {
             const Server server = serve_tcp(scene.network(), answering("hello"));
             drop_tcp(scene.network(), server.port(), "::1");
             hosts_file(scene.network(), "::1 shop.test\n127.0.0.1 shop.test\n");
             const std::string get =
                 Scene::shell(wget_get("shop.test", server.port(), {"-T", "1.5"}));
             return scene.record_shell(get + ";" + get + ";" + get);
           },
       .seconds = 6},
      {.name = "the server remembers a reused source port",
       .client = "python3",
       .expected = {"PORTREUSE"},
       .also = {"SYNDROP"},
       .play =
           [](const Scene& scene) {
             const Server server = serve_tcp(scene.network(), answering("hello"));
             const std::string call = "once('127.0.0.1', " + std::to_string(server.port());
             scene.network().sysctl("net/ipv4/tcp_tw_reuse", "1");
             return scene.record_around(
                 python_of(kMeetFault + call + ", 2, 41007)\nmeet_fault(); time.sleep(1.2)\n" +
                           call + ", 2.5, 41007)\n" + call + ", 2)\n" + call + ", 2)\n"),
                 [&] { drop_source_port(scene.network(), server.port(), 41007); });
           },
       .seconds = 7},
      {.name = "the application accepts nobody",
       .client = "python3",
       .expected = {"NEVERREAD"},
       .also = {"SILENT", "SYNDROP", "QUEUEFULL"},
       .play =
           [](const Scene& scene) {
             const Server stuck = serve_nobody(scene.network(), 7);
             return scene.record(python_of("at_once([('127.0.0.1', " +
                                           std::to_string(stuck.port()) + ", 2.5)] * 12)\n"));
           }},
  };
}

}  // namespace sockwatch::netlab
