#include "tests/netlab/clients/nginx.h"

namespace sockwatch::netlab {

Words nginx_in_front_of(const Namespace& network, const std::vector<std::uint16_t>& upstreams) {
  std::string locations;
  for (std::size_t i = 0; i < upstreams.size(); ++i) {
    locations += "location /" + std::to_string(i) +
                 "/ { proxy_pass http://127.0.0.1:" + std::to_string(upstreams[i]) + "/; }\n";
  }
  const std::string home = network.scratch();
  const std::string path = network.write_scratch(
      "nginx.conf",
      "user root; daemon off; worker_processes 2; pid " + home +
          "/nginx.pid;\n"
          "error_log stderr crit; events { worker_connections 64; }\n"
          "http { access_log off; client_body_temp_path tmp/body; proxy_temp_path tmp/proxy;\n"
          "fastcgi_temp_path tmp/f; uwsgi_temp_path tmp/u; scgi_temp_path tmp/s;\n"
          "proxy_connect_timeout 1500ms; proxy_read_timeout 1500ms; proxy_next_upstream off;\n"
          "server { listen 127.0.0.1:" +
          std::to_string(kNginxPort) + ";\n" + locations + "} }\n");
  return {"nginx", "-p", home, "-e", "stderr", "-c", path};
}

void wait_until_nginx_listens(const Namespace& network) {
  network.run(
      {.argv = {"sh", "-c",
                "for i in $(seq 200); do [ -s nginx.pid ] && ss -Hltn sport = :" +
                    std::to_string(kNginxPort) + " | grep -q . && exit 0; sleep 0.05; done"}});
}

std::string nginx_status_of(const Namespace& network, int upstream) {
  return network
      .run({.argv = {"curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}",
                     url("127.0.0.1", kNginxPort) + std::to_string(upstream) + "/"}})
      .out;
}

void stop_nginx(const Namespace& network) {
  network.run({.argv = {"sh", "-c", "kill -QUIT $(cat nginx.pid)"}});
}

}  // namespace sockwatch::netlab
