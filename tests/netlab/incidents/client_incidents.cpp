// How the program itself behaves; and programs with which nothing is wrong.
#include <thread>

#include "tests/netlab/incidents/incident.h"

namespace sockwatch::netlab {
namespace {

std::vector<Incident> habits() {
  return {
      {.name = "retries without a pause",
       .client = "python3",
       .expected = {"STORM"},
       .also = {"REFUSED"},
       .play =
           [](const Scene& scene) {
             return scene.record(
                 python("for i in range(60):\n"
                        "  s = socket.socket(); s.connect_ex(" +
                        at("127.0.0.1", 7001) + "); s.close(); time.sleep(0.02)\n"));
           }},
      {.name = "retries every 50 ms",
       .client = "node",
       .expected = {"STORM"},
       .also = {"REFUSED"},
       .play =
           [](const Scene& scene) {
             return scene.record({"node", "-e",
                                  "let n = 40; function go() { if (n-- > 0) "
                                  "require('net').connect(7001, '127.0.0.1').on('error', () => "
                                  "setTimeout(go, 50)); } go()"});
           }},
      {.name = "a connection for each request",
       .client = "python3",
       .expected = {"CHURN"},
       .play =
           [](const Scene& scene) {
             const Server server = serve_tcp(scene.network(), answering("hello"));
             return scene.record(
                 python("import http.client\n"
                        "for i in range(400):\n"
                        "  c = http.client.HTTPConnection" +
                        at("127.0.0.1", server.port()) +
                        "\n"
                        "  c.request('GET', '/'); c.getresponse().read(); c.close()\n"
                        "  time.sleep(0.005)\n"));
           }},
      {.name = "a blocking connect inside an event loop",
       .client = "python3",
       .expected = {"BLOCKLOOP"},
       .also = {"SYNLOST"},
       .play =
           [](const Scene& scene) {
             // The loop waits for a reply that is there long before the connect is.
             const Server other = serve_tcp(scene.network(), answering("hello", 400ms));
             const Server server = serve_tcp(scene.network(), answering("hello"));
             drop_first_syns(scene.network(), server.port(), 1);
             return scene.record(
                 python("import asyncio\n"
                        "async def fetch():\n"
                        "  r, w = await asyncio.open_connection" +
                        at("127.0.0.1", other.port()) +
                        "\n"
                        "  w.write(b'GET / HTTP/1.0\\r\\n\\r\\n')\n"
                        "  await r.read(1); w.close()\n"
                        "async def main():\n"
                        "  fetching = asyncio.create_task(fetch())\n"
                        "  await asyncio.sleep(0.2)\n"
                        "  s = socket.create_connection(" +
                        at("127.0.0.1", server.port()) +
                        "); s.close(); await fetching\n"
                        "asyncio.run(main())\n"));
           }},
      {.name = "it is the proxy",
       .client = "curl",
       .expected = {"VIAPROXY"},
       .play =
           [](const Scene& scene) {
             const Server proxy = serve_tcp(scene.network(), answering("hello"));
             return scene.record({"curl", "-sS", "http://shop.test/"},
                                 {{"http_proxy", url("127.0.0.1", proxy.port())}});
           }},
      {.name = "it is the proxy, and it is down",
       .client = "wget",
       .expected = {"VIAPROXY", "REFUSED"},
       .play =
           [](const Scene& scene) {
             return scene.record({"wget", "-q", "-O", "-", "--tries=1", "http://shop.test/"},
                                 {{"http_proxy", url("127.0.0.1", 7001)}});
           }},
      {.name = "it is the proxy, as env alone says",
       .client = "curl",
       .expected = {"VIAPROXY"},
       .play =
           [](const Scene& scene) {
             const Server proxy = serve_tcp(scene.network(), answering("hello", 300ms));
             return scene.record({"env", "http_proxy=" + url("127.0.0.1", proxy.port()), "curl",
                                  "-sS", "http://shop.test/"});
           }},
      {.name = "a log by UDP that is never connected",
       .client = "python3",
       .play =
           [](const Scene& scene) {
             return scene.record(
                 python("import logging.handlers\n"
                        "log = logging.handlers.SysLogHandler(('127.0.0.1', 514))\n"
                        "for i in range(3):\n"
                        "  log.emit(logging.makeLogRecord({'msg': 'line'})); time.sleep(0.6)\n"
                        "log.close()\n"));
           }},
      {.name = "waits for its own pool, not for the network",
       .client = "python3",
       .expected = {"NOATTEMPT"},
       .play =
           [](const Scene& scene) {
             return scene.record(
                 python("import queue\n"
                        "queue.Queue().get(timeout=2.5)\n"));
           }},
      {.name = "finds the address and then waits for its own pool",
       .client = "python3",
       .expected = {"NOATTEMPT"},
       .play =
           [](const Scene& scene) {
             hosts_file(scene.network(), "127.0.0.1 shop.test\n");
             return scene.record(
                 python("import queue\n"
                        "socket.getaddrinfo('shop.test', 80)\n"
                        "queue.Queue().get(timeout=0.5)\n"));
           }},
      {.name = "a static program",
       .client = "C",
       .expected = {"BLIND"},
       .play =
           [](const Scene& scene) {
             const Finished built = scene.network().run(
                 {.argv = {"cc", "-static", "-o", "still", NETLAB_CLIENTS "/connect.c"}});
             if (built.status != 0) throw Skipped("no static program can be built here");
             return scene.record(
                 {scene.network().scratch() + "/still", "poll", "500", "127.0.0.1", "7001"});
           },
       .needs = {"cc"}},
      {.name = "a static child fails, and nothing else",
       .client = "C",
       .expected = {"BLIND"},
       .play =
           [](const Scene& scene) {
             const Finished built = scene.network().run(
                 {.argv = {"cc", "-static", "-o", "still", NETLAB_CLIENTS "/connect.c"}});
             if (built.status != 0) throw Skipped("no static program can be built here");
             return scene.record_shell(scene.network().scratch() +
                                       "/still poll 500 127.0.0.1 7001; exit 3");
           },
       .needs = {"cc"}},
      {.name = "a server leaves its clients waiting",
       .client = "python3",
       .expected = {"SERVERQ"},
       .play =
           [](const Scene& scene) {
             Process server = scene.start(python(
                 "l = socket.socket(); l.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\n"
                 "l.bind(('127.0.0.1', 7100)); l.listen(3)\n"
                 "open('ready', 'w').close()\n"
                 "end = time.monotonic() + 4; l.settimeout(0.2)\n"
                 "while time.monotonic() < end:\n"
                 "  try: s, _ = l.accept()\n"
                 "  except TimeoutError: continue\n"
                 "  s.settimeout(1); s.recv(999)\n"
                 "  s.sendall(b'HTTP/1.0 200 OK\\r\\n\\r\\nhello'); s.close(); time.sleep(0.3)\n"));
             scene.network().run(
                 {.argv = {"sh", "-c",
                           "until [ -e ready ]; do sleep 0.05; done; for i in 1 2 3 4 5 6 7 8; do "
                           "curl -s -m 3 http://127.0.0.1:7100/ & done; wait"}});
             return scene.finish(server);
           },
       .needs = {"curl"},
       .seconds = 7},
  };
}

Recording first_address_dark(const Scene& scene, const std::function<Words(std::uint16_t)>& get) {
  const Server server = serve_tcp(scene.network(), answering("hello"), {.address = "0.0.0.0"});
  drop_tcp(scene.network(), server.port(), "127.0.0.5");
  hosts_file(scene.network(), "127.0.0.5 shop.test\n127.0.0.6 shop.test\n");
  Recording recording = scene.record(get(server.port()));
  if (recording.target.status != 0) throw std::runtime_error("the client did not get through");
  return recording;
}

// What must not be taken for a fault.
std::vector<Incident> nothing_wrong() {
  return {
      {.name = "nothing is wrong",
       .client = "curl",
       .play =
           [](const Scene& scene) {
             const Server server = serve_tcp(scene.network(), answering("hello"));
             return scene.record(curl_get("127.0.0.1", server.port()));
           }},
      {.name = "the first address is dark, the next answers",
       .client = "node",
       .play =
           [](const Scene& scene) {
             return first_address_dark(
                 scene, [](std::uint16_t port) { return node_get("shop.test", port, 5s); });
           }},
      {.name = "the first address is dark, the next answers",
       .client = "wget",
       .play =
           [](const Scene& scene) {
             return first_address_dark(scene, [](std::uint16_t port) {
               return wget_get("shop.test", port, {"--tries=1", "--connect-timeout=2.5"});
             });
           }},
      {.name = "a slow answer that comes",
       .client = "java",
       .play =
           [](const Scene& scene) {
             const Server server = serve_tcp(scene.network(), answering("late", 1500ms));
             return scene.record(java_http("127.0.0.1", server.port(), 5s, 5s));
           }},
      {.name = "a kept connection that is idle and still alive",
       .client = "python3",
       .play =
           [](const Scene& scene) {
             const Server server = serve_tcp(scene.network(), answering("hello"));
             return scene.record(
                 python("import requests\ns = requests.Session()\n"
                        "for i in range(3):\n  s.get('" +
                        url("127.0.0.1", server.port()) + "'); time.sleep(3)\n"));
           },
       .seconds = 10},
      {.name = "a client that holds a connection and never speaks",
       .client = "python3",
       .play =
           [](const Scene& scene) {
             const Server server = serve_tcp(scene.network(), silent());
             return scene.record(python("s = socket.create_connection(" +
                                        at("127.0.0.1", server.port()) +
                                        "); time.sleep(2); s.close()\n"));
           }},
      {.name = "a download of 20 MB",
       .client = "wget",
       .play =
           [](const Scene& scene) {
             const Server server =
                 serve_tcp(scene.network(), answering(std::string(20'000'000, 'x')));
             return scene.record(wget_get("127.0.0.1", server.port(), {"-O", "/dev/null"}));
           }},
      {.name = "a listener nobody comes to",
       .client = "python3",
       .play =
           [](const Scene& scene) {
             return scene.record(
                 python("l = socket.socket(); l.bind(('127.0.0.1', 0))\n"
                        "l.listen(); time.sleep(1); l.close()\n"));
           }},
      {.name = "no network at all, and none was needed",
       .client = "python3",
       .play = [](const Scene& scene) { return scene.record(python("print(6 * 7)")); }},
      {.name = "a failure that has nothing to do with the network",
       .client = "grep",
       .play =
           [](const Scene& scene) {
             return scene.record({"grep", "absent", "/etc/passwd"});
           }},
      {.name = "80 ms away, one slow start",
       .client = "curl",
       .play =
           [](const Scene& scene) {
             const Server far = scene.far_side(40ms);
             const Server server = serve_tcp(scene.network(), answering(std::string(300'000, 'x')),
                                             {.address = kNearAddress});
             return scene.record(curl_get(kFarAddress, server.port(), {"-o", "/dev/null"}));
           }},
  };
}

}  // namespace

std::vector<Incident> client_incidents() {
  std::vector<Incident> all = habits();
  for (Incident& incident : nothing_wrong()) all.push_back(std::move(incident));
  return all;
}

}  // namespace sockwatch::netlab
