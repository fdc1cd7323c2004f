#include "tests/netlab/incidents/incident.h"

#include <filesystem>
#include <iterator>
#include <thread>

namespace sockwatch::netlab {

Recording Scene::record(const Words& client, const std::map<std::string, std::string>& environment,
                        milliseconds limit) const {
  return recorder_.record({.argv = client, .environment = environment, .limit = limit});
}

Process Scene::start(const Words& client) const {
  return recorder_.start({.argv = client, .limit = 60s});
}

Recording Scene::record_around(const Words& client, const std::function<void()>& fault) const {
  Process running = start(client);
  const std::string ready = network_.scratch() + "/ready";
  for (int tries = 0; !std::filesystem::exists(ready); ++tries) {
    if (tries == 1000) throw std::runtime_error("the client did not come to the fault");
    std::this_thread::sleep_for(20ms);
  }
  fault();
  network_.write_scratch("go", "");
  return finish(running);
}

std::string Scene::shell(const Words& client) {
  std::string line;
  for (const std::string& word : client) {
    line += '\'';
    for (const char letter : word)
      line += letter == '\'' ? std::string("'\\''") : std::string{letter};
    line += "' ";
  }
  return line;
}

Server Scene::far_side(milliseconds one_way) const {
  auto far = open_far_side(network_, one_way);
  if (!far) throw Skipped(far.error().message);
  return std::move(*far);
}

std::vector<Incident> all_incidents() {
  std::vector<Incident> all;
  for (auto* family : {lookup_incidents, local_incidents, handshake_incidents, group_incidents,
                       connected_incidents, client_incidents}) {
    auto some = family();
    all.insert(all.end(), std::make_move_iterator(some.begin()),
               std::make_move_iterator(some.end()));
  }
  return all;
}

}  // namespace sockwatch::netlab
