// Names that are found late, or not at all.
#include "tests/netlab/incidents/incident.h"

namespace sockwatch::netlab {
namespace {

// What the faults here are told by is a multiple of this time-out.
constexpr const char* kOne = "nameserver 127.0.0.53\noptions timeout:2 attempts:2\n";
constexpr const char* kTwo =
    "nameserver 127.0.0.54\nnameserver 127.0.0.53\noptions timeout:1 attempts:2\n";

NameAnswer here() { return {.v4 = {"127.0.0.1"}}; }

// `client` gets a working shop.test, but for what `answer` does to the look-up of its name.
Recording look_up(const Scene& scene, const NameAnswer& answer, const std::string& resolv_conf,
                  const std::function<Words(std::uint16_t)>& client) {
  const Server dns = serve_dns(scene.network(), {{"shop.test", answer}});
  resolver(scene.network(), resolv_conf);
  const Server shop = serve_tcp(scene.network(), answering("hello"));
  return scene.record(client(shop.port()));
}

NameAnswer losing(int queries) {
  NameAnswer answer = here();
  answer.lose_first = queries;
  return answer;
}

NameAnswer without_aaaa() {
  NameAnswer answer = here();
  answer.ignore_aaaa = true;
  return answer;
}

}  // namespace

std::vector<Incident> lookup_incidents() {
  return {
      {.name = "name server loses the first query",
       .client = "curl",
       .expected = {"DNS-5S"},
       .play =
           [](const Scene& scene) {
             return look_up(scene, losing(1), kOne,
                            [](std::uint16_t port) { return curl_get("shop.test", port); });
           }},
      {.name = "name server loses A and AAAA, default settings",
       .client = "python3",
       .expected = {"DNS-5S"},
       .play =
           [](const Scene& scene) {
             return look_up(scene, losing(2), "nameserver 127.0.0.53\n", [](std::uint16_t port) {
               return python("socket.create_connection(" + at("shop.test", port) + ").close()");
             });
           },
       .seconds = 8},
      {.name = "first of two name servers is dead",
       .client = "wget",
       .expected = {"DNS-5S"},
       .play =
           [](const Scene& scene) {
             const Server dead =
                 serve_dns(scene.network(),
                           {{"shop.test", {.manner = NameAnswer::Manner::silence}}}, "127.0.0.54");
             return look_up(scene, here(), kTwo, [](std::uint16_t port) {
               const std::string get = Scene::shell(wget_get("shop.test", port));
               return Words{"sh", "-c", get + ";" + get + ";" + get};
             });
           },
       .seconds = 6},
      {.name = "nobody answers for the search list, which is asked first",
       .client = "curl",
       .expected = {"DNS-5S"},
       .play =
           [](const Scene& scene) {
             const NameAnswer nothing{.manner = NameAnswer::Manner::silence};
             const Server dns = serve_dns(
                 scene.network(), {{"shop.test", here()}, {"shop.test.corp.example", nothing}});
             resolver(scene.network(),
                      "search corp.example\nnameserver 127.0.0.53\n"
                      "options ndots:2 timeout:1 attempts:2\n");
             const Server shop = serve_tcp(scene.network(), answering("hello"));
             const std::string get = Scene::shell(curl_get("shop.test", shop.port()));
             return scene.record_shell(get + ";" + get + ";" + get);
           },
       .seconds = 8},
      {.name = "name server ignores AAAA",
       .client = "wget",
       .expected = {"DNS-AAAA"},
       .play =
           [](const Scene& scene) {
             return look_up(scene, without_aaaa(), kOne,
                            [](std::uint16_t port) { return wget_get("shop.test", port); });
           },
       .seconds = 10},
      {.name = "name server ignores AAAA",
       .client = "java",
       .expected = {"DNS-AAAA"},
       .play =
           [](const Scene& scene) {
             return look_up(scene, without_aaaa(), kOne,
                            [](std::uint16_t port) { return java_socket("shop.test", port, 5s); });
           },
       .seconds = 10},
      {.name = "name server never answers",
       .client = "curl",
       .expected = {"DNS-DEAD"},
       .play =
           [](const Scene& scene) {
             return look_up(scene, {.manner = NameAnswer::Manner::silence}, kOne,
                            [](std::uint16_t port) { return curl_get("shop.test", port); });
           },
       .seconds = 6},
      {.name = "name server never answers",
       .client = "node",
       .expected = {"DNS-DEAD"},
       .play =
           [](const Scene& scene) {
             return look_up(scene, {.manner = NameAnswer::Manner::silence}, kOne,
                            [](std::uint16_t port) { return node_get("shop.test", port, 20s); });
           },
       .seconds = 6},
      {.name = "name server never answers the program's own resolver",
       .client = "node",
       .expected = {"DNS-DEAD"},
       .play =
           [](const Scene& scene) {
             const Server dns = serve_dns(scene.network(),
                                          {{"shop.test", {.manner = NameAnswer::Manner::silence}}});
             return scene.record({"node", "-e",
                                  "const r = new (require('dns').Resolver)({timeout: 800, tries: "
                                  "2}); r.setServers(['127.0.0.53']); r.resolve4('shop.test', "
                                  "failure => console.log(failure && failure.code))"});
           },
       .seconds = 5},
      {.name = "name server never answers, and is asked without connect",
       .client = "python3",
       .expected = {"DNS-DEAD"},
       .play =
           [](const Scene& scene) {
             const Server dns = serve_dns(scene.network(),
                                          {{"shop.test", {.manner = NameAnswer::Manner::silence}}});
             return scene.record(
                 python("s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(1.2)\n"
                        "q = bytes.fromhex('000101000001000000000000') + b'\\4shop\\4test\\0' + "
                        "bytes.fromhex('00010001')\n"
                        "s.sendto(q, ('127.0.0.53', 53))\n"
                        "try: s.recvfrom(512)\n"
                        "except TimeoutError as failure: print(failure)\n"));
           }},
      {.name = "name server answers the program's own resolver",
       .client = "node",
       .play =
           [](const Scene& scene) {
             const Server dns = serve_dns(scene.network(), {{"shop.test", here()}});
             return scene.record({"node", "-e",
                                  "const r = new (require('dns').Resolver)(); "
                                  "r.setServers(['127.0.0.53']); r.resolve4('shop.test', "
                                  "(failure, found) => console.log(failure, found))"});
           }},
      {.name = "name server says SERVFAIL",
       .client = "python3",
       .expected = {"DNS-FAIL"},
       .play =
           [](const Scene& scene) {
             return look_up(
                 scene, {.manner = NameAnswer::Manner::servfail}, kOne,
                 [](std::uint16_t port) { return requests_get("shop.test", port, "3"); });
           }},
      {.name = "nobody listens on port 53",
       .client = "wget",
       .expected = {"DNS-FAIL"},
       .play =
           [](const Scene& scene) {
             resolver(scene.network(), "nameserver 127.0.0.55\n");
             return scene.record(wget_get("shop.test", 80));
           }},
      {.name = "no route to the name server",
       .client = "python3",
       .expected = {"DNS-FAIL"},
       .play =
           [](const Scene& scene) {
             resolver(scene.network(), "nameserver 198.51.100.53\n");
             return scene.record(python("socket.create_connection(('shop.test', 80))"));
           }},
      {.name = "name does not exist",
       .client = "curl",
       .expected = {"DNS-NX"},
       .play =
           [](const Scene& scene) {
             return look_up(scene, here(), kOne,
                            [](std::uint16_t port) { return curl_get("shpo.test", port); });
           }},
      {.name = "name does not exist",
       .client = "java",
       .expected = {"DNS-NX"},
       .play =
           [](const Scene& scene) {
             return look_up(scene, here(), kOne, [](std::uint16_t port) {
               return java_http("shpo.test", port, 3s, 3s);
             });
           }},
      {.name = "name has no IPv6 address, and nothing else is asked for",
       .client = "wget",
       .expected = {"DNS-NX"},
       .play =
           [](const Scene& scene) {
             return look_up(scene, here(), kOne,
                            [](std::uint16_t port) { return wget_get("shop.test", port, {"-6"}); });
           }},
      {.name = "name server never answers, and the client asks for a number first",
       .client = "ssh",
       .expected = {"DNS-DEAD"},
       .play =
           [](const Scene& scene) {
             return look_up(scene, {.manner = NameAnswer::Manner::silence}, kOne,
                            [](std::uint16_t port) {
                              return Words{"ssh",
                                           "-F",
                                           "none",
                                           "-o",
                                           "BatchMode=yes",
                                           "-p",
                                           std::to_string(port),
                                           "user@shop.test",
                                           "true"};
                            });
           },
       .seconds = 6},
      {.name = "slow look-up leaves the connect no time",
       .client = "curl",
       .expected = {"DNS-BUDGET"},
       .also = {"SHORTTO"},
       .play =
           [](const Scene& scene) {
             NameAnswer slow = here();
             slow.delay = 2500ms;
             drop_tcp(scene.network(), 7001);
             return look_up(scene, slow, "nameserver 127.0.0.53\n", [](std::uint16_t) {
               return curl_get("shop.test", 7001, {"--connect-timeout", "3"});
             });
           }},
      {.name = "eight slow look-ups, four threads for them",
       .client = "node",
       .expected = {"DNS-POOL"},
       .also = {"DNS-5S"},
       .play =
           [](const Scene& scene) {
             NameAnswer slow = here();
             slow.delay = 1500ms;
             return look_up(scene, slow, "nameserver 127.0.0.53\n", [](std::uint16_t port) {
               return Words{"node", "-e",
                            "for (let i = 0; i < 8; i++) require('http').get('" +
                                url("shop.test", port) + "', {agent: false}, r => r.resume())"};
             });
           },
       .seconds = 6},
  };
}

}  // namespace sockwatch::netlab
