#include "viewer/render/labels.h"

#include <fmt/format.h>

#include <set>

#include "viewer/model/shell_word.h"
#include "viewer/render/clean_text.h"
#include "viewer/render/format.h"

namespace sockwatch::render {

std::string place(const store::OptText& host, const store::OptInt& port, std::string_view protocol,
                  const TextStyle& style) {
  std::string text = host ? clean(*host, style.ascii) : "(address not known)";
  if (protocol == "unix") return host && host->empty() ? "(unnamed unix socket)" : text;
  if (port) {
    const bool brackets = host && host->find(':') != std::string::npos;
    text = brackets ? fmt::format("[{}]:{}", text, *port) : fmt::format("{}:{}", text, *port);
  }
  if (protocol != "tcp") text += "/" + clean(protocol, style.ascii);
  return text;
}

std::string full_label(const model::Destination& destination, const TextStyle& style) {
  std::string text = short_label(destination, style);
  if (destination.others || !destination.name || !destination.address) return text;
  return fmt::format("{} ({})", text, clean(*destination.address, style.ascii));
}

std::string short_label(const model::Destination& destination, const TextStyle& style) {
  if (destination.others) return "(all other destinations)";
  return place(destination.name ? destination.name : destination.address, destination.port,
               destination.protocol, style);
}

std::string program(const store::ProcessRow& process, const TextStyle& style) {
  if (process.exe && !process.exe->empty()) {
    const std::size_t slash = process.exe->rfind('/');
    const std::string base =
        slash == std::string::npos ? *process.exe : process.exe->substr(slash + 1);
    if (!base.empty()) return clean(base, style.ascii);
  }
  if (process.command_line && !process.command_line->empty()) {
    return clean(process.command_line->substr(0, process.command_line->find(' ')), style.ascii);
  }
  return fmt::format("pid {}", process.pid);
}

std::string who(const store::ProcessRow& process, const TextStyle& style) {
  const std::string name = program(process, style);
  return name.starts_with("pid ") ? name : fmt::format("{} (pid {})", name, process.pid);
}

std::string programs(const std::vector<store::ProcessRow>& processes, const TextStyle& style) {
  if (processes.empty()) return "no process";
  const std::string first = program(processes.front(), style);
  std::set<std::string> names;
  for (const auto& process : processes) names.insert(program(process, style));
  if (processes.size() == 1) {
    const bool has_name = !first.starts_with("pid ");
    return has_name ? fmt::format("{} (pid {})", first, processes.front().pid) : first;
  }
  std::string text = first;
  if (names.size() > 1) text += fmt::format(" and {}", counted(names.size() - 1, "more program"));
  return fmt::format("{}, {} processes", text, number(processes.size()));
}

std::string how_it_went(const store::ConnectionRow& row, const TextStyle& style) {
  const model::Course course = model::course_of(row);
  if (!course.outcome) return clean(row.outcome, style.ascii);
  std::string text(model::word(*course.outcome));
  if (course.outcome == model::Outcome::connected && row.ending) {
    text += "/" + clean(*row.ending, style.ascii);
  }
  return text;
}

std::string shell_word(std::string_view file, const TextStyle& style) {
  return file.empty() ? "FILE" : clean(model::shell_file(file), style.ascii);
}

}  // namespace sockwatch::render
