// One attempt to connect, or one place, that gets no connection, or gets it late.
#include <optional>
#include <thread>

#include "tests/netlab/clients/nginx.h"
#include "tests/netlab/incidents/incident.h"

namespace sockwatch::netlab {
namespace {

constexpr std::uint16_t kDark = 7001;

std::function<Recording(const Scene&)> in_the_dark(Words (*client)()) {
  return [client](const Scene& scene) {
    drop_tcp(scene.network(), kDark);
    return scene.record(client());
  };
}

std::function<Recording(const Scene&)> three_dark_addresses(milliseconds patience) {
  return [patience](const Scene& scene) {
    drop_tcp(scene.network(), kDark);
    hosts_file(scene.network(), "127.0.0.5 shop.test\n127.0.0.6 shop.test\n127.0.0.7 shop.test\n");
    return scene.record(node_get("shop.test", kDark, patience));
  };
}

std::function<Recording(const Scene&)> rejected_with(const std::string& answer,
                                                     const Words& client) {
  return [answer, client](const Scene& scene) {
    reject_tcp(scene.network(), kDark, answer);
    return scene.record(client);
  };
}

Recording after_a_lost_syn(const Scene& scene, int lost,
                           const std::function<Words(std::uint16_t)>& client) {
  const Server server = serve_tcp(scene.network(), answering("hello"));
  drop_first_syns(scene.network(), server.port(), lost);
  return scene.record(client(server.port()));
}

Recording given_up_by_the_kernel(const Scene& scene, int retries, const Words& client) {
  drop_tcp(scene.network(), kDark);
  give_up_after_syn_retries(scene.network(), retries);
  return scene.record(client);
}

std::vector<Incident> silence() {
  return {
      {.name = "SYNs vanish",
       .client = "curl",
       .expected = {"SYNDROP"},
       .play = in_the_dark([] {
         return curl_get("127.0.0.1", kDark, {"--connect-timeout", "2.5"});
       })},
      {.name = "SYNs vanish",
       .client = "wget",
       .expected = {"SYNDROP"},
       .play = in_the_dark([] {
         return wget_get("127.0.0.1", kDark, {"-T", "2.5"});
       })},
      {.name = "SYNs vanish",
       .client = "python3",
       .expected = {"SYNDROP"},
       .play = in_the_dark([] { return requests_get("127.0.0.1", kDark, "2.5"); })},
      {.name = "SYNs vanish",
       .client = "java",
       .expected = {"SYNDROP"},
       .play = in_the_dark([] { return java_http("127.0.0.1", kDark, 2500ms, 5s); })},
      {.name = "SYNs vanish",
       .client = "node",
       .expected = {"SYNDROP"},
       .play = in_the_dark([] { return node_get("127.0.0.1", kDark, 2500ms); })},
      {.name = "SYNs of IPv6 vanish",
       .client = "curl",
       .expected = {"SYNDROP"},
       .play = in_the_dark([] {
         return curl_get("[::1]", kDark, {"--connect-timeout", "2.5"});
       })},
      {.name = "upstream of a proxy is dark: 504",
       .client = "nginx",
       .expected = {"SYNDROP"},
       .play =
           [](const Scene& scene) {
             drop_tcp(scene.network(), kDark);
             Process proxy = scene.start(nginx_in_front_of(scene.network(), {kDark}));
             wait_until_nginx_listens(scene.network());
             const std::string status = nginx_status_of(scene.network(), 0);
             stop_nginx(scene.network());
             if (status != "504") throw std::runtime_error("nginx said " + status);
             return scene.finish(proxy);
           },
       .needs = {"curl"}},
      {.name = "full queue looks like a drop",
       .client = "curl",
       .expected = {"SYNDROP"},
       .also = {"QUEUEFULL"},
       .play =
           [](const Scene& scene) {
             const Server full = serve_full_queue(scene.network());
             return scene.record(curl_get("127.0.0.1", full.port(), {"--connect-timeout", "2.5"}));
           }},
      {.name = "the kernel gives up",
       .client = "C",
       .expected = {"SYNGIVEUP"},
       .play =
           [](const Scene& scene) {
             return given_up_by_the_kernel(scene, 1,
                                           wait_connect("blocking", 0ms, "127.0.0.1", kDark));
           },
       .seconds = 5},
      {.name = "the kernel gives up, two resends",
       .client = "python3",
       .expected = {"SYNGIVEUP"},
       .play =
           [](const Scene& scene) {
             return given_up_by_the_kernel(
                 scene, 2, python("socket.create_connection(" + at("127.0.0.1", kDark) + ")"));
           },
       .seconds = 9},
      {.name = "the kernel gives up",
       .client = "java",
       .expected = {"SYNGIVEUP"},
       .play =
           [](const Scene& scene) {
             return given_up_by_the_kernel(scene, 1, java_socket("127.0.0.1", kDark, 0ms));
           },
       .seconds = 6},
      {.name = "TCP_USER_TIMEOUT gives up",
       .client = "C",
       .expected = {"SYNGIVEUP"},
       .play =
           in_the_dark([] { return wait_connect("user_timeout", 2500ms, "127.0.0.1", kDark); })},
      {.name = "time-out shorter than one resend",
       .client = "curl",
       .expected = {"SHORTTO"},
       .play = in_the_dark([] {
         return curl_get("127.0.0.1", kDark, {"--connect-timeout", "0.8"});
       })},
      {.name = "time-out shorter than one resend",
       .client = "python3",
       .expected = {"SHORTTO"},
       .play = in_the_dark([] { return requests_get("127.0.0.1", kDark, "0.5"); })},
      {.name = "time-out of 200 ms",
       .client = "python3",
       .expected = {"SHORTTO"},
       .play = in_the_dark([] {
         return python(
             "for i in range(6):\n"
             "  try: socket.create_connection(" +
             at("127.0.0.1", kDark) +
             ", 0.2)\n"
             "  except OSError as failure: print(failure)\n");
       })},
      {.name = "the round trip is longer than the time-out",
       .client = "python3",
       .expected = {"SHORTTO"},
       .play =
           [](const Scene& scene) {
             const Server far = scene.far_side(200ms);
             const Server server =
                 serve_tcp(scene.network(), answering("hello"), {.address = kNearAddress});
             return scene.record(python("peer = " + at(kFarAddress, server.port()) +
                                        "\n"
                                        "for limit in 0.3, 0.3, 3:\n"
                                        "  try: socket.create_connection(peer, limit).close()\n"
                                        "  except OSError as failure: print(failure)\n"));
           }},
      {.name = "each address gets 250 ms",
       .client = "node",
       .expected = {"ATTEMPTCAP"},
       .also = {"STARVED", "SHORTTO"},
       .play = three_dark_addresses(700ms)},
      {.name = "each address gets 250 ms, the last one the rest, and no answer",
       .client = "node",
       .expected = {"SYNDROP"},
       .also = {"STARVED", "SHORTTO"},
       .play = three_dark_addresses(3s)},
      {.name = "interrupted while SYNs vanish",
       .client = "curl",
       .expected = {"SYNDROP"},
       .play =
           [](const Scene& scene) {
             drop_tcp(scene.network(), kDark);
             Words get = curl_get("127.0.0.1", kDark);
             get.insert(get.begin(), {"timeout", "-s", "INT", "3"});
             return scene.record(get);
           }},
      {.name = "interrupted in connect while SYNs vanish",
       .client = "python3",
       .expected = {"SYNDROP"},
       .also = {"EINTR"},
       .play =
           [](const Scene& scene) {
             drop_tcp(scene.network(), kDark);
             return scene.record(
                 python("import signal, threading\n"
                        "s = socket.socket()\n"
                        "threading.Timer(3, lambda: os.kill(os.getpid(), "
                        "signal.SIGINT)).start()\n"
                        "s.connect(" +
                        at("127.0.0.1", kDark) + ")\n"));
           }},
  };
}

std::vector<Incident> answers() {
  return {
      {.name = "first SYN lost",
       .client = "curl",
       .expected = {"SYNLOST"},
       .play =
           [](const Scene& scene) {
             return after_a_lost_syn(
                 scene, 1, [](std::uint16_t port) { return curl_get("127.0.0.1", port); });
           }},
      {.name = "answer to a SYN lost",
       .client = "curl",
       .expected = {"SYNLOST"},
       .play =
           [](const Scene& scene) {
             const Server server = serve_tcp(scene.network(), answering("hello"));
             drop_first_syn_acks(scene.network(), server.port(), 1);
             const std::string get = Scene::shell(curl_get("127.0.0.1", server.port()));
             return scene.record_shell(get + ";" + get + ";" + get);
           }},
      {.name = "two SYNs lost",
       .client = "java",
       .expected = {"SYNLOST"},
       .play =
           [](const Scene& scene) {
             return after_a_lost_syn(
                 scene, 2, [](std::uint16_t port) { return java_socket("127.0.0.1", port, 10s); });
           }},
      {.name = "nothing listens",
       .client = "curl",
       .expected = {"REFUSED"},
       .play = [](const Scene& scene) { return scene.record(curl_get("127.0.0.1", kDark)); }},
      {.name = "nothing listens",
       .client = "java",
       .expected = {"REFUSED"},
       .play =
           [](const Scene& scene) { return scene.record(java_http("127.0.0.1", kDark, 3s, 3s)); }},
      {.name = "nothing listens",
       .client = "node",
       .expected = {"REFUSED"},
       .play = [](const Scene& scene) { return scene.record(node_get("127.0.0.1", kDark, 3s)); }},
      {.name = "a firewall sends resets",
       .client = "wget",
       .expected = {"REFUSED"},
       .play = rejected_with("tcp reset", wget_get("127.0.0.1", kDark))},
      {.name = "a firewall answers port unreachable",
       .client = "curl",
       .expected = {"REFUSED"},
       .play = rejected_with("icmp port-unreachable", curl_get("127.0.0.1", kDark))},
      {.name = "localhost is ::1, the server has 127.0.0.1",
       .client = "node",
       .expected = {"REFUSED6"},
       .also = {"REFUSED"},
       .play =
           [](const Scene& scene) {
             const Server server = serve_tcp(scene.network(), answering("hello"));
             hosts_file(scene.network(), "::1 localhost\n127.0.0.1 localhost\n");
             Words get = node_get("localhost", server.port(), 3s);
             get.insert(get.begin() + 1, "--no-network-family-autoselection");
             return scene.record(get);
           }},
      {.name = "localhost is ::1, the server has 127.0.0.1",
       .client = "python3",
       .expected = {"REFUSED6"},
       .play =
           [](const Scene& scene) {
             const Server server = serve_tcp(scene.network(), answering("hello"));
             hosts_file(scene.network(), "::1 localhost\n127.0.0.1 localhost\n");
             return scene.record(requests_get("localhost", server.port(), "3"));
           }},
      {.name = "the service comes up later",
       .client = "curl",
       .expected = {"NOTYET"},
       .play =
           [](const Scene& scene) {
             Process client = scene.start(
                 curl_get("127.0.0.1", kDark,
                          {"--retry", "9", "--retry-connrefused", "--retry-delay", "1"}));
             std::this_thread::sleep_for(1500ms);
             const Server server = serve_tcp(scene.network(), answering("hello"), {.port = kDark});
             return scene.finish(client);
           }},
      {.name = "the service goes away and comes back",
       .client = "python3",
       .expected = {"REFUSED"},
       .play =
           [](const Scene& scene) {
             auto server = std::make_optional(
                 serve_tcp(scene.network(), answering_and_closing("hello"), {.port = kDark}));
             Process client =
                 scene.start(python("import urllib.request\n"
                                    "for i in range(12):\n"
                                    "  try: urllib.request.urlopen('" +
                                    url("127.0.0.1", kDark) +
                                    "', timeout=2).read()\n"
                                    "  except OSError as failure: print(failure)\n"
                                    "  open('ready', 'w').close(); time.sleep(0.4)\n"));
             std::this_thread::sleep_for(2s);
             server.reset();
             std::this_thread::sleep_for(1500ms);
             server.emplace(
                 serve_tcp(scene.network(), answering_and_closing("hello"), {.port = kDark}));
             return scene.finish(client);
           },
       .seconds = 7},
      {.name = "ICMP host unreachable",
       .client = "curl",
       .expected = {"REJECTED"},
       .play = rejected_with("icmp host-unreachable", curl_get("127.0.0.1", kDark))},
      {.name = "ICMP administratively prohibited",
       .client = "java",
       .expected = {"REJECTED"},
       .play = rejected_with("icmp admin-prohibited", java_socket("127.0.0.1", kDark, 3s))},
      {.name = "ICMP administratively prohibited, IPv6",
       .client = "python3",
       .expected = {"REJECTED"},
       .play = rejected_with("icmpv6 admin-prohibited", requests_get("[::1]", kDark, "3"))},
      {.name = "nobody on the link has the address",
       .client = "curl",
       .expected = {"NEIGH"},
       .play =
           [](const Scene& scene) {
             return scene.record(curl_get(absent_neighbour(scene.network()), 80));
           },
       .seconds = 5},
      {.name = "nobody on the link has the address",
       .client = "python3",
       .expected = {"NEIGH"},
       .play =
           [](const Scene& scene) {
             return scene.record(requests_get(absent_neighbour(scene.network()), 80, "8"));
           },
       .seconds = 5},
      {.name = "300 ms away, healthy",
       .client = "curl",
       .expected = {"FAR"},
       .play =
           [](const Scene& scene) {
             const Server far = scene.far_side(150ms);
             const Server server =
                 serve_tcp(scene.network(), answering("hello"), {.address = kNearAddress});
             return scene.record(curl_get(kFarAddress, server.port()));
           }},
      {.name = "reset before the client looks",
       .client = "python3",
       .expected = {"HSRESET"},
       .play =
           [](const Scene& scene) {
             const Server server = serve_tcp(scene.network(), resetting_at_once());
             return scene.record(
                 python("s = socket.socket(); s.setblocking(False)\n"
                        "s.connect_ex(" +
                        at("127.0.0.1", server.port()) +
                        "); time.sleep(0.3)\n"
                        "select.select([], [s], [], 3)\n"
                        "print(s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)); s.close()\n"));
           }},
  };
}

}  // namespace

std::vector<Incident> handshake_incidents() {
  std::vector<Incident> all = silence();
  for (Incident& incident : answers()) all.push_back(std::move(incident));
  return all;
}

}  // namespace sockwatch::netlab
