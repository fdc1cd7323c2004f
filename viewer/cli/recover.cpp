// sockwatch recover: a trace from what a recording left behind when it was killed.
#include "collector/drain/recover.h"

#include <fmt/format.h>

#include "collector/drain/confine.h"
#include "viewer/cli/commands.h"
#include "viewer/launch/say.h"

namespace sockwatch::cli {
namespace {

void tell(const drain::RecoverOptions& options, const drain::Recovered& recovered) {
  const drain::CollectSummary& all = recovered.summary;
  launch::say(fmt::format("trace {0}: {1} connections, {2} lost (open: sockwatch report {0})",
                          options.trace_path, all.connections, all.lost));
  if (!recovered.begun_as.empty() && recovered.begun_as != options.trace_path) {
    launch::say(fmt::format("it begins with all of {}, which stays as it is", recovered.begun_as));
  }
  if (all.refused > 0) {
    launch::say(fmt::format("{} of the segments could not be read, so {} stays as it is",
                            all.refused, options.run_directory));
  }
}

}  // namespace

void add_recover(CLI::App& app, Exit& exit) {
  const auto options = std::make_shared<drain::RecoverOptions>();
  CLI::App* command =
      app.add_subcommand("recover", "A trace from what a killed recording left behind");
  command->add_option("DIR", options->run_directory, "its run directory, /dev/shm/sockwatch-...")
      ->required()
      ->type_name("");
  command
      ->add_option("-o,--output", options->trace_path,
                   "the trace; the one the recording had begun is completed")
      ->required()
      ->option_text("FILE");
  command->add_flag("--force", options->replace, "replace an existing trace");
  command->add_flag("--keep", options->keep, "leave the run directory as it is");
  command->callback([options, &exit] {
    // As a collector: what it reads may have been left by anybody's program.
    if (const Status confined = drain::confine(); !confined) launch::say(confined.error());
    const auto recovered = drain::recover(*options);
    if (recovered) return tell(*options, *recovered);
    print_error(recovered.error());
    exit.status = 125;
  });
}

}  // namespace sockwatch::cli
