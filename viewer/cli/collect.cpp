// sockwatch collect: the collector alone. For services that have LD_PRELOAD and SOCKWATCH_DIR in
// their own configuration, and as the process that `run` and `record` start beside the command.
#include "collector/drain/collect.h"

#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "collector/drain/confine.h"
#include "collector/drain/run_directory.h"
#include "viewer/cli/commands.h"
#include "viewer/launch/library.h"
#include "viewer/launch/say.h"
#include "viewer/launch/stop_source.h"

namespace sockwatch::cli {
namespace {

struct CollectArguments {
  std::string directory;
  std::string output;
  std::string detail;
  bool force = false;
  bool resume = false;
  bool redact = false;
  int ready_fd = -1;
  int launcher_fd = -1;

  bool is_launched() const { return launcher_fd >= 0; }
};

// Open and locked: two collectors would take each other's events.
Result<drain::UniqueFd> claim_directory(const std::string& path) {
  auto directory = drain::open_run_directory(path);
  if (!directory) return directory;
  if (::flock(directory->get(), LOCK_EX | LOCK_NB) != 0) {
    return Error{fmt::format("another collector is at work on '{}'", path),
                 "stop it first; it finishes its trace on SIGTERM"};
  }
  return directory;
}

void say_how_to_record(const std::string& directory) {
  const auto library = launch::find_library();
  launch::say(
      fmt::format("recording what is started with SOCKWATCH_DIR={} LD_PRELOAD={}; ends on "
                  "Ctrl-C or SIGTERM",
                  directory, library ? *library : "libsockwatch.so"));
}

// Whoever waits for the byte may be gone; that is no reason not to record.
void tell(int ready_fd) {
  const char byte = 1;
  while (::write(ready_fd, &byte, 1) < 0 && errno == EINTR) {
  }
}

Status collect(const CollectArguments& arguments) {
  std::error_code error;
  const std::string directory = std::filesystem::absolute(arguments.directory, error).string();
  if (!arguments.force && !arguments.resume && std::filesystem::exists(arguments.output, error)) {
    return Error{fmt::format("'{}' exists already", arguments.output),
                 "go on with it (--resume) if its collector died, replace it (--force), or choose "
                 "another name with -o FILE"};
  }
  const auto claim = claim_directory(directory);
  if (!claim) return claim.error();
  // Before there is a second thread, and before anything that a recorded program wrote is looked
  // at.
  if (const Status confined = drain::confine(); !confined) launch::say(confined.error());
  launch::StopSource stop(directory, arguments.launcher_fd);
  if (const Status started = stop.start(); !started) return started.error();

  drain::CollectOptions options;
  options.run_directory = directory;
  options.trace_path = arguments.output;
  options.all_calls = arguments.detail == "calls";
  options.redact = arguments.redact;
  options.stop_fd = stop.fd();
  options.reached = [&](drain::Stage stage) {
    if (arguments.ready_fd >= 0) tell(arguments.ready_fd);
    if (!arguments.is_launched() && stage == drain::Stage::recording) say_how_to_record(directory);
  };
  if (arguments.force) options.mode = store::OpenMode::replace;
  if (arguments.resume) options.mode = store::OpenMode::resume;

  const auto summary = drain::collect(options);
  if (!summary) return summary.error();
  if (!arguments.is_launched()) {
    launch::say(fmt::format("trace {}: {} connections, {} events, {} lost", arguments.output,
                            summary->connections, summary->events, summary->lost));
  }
  // Nobody else is left to do it.
  if (stop.launcher_is_gone()) std::filesystem::remove_all(directory, error);
  return {};
}

}  // namespace

void add_collect(CLI::App& app, Exit& exit) {
  const auto arguments = std::make_shared<CollectArguments>();
  CLI::App* command = app.add_subcommand("collect", "The collector alone, for services");
  command->add_option("--dir", arguments->directory, "the run directory: yours, mode 700")
      ->required()
      ->option_text("DIR");
  command->add_option("-o,--output", arguments->output, "the trace")
      ->required()
      ->option_text("FILE");
  auto* force = command->add_flag("--force", arguments->force, "replace an existing trace");
  command->add_flag("--resume", arguments->resume, "go on with the trace of a collector that died")
      ->excludes(force);
  command->add_flag("--redact", arguments->redact, "of command lines store the program alone");
  command->add_option("--detail", arguments->detail, "calls: store every call on a watched socket")
      ->option_text("calls")
      ->check(CLI::IsMember({"calls"}));
  // Between a launcher and its collector; group "" keeps them out of the help.
  command->add_option("--ready-fd", arguments->ready_fd)->group("");
  command->add_option("--launcher-fd", arguments->launcher_fd)->group("");
  command->callback([arguments, &exit] {
    const Status status = collect(*arguments);
    if (status) return;
    print_error(status.error());
    exit.status = 125;
  });
}

}  // namespace sockwatch::cli
