// An incident: a fault, a real client that meets it, and the diagnosis that is right.
#pragma once

#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/netlab/clients/commands.h"
#include "tests/netlab/lab/dns.h"
#include "tests/netlab/lab/far_side.h"
#include "tests/netlab/lab/faults.h"
#include "tests/netlab/lab/recorder.h"
#include "tests/netlab/lab/server.h"

namespace sockwatch::netlab {

// Thrown where this machine cannot play an incident. what() is the reason.
struct Skipped : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The private network an incident happens in.
class Scene {
 public:
  explicit Scene(const Namespace& network) : network_(network), recorder_(network) {}

  const Namespace& network() const { return network_; }

  Recording record(const Words& client, const std::map<std::string, std::string>& environment = {},
                   milliseconds limit = 60s) const;
  // For faults that come while the client runs.
  Process start(const Words& client) const;
  Recording finish(Process& client) const { return recorder_.finish(client); }

  // For faults that come at a certain step: the client makes the file "ready" and waits for the
  // file "go"; `fault` is made in between.
  Recording record_around(const Words& client, const std::function<void()>& fault) const;

  // A shell command line of several clients; each word quoted.
  static std::string shell(const Words& client);
  Recording record_shell(const std::string& script) const { return record({"sh", "-c", script}); }

  // A path of `one_way` each to kFarAddress.
  Server far_side(milliseconds one_way) const;

 private:
  const Namespace& network_;
  Recorder recorder_;
};

struct Incident {
  std::string name;     // of the fault, in a few words
  std::string client;   // the program that meets it; must be installed
  Words expected = {};  // rules that must be found; none: nothing is wrong here
  Words also = {};      // rules that are true here too
  std::function<Recording(const Scene&)> play;
  Words needs = {};  // further programs
  int seconds = 4;   // about how long it takes: the long ones start first
};

// Python of a client in record_around().
inline constexpr const char* kMeetFault =
    "def meet_fault():\n"
    "  open('ready', 'w').close()\n"
    "  while not os.path.exists('go'): time.sleep(0.02)\n";

// One per file of incidents.
std::vector<Incident> lookup_incidents();
std::vector<Incident> local_incidents();
std::vector<Incident> handshake_incidents();
std::vector<Incident> group_incidents();
std::vector<Incident> connected_incidents();
std::vector<Incident> client_incidents();

std::vector<Incident> all_incidents();

}  // namespace sockwatch::netlab
