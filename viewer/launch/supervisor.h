// The launcher's waiting: for the program, and for what it leaves behind.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "viewer/launch/collector_keeper.h"
#include "viewer/launch/proc.h"
#include "viewer/launch/signals.h"
#include "viewer/launch/terminal.h"
#include "viewer/launch/watch.h"

namespace sockwatch::launch {

class Supervisor {
 public:
  Supervisor(SignalInbox& inbox, CollectorKeeper& keeper, ProcessWatch& watch)
      : inbox_(inbox), keeper_(keeper), watch_(watch) {}

  // Passes signals on, stops and continues with the program, keeps the collector alive. The
  // program's status as waitpid(2) gives it.
  int run_until_ended(pid_t target);

  // Until no process younger than the program records into the directory any more, or a signal asks
  // to end. Says once that it waits, and for whom, unless quiet. `mark`: see processes_recording().
  void wait_for_descendants(const std::string& run_directory, std::int64_t since_ticks,
                            const std::optional<PidMark>& mark, bool quiet);

 private:
  bool has_ended(pid_t target, int& status);
  void stop_like_it();
  bool asked_to_end(Foreground& foreground);

  SignalInbox& inbox_;
  CollectorKeeper& keeper_;
  ProcessWatch& watch_;
};

}  // namespace sockwatch::launch
