// sockwatch check: what would and would not be seen of a command or a running process, and why.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "collector/support/clean_text.h"
#include "viewer/cli/commands.h"
#include "viewer/launch/inspect.h"

namespace sockwatch::cli {
namespace {

constexpr int kNotSeen = 1;
constexpr int kCannotTell = 125;

std::string to_json(const launch::Inspection& inspection) {
  nlohmann::ordered_json json;
  json["schema"] = 1;
  json["subject"] = inspection.subject;
  json["pid"] = inspection.pid ? nlohmann::ordered_json(*inspection.pid) : nullptr;
  json["path"] = inspection.path;
  json["chain"] = inspection.chain;
  json["coverage"] = inspection.coverage;
  json["seen"] = inspection.seen;
  json["recording"] =
      inspection.recording ? nlohmann::ordered_json(*inspection.recording) : nullptr;
  json["reasons"] = inspection.reasons;
  json["next_steps"] = inspection.next_steps;
  // A path may be any bytes.
  return json.dump(2, ' ', true, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

// Names and paths are any bytes; nobody may write to a terminal through them.
std::string to_text(const launch::Inspection& inspection) {
  std::string text =
      fmt::format("{}{} ", inspection.pid ? "process " : "", clean(inspection.subject));
  if (!inspection.path.empty()) text += fmt::format("({}) ", clean(inspection.path));
  text += inspection.seen ? "would be seen\n" : "would not be seen\n";
  const auto add = [&text](std::string_view what, const std::string& line) {
    text += fmt::format("  {:<10} {}\n", what, clean(line));
  };
  for (std::size_t i = 1; i < inspection.chain.size(); ++i) add("run by", inspection.chain[i]);
  for (const auto& reason : inspection.reasons) add("because", reason);
  for (const auto& step : inspection.next_steps) add("next step", step);
  if (inspection.seen) {
    text +=
        "  never seen io_uring, raw system calls, what glibc does inside a name look-up, and\n"
        "             children that are static, Go, setuid or started without our environment\n";
  }
  return text;
}

int check(const std::vector<std::string>& words, bool json) {
  const std::string& first = words.front();
  pid_t pid = 0;
  const auto parsed = std::from_chars(first.data(), first.data() + first.size(), pid);
  const bool is_pid = parsed.ec == std::errc() && parsed.ptr == first.data() + first.size();

  launch::Inspection inspection;
  if (is_pid) {
    auto found = launch::inspect_process(pid);
    if (!found) {
      print_error(found.error());
      return kCannotTell;
    }
    inspection = std::move(*found);
  } else {
    auto found = launch::inspect_command(words);
    if (const auto* cannot_run = std::get_if<launch::CannotRun>(&found)) {
      print_error(cannot_run->error);
      return cannot_run->status;
    }
    inspection = std::move(std::get<launch::Inspection>(found));
  }
  fmt::print("{}", json ? to_json(inspection) : to_text(inspection));
  return inspection.seen ? 0 : kNotSeen;
}

}  // namespace

void add_check(CLI::App& app, Exit& exit, const std::vector<std::string>& command) {
  const auto json = std::make_shared<bool>(false);
  CLI::App* check_command =
      app.add_subcommand("check", "What would and would not be seen of a program, and why");
  check_command->add_flag("--json", *json, "one JSON object");
  check_command->callback([json, &exit, &command] {
    if (command.empty()) throw CLI::RequiredError("COMMAND or PID");
    exit.status = check(command, *json);
  });
}

}  // namespace sockwatch::cli
