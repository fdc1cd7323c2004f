// Connected, and then trouble.
#include <sys/socket.h>

#include <array>
#include <string_view>
#include <thread>

#include "tests/netlab/clients/nginx.h"
#include "tests/netlab/incidents/incident.h"

namespace sockwatch::netlab {
namespace {

using Client = std::function<Words(std::uint16_t port)>;

std::function<Recording(const Scene&)> against(Conversation server, Client client) {
  return [server = std::move(server), client = std::move(client)](const Scene& scene) {
    const Server running = serve_tcp(scene.network(), server);
    return scene.record(client(running.port()));
  };
}

// Two requests on one connection, `idle` seconds apart; `fault` comes right after the first.
Recording between_requests(const Scene& scene, const std::string& idle,
                           const std::function<void(std::uint16_t)>& fault) {
  const Server server = serve_tcp(scene.network(), answering("hello"));
  const std::string get = "s.get('" + url("127.0.0.1", server.port()) + "', timeout=4)\n";
  return scene.record_around(
      python(std::string("import requests\n") + kMeetFault + "s = requests.Session()\n" + get +
             "meet_fault(); time.sleep(" + idle + ")\n" + get),
      [&] { fault(server.port()); });
}

// A path of 10 ms there and back on which `way` has the smaller MTU.
Recording through_a_hole(const Scene& scene, Way way, const std::string& body,
                         const Client& client) {
  const Server far = scene.far_side(5ms);
  const Server server = serve_tcp(scene.network(), answering(body), {.address = kNearAddress});
  drop_large(scene.network(), server.port(), way);
  return scene.record(client(server.port()));
}

// The handshake is made, the request read, and nothing else happens.
constexpr const char* kMuteTls = "sleep 60 | exec openssl s_server -quiet";
constexpr const char* kWebOverTls = "exec openssl s_server -quiet -www";

Server serve_tls(const Scene& scene, const std::string& server = kWebOverTls) {
  const Finished made = scene.network().run(
      {.argv = {"openssl", "req", "-x509", "-newkey", "rsa:3072", "-nodes", "-keyout", "key.pem",
                "-out", "cert.pem", "-days", "2", "-subj", "/CN=shop.test"}});
  if (made.status != 0) throw Skipped("no certificate could be made");
  return serve_with(
      scene.network(), [] { return std::uint16_t{7443}; },
      [&scene, server] {
        scene.network().run(
            {.argv = {"sh", "-c", server + " -accept 7443 -key key.pem -cert cert.pem"},
             .limit = 60s});
      });
}

std::vector<Incident> unanswered() {
  return {
      {.name = "the application does not answer",
       .client = "curl",
       .expected = {"SILENT"},
       .play = against(silent(),
                       [](std::uint16_t port) {
                         return curl_get("127.0.0.1", port, {"-m", "2"});
                       })},
      {.name = "the application does not answer",
       .client = "wget",
       .expected = {"SILENT"},
       .play = against(silent(),
                       [](std::uint16_t port) {
                         return wget_get("127.0.0.1", port, {"-T", "2"});
                       })},
      {.name = "the application does not answer",
       .client = "python3",
       .expected = {"SILENT"},
       .play = against(silent(),
                       [](std::uint16_t port) { return requests_get("127.0.0.1", port, "2"); })},
      {.name = "the application does not answer",
       .client = "java",
       .expected = {"SILENT"},
       .play = against(silent(),
                       [](std::uint16_t port) { return java_http("127.0.0.1", port, 2s, 2s); })},
      {.name = "the application does not answer",
       .client = "node",
       .expected = {"SILENT"},
       .play =
           against(silent(), [](std::uint16_t port) { return node_get("127.0.0.1", port, 2s); })},
      {.name = "the application behind TLS does not answer",
       .client = "curl",
       .expected = {"SILENT"},
       .play =
           [](const Scene& scene) {
             const Server tls = serve_tls(scene, kMuteTls);
             std::this_thread::sleep_for(500ms);
             return scene.record({"curl", "-sSk", "-m", "3", "https://127.0.0.1:7443/"});
           },
       .needs = {"openssl"},
       .seconds = 6},
      {.name = "a later request is not answered",
       .client = "curl",
       .expected = {"SILENT"},
       .play = against(answering_first("hello"),
                       [](std::uint16_t port) {
                         const std::string there = url("127.0.0.1", port);
                         return Words{"curl", "-sS", "-m", "3", there, there};
                       })},
      {.name = "a later request is not answered",
       .client = "node",
       .expected = {"SILENT"},
       .play = against(answering_first("hello"),
                       [](std::uint16_t port) {
                         return Words{"node", "-e",
                                      "const http = require('http'), agent = new http.Agent("
                                      "{keepAlive: true, maxSockets: 1});\n"
                                      "const get = (then) => { const asked = http.get('" +
                                          url("127.0.0.1", port) +
                                          "', {agent, timeout: 1500}, (reply) => {\n"
                                          "  reply.resume(); reply.on('end', then); });\n"
                                          "  asked.on('timeout', () => asked.destroy());\n"
                                          "  asked.on('error', () => process.exit(1)); };\n"
                                          "get(() => setTimeout(() => get(() => {}), 50));\n"};
                       })},
      {.name = "the answer stops half-way",
       .client = "curl",
       .expected = {"STALLED"},
       .play = against(stopping_half_way(),
                       [](std::uint16_t port) {
                         return curl_get("127.0.0.1", port, {"-m", "2"});
                       })},
      {.name = "the answer stops half-way",
       .client = "wget",
       .expected = {"STALLED"},
       .play = against(stopping_half_way(),
                       [](std::uint16_t port) {
                         return wget_get("127.0.0.1", port, {"-T", "2", "-t", "1"});
                       })},
      {.name = "the answer stops half-way",
       .client = "python3",
       .expected = {"STALLED"},
       .play = against(stopping_half_way(),
                       [](std::uint16_t port) { return requests_get("127.0.0.1", port, "2"); })},
      {.name = "the answer stops half-way, HttpURLConnection",
       .client = "java",
       .expected = {"STALLED"},
       .play = against(stopping_half_way(),
                       [](std::uint16_t port) {
                         return java({"ReadAll", "url", url("127.0.0.1", port), "2000"});
                       })},
      // It waits by epoll, where a pool that lets go of a connection looks the same: nothing is
      // said.
      {.name = "the answer stops half-way, HttpClient (not told)",
       .client = "java",
       .play = against(stopping_half_way(),
                       [](std::uint16_t port) {
                         return java({"ReadAll", "client", url("127.0.0.1", port), "2000"});
                       })},
      {.name = "the answer comes in pieces, too slowly for the time allowed",
       .client = "curl",
       .expected = {"STALLED"},
       .play = against(
           [](int fd) {
             std::array<char, 4096> request{};
             if (recv(fd, request.data(), request.size(), 0) <= 0) return;
             const std::string_view start = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n";
             send(fd, start.data(), start.size(), MSG_NOSIGNAL);
             for (int piece = 0; piece < 4; ++piece) {
               std::this_thread::sleep_for(900ms);
               send(fd, "piece of it", 11, MSG_NOSIGNAL);
             }
             recv(fd, request.data(), request.size(), 0);  // until the client leaves
           },
           [](std::uint16_t port) {
             return curl_get("127.0.0.1", port, {"-m", "4.75"});
           }),
       .seconds = 7},
      {.name = "stopped with Ctrl-C while it waits for an answer",
       .client = "curl",
       .expected = {"SILENT"},
       .play =
           [](const Scene& scene) {
             const Server mute = serve_tcp(scene.network(), silent());
             return scene.record_shell("(sleep 2; kill -INT $$) & exec " +
                                       Scene::shell(curl_get("127.0.0.1", mute.port())));
           }},
      {.name = "stopped with Ctrl-C while it waits for an answer",
       .client = "python3",
       .expected = {"SILENT"},
       .play = against(silent(),
                       [](std::uint16_t port) {
                         return python(
                             "import signal, threading, requests\n"
                             "threading.Timer(2.5, lambda: os.kill(os.getpid(), "
                             "signal.SIGINT)).start()\n"
                             "requests.get('" +
                             url("127.0.0.1", port) + "')\n");
                       })},
      {.name = "the application does not answer, and the client shuts its side down first",
       .client = "python3",
       .expected = {"SILENT"},
       .play = against(silent(),
                       [](std::uint16_t port) {
                         return python("s = socket.create_connection(" + at("127.0.0.1", port) +
                                       ", 2)\ns.sendall(b'GET /')\n"
                                       "try: s.recv(9)\n"
                                       "except OSError: s.shutdown(socket.SHUT_WR)\n"
                                       "s.close()\n");
                       })},
      {.name = "upstream of a proxy is silent: 504",
       .client = "nginx",
       .expected = {"SILENT"},
       .play =
           [](const Scene& scene) {
             const Server mute = serve_tcp(scene.network(), silent());
             Process proxy = scene.start(nginx_in_front_of(scene.network(), {mute.port()}));
             wait_until_nginx_listens(scene.network());
             const std::string status = nginx_status_of(scene.network(), 0);
             stop_nginx(scene.network());
             if (status != "504") throw std::runtime_error("nginx said " + status);
             return scene.finish(proxy);
           },
       .needs = {"curl"}},
      {.name = "no answer to the TLS hello",
       .client = "curl",
       .expected = {"TLSHANG"},
       .also = {"SILENT"},
       .play = against(silent(),
                       [](std::uint16_t port) {
                         return Words{"curl", "-sSk", "-m", "2",
                                      "https://127.0.0.1:" + std::to_string(port) + "/"};
                       })},
      {.name = "no answer to the TLS hello",
       .client = "python3",
       .expected = {"TLSHANG"},
       .also = {"SILENT"},
       .play = against(silent(),
                       [](std::uint16_t port) {
                         return python(
                             "import requests\n"
                             "requests.get('https://127.0.0.1:" +
                             std::to_string(port) + "', timeout=2, verify=False)");
                       })},
      {.name = "no greeting",
       .client = "curl",
       .expected = {"HELLOHANG"},
       .also = {"SILENT"},
       .play = against(
           silent(),
           [](std::uint16_t port) {
             return Words{"curl", "-sS", "-m", "2", "smtp://127.0.0.1:" + std::to_string(port)};
           })},
      {.name = "the peer stops reading",
       .client = "curl",
       .expected = {"ZEROWIN"},
       .play =
           [](const Scene& scene) {
             const Server server = serve_tcp(scene.network(), never_reading());
             scene.network().run({.argv = {"truncate", "-s", "40M", "big"}});
             return scene.record(
                 curl_get("127.0.0.1", server.port(), {"-m", "4", "-T", "big", "-H", "Expect:"}));
           },
       .seconds = 6},
      {.name = "the peer stops reading, and SO_SNDTIMEO runs out",
       .client = "python3",
       .expected = {"ZEROWIN"},
       .play = against(never_reading(),
                       [](std::uint16_t port) {
                         return python(
                             "import struct\n"
                             "s = socket.create_connection(" +
                             at("127.0.0.1", port) +
                             ")\n"
                             "s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, "
                             "struct.pack('ll', 2, 500000))\n"
                             "try: s.sendall(bytes(40_000_000))\n"
                             "except OSError as failure: print(failure)\n"
                             "s.close()\n");
                       }),
       .seconds = 6},
  };
}

// Nobody answers a log, and nothing is wrong with that.
std::vector<Incident> one_way() {
  const auto log = [](const std::string& code) {
    return against(silent(), [code](std::uint16_t port) {
      return python("peer = " + at("127.0.0.1", port) + "\n" + code);
    });
  };
  return {
      {.name = "a log that only sends, over asyncio",
       .client = "python3",
       .play = log("import asyncio\n"
                   "async def main():\n"
                   "  _, out = await asyncio.open_connection(*peer)\n"
                   "  for line in range(4): out.write(b'line\\n'); await asyncio.sleep(0.6)\n"
                   "  out.close()\n"
                   "asyncio.run(main())\n")},
      {.name = "a log that only sends, and looks for its end",
       .client = "python3",
       .play = log("s = socket.create_connection(peer)\np = select.poll()\n"
                   "p.register(s, select.POLLIN)\n"
                   "for line in range(4): s.sendall(b'line\\n'); p.poll(600)\n"
                   "s.close()\n")},
      {.name = "a log that only sends, twice, and looks for its end",
       .client = "python3",
       .play = log("s = socket.create_connection(peer)\np = select.poll()\n"
                   "p.register(s, select.POLLIN)\n"
                   "for line in range(2): s.sendall(b'line\\n'); p.poll(1200)\n"
                   "s.close()\n")},
      {.name = "a log that only sends, beside other waiting",
       .client = "python3",
       .play = log("s = socket.create_connection(peer)\ne = select.epoll()\nr, w = os.pipe()\n"
                   "e.register(r, select.EPOLLIN)\n"
                   "for line in range(2): s.sendall(b'line\\n'); e.poll(1.2)\n"
                   "s.close()\n")},
  };
}

std::vector<Incident> broken_paths() {
  return {
      {.name = "the path dies under a connection",
       .client = "python3",
       .expected = {"PATHLOST"},
       .play =
           [](const Scene& scene) {
             return between_requests(scene, "0",
                                     [&](std::uint16_t port) { drop_tcp(scene.network(), port); });
           },
       .seconds = 6},
      {.name = "a filter on this host drops what is sent",
       .client = "python3",
       .expected = {"PATHLOST"},
       .play =
           [](const Scene& scene) {
             return between_requests(scene, "0", [&](std::uint16_t port) {
               drop_tcp_before_it_leaves(scene.network(), port);
             });
           },
       .seconds = 6},
      {.name = "an idle connection is forgotten on the way",
       .client = "python3",
       .expected = {"IDLEDROP"},
       .play =
           [](const Scene& scene) {
             return between_requests(scene, "31",
                                     [&](std::uint16_t port) { drop_tcp(scene.network(), port); });
           },
       .seconds = 38},
      {.name = "an idle connection is reset on reuse",
       .client = "python3",
       .expected = {"IDLERST"},
       .play =
           [](const Scene& scene) {
             return between_requests(scene, "6", [&](std::uint16_t port) {
               reject_tcp(scene.network(), port, "tcp reset");
             });
           },
       .seconds = 9},
      {.name = "a request after a pause is worked on, and then reset",
       .client = "python3",
       .expected = {"LATERESET"},
       .play = against(
           [](int fd) {
             std::array<char, 100> request{};
             if (recv(fd, request.data(), request.size(), 0) <= 0) return;
             if (send(fd, "one", 3, MSG_NOSIGNAL) != 3) return;
             if (recv(fd, request.data(), request.size(), 0) <= 0) return;
             std::this_thread::sleep_for(1s);
             const linger at_once{.l_onoff = 1, .l_linger = 0};
             setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
           },
           [](std::uint16_t port) {
             return python("s = socket.create_connection(" + at("127.0.0.1", port) +
                           ")\n"
                           "for pause in (5.2, 0):\n"
                           "  s.sendall(b'request')\n"
                           "  try: s.recv(9)\n"
                           "  except OSError as failure: print(failure)\n"
                           "  time.sleep(pause)\n");
           }),
       .seconds = 8},
      {.name = "keep-alive finds the peer gone",
       .client = "python3",
       .expected = {"PATHLOST"},
       .play =
           [](const Scene& scene) {
             const Server server = serve_tcp(scene.network(), echoing());
             return scene.record_around(
                 python(
                     std::string(kMeetFault) + "s = socket.create_connection(" +
                     at("127.0.0.1", server.port()) +
                     ")\n"
                     "s.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)\n"
                     "for option in ('IDLE', 'INTVL', 'CNT'):\n"
                     "  s.setsockopt(socket.IPPROTO_TCP, getattr(socket, 'TCP_KEEP' + option), 1)\n"
                     "s.sendall(b'one'); s.recv(9); meet_fault(); time.sleep(4)\n"
                     "try: s.sendall(b'two')\n"
                     "except OSError as failure: print(failure)\n"
                     "s.close()\n"),
                 [&] { drop_tcp(scene.network(), server.port()); });
           },
       .seconds = 6},
      {.name = "the peer had closed the kept connection",
       .client = "python3",
       .expected = {"STALEPOOL"},
       .play = against(answering_once("hello", 500ms),
                       [](std::uint16_t port) {
                         return python("import http.client\nc = http.client.HTTPConnection" +
                                       at("127.0.0.1", port) +
                                       "\nfor i in range(2):\n"
                                       "  c.request('GET', '/'); c.getresponse().read()\n"
                                       "  time.sleep(2)\n");
                       }),
       .seconds = 5},
      {.name = "full-size packets to the server vanish",
       .client = "python3",
       .expected = {"MTUOUT"},
       .play =
           [](const Scene& scene) {
             return through_a_hole(scene, Way::to_server, "hello", [](std::uint16_t port) {
               const std::string there = url(kFarAddress, port);
               return python("import requests\ns = requests.Session()\ns.get('" + there +
                             "')\ns.post('" + there + "', data=b'x' * 20000, timeout=4)\n");
             });
           },
       .seconds = 6},
      {.name = "full-size packets from the server vanish",
       .client = "curl",
       .expected = {"MTUIN"},
       .play =
           [](const Scene& scene) {
             return through_a_hole(scene, Way::to_client, std::string(3000, 'x'),
                                   [](std::uint16_t port) {
                                     return curl_get(kFarAddress, port, {"-m", "3"});
                                   });
           },
       .seconds = 5},
      {.name = "full-size packets of a later answer vanish",
       .client = "python3",
       .expected = {"MTUIN"},
       .play =
           [](const Scene& scene) {
             const Server far = scene.far_side(5ms);
             const Server server =
                 serve_tcp(scene.network(),
                           [](int fd) {
                             std::array<char, 100> request{};
                             for (const std::size_t size : {5, 3000}) {
                               if (recv(fd, request.data(), request.size(), 0) <= 0) return;
                               const std::string reply(size, 'x');
                               send(fd, reply.data(), reply.size(), MSG_NOSIGNAL);
                             }
                             recv(fd, request.data(), request.size(), 0);
                           },
                           {.address = kNearAddress});
             drop_large(scene.network(), server.port(), Way::to_client);
             return scene.record(python("s = socket.create_connection(" +
                                        at(kFarAddress, server.port()) +
                                        ", 2)\n"
                                        "for i in range(2):\n"
                                        "  s.sendall(b'request')\n"
                                        "  try: s.recv(9)\n"
                                        "  except OSError as failure: print(failure)\n"
                                        "s.close(); sys.exit(1)\n"));
           },
       .seconds = 5},
      {.name = "an answer of nothing but large packets is lost in an MTU hole",
       .client = "curl",
       .expected = {"SILENT"},
       .also = {"MTUIN"},
       .play =
           [](const Scene& scene) {
             return through_a_hole(scene, Way::to_client, std::string(200'000, 'x'),
                                   [](std::uint16_t port) {
                                     return curl_get(kFarAddress, port, {"-m", "3"});
                                   });
           }},
      {.name = "the certificate is lost in an MTU hole",
       .client = "curl",
       .expected = {"MTUIN"},
       .play =
           [](const Scene& scene) {
             const Server far = scene.far_side(5ms);
             const Server tls = serve_tls(scene);
             std::this_thread::sleep_for(500ms);
             drop_large(scene.network(), tls.port(), Way::to_client);
             return scene.record(
                 {"curl", "-sSk", "-m", "4", std::string("https://") + kFarAddress + ":7443/"});
           },
       .needs = {"openssl"},
       .seconds = 6},
      {.name = "a dead connection is noticed by TCP_USER_TIMEOUT",
       .client = "python3",
       .expected = {"LONGHANG"},
       .also = {"PATHLOST"},
       .play =
           [](const Scene& scene) {
             const Server server = serve_tcp(scene.network(), echoing());
             return scene.record_around(
                 python(std::string(kMeetFault) + "s = socket.create_connection(" +
                        at("127.0.0.1", server.port()) +
                        ")\n"
                        "s.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 2500)\n"
                        "s.sendall(b'one'); s.recv(9); meet_fault(); s.sendall(b'two')\n"
                        "try: s.recv(9)\n"
                        "except OSError as failure: print(failure)\n"
                        "s.close()\n"),
                 [&] { drop_tcp(scene.network(), server.port()); });
           },
       .seconds = 6},
      {.name = "reset in the middle of an answer",
       .client = "curl",
       .expected = {"LATERESET"},
       .play = against(resetting_after("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\npart"),
                       [](std::uint16_t port) { return curl_get("127.0.0.1", port); })},
      {.name = "reset in the middle of an answer",
       .client = "node",
       .expected = {"LATERESET"},
       .play = against(resetting_after("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\npart"),
                       [](std::uint16_t port) { return node_get("127.0.0.1", port, 5s); })},
  };
}

}  // namespace

std::vector<Incident> connected_incidents() {
  std::vector<Incident> all = unanswered();
  for (auto* more : {one_way, broken_paths}) {
    for (Incident& incident : more()) all.push_back(std::move(incident));
  }
  return all;
}

}  // namespace sockwatch::netlab
