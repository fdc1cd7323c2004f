#include "viewer/launch/preflight.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "viewer/launch/path_search.h"
#include "viewer/launch/privilege.h"

namespace sockwatch::launch {
namespace {

constexpr int kMaxInterpreters = 5;  // as the kernel; then it says ELOOP

std::string base_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

bool is_glibc_loader(const std::string& path) {
  const std::string name = base_name(path);
  return name.starts_with("ld-linux") || name.starts_with("ld64.so") || name.starts_with("ld.so") ||
         (name.starts_with("ld-2.") && name.ends_with(".so"));  // before glibc 2.34
}

// The command `env` will execute: past its own options and assignments. Empty if it names none.
std::string command_of_env(const std::vector<std::string>& words) {
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "-u" || word == "-C" || word == "--unset" || word == "--chdir") {
      ++i;
    } else if (word.empty() || (word[0] != '-' && word.find('=') == std::string::npos)) {
      return word;
    }
  }
  return {};
}

// As `env -S` and a #! line that carries several words have them; quotes are rare there.
std::vector<std::string> split_words(const std::string& text) {
  std::vector<std::string> words;
  for (std::size_t begin = 0;
       (begin = text.find_first_not_of(" \t", begin)) != std::string::npos;) {
    const std::size_t end = std::min(text.find_first_of(" \t", begin), text.size());
    words.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  return words;
}

CannotRun cannot_run(const std::string& command, int error) {
  if (error == ENOENT || error == ENOTDIR) {
    const bool searched = command.find('/') == std::string::npos;
    return {127,
            {"'" + command + "': command not found",
             searched ? "looked in PATH=" + command_search_path() : "check the path"}};
  }
  return {126,
          {"cannot execute '" + command + "': " + std::strerror(error),
           "it must be a file with execute permission for this user: ls -l"}};
}

Sight judge(const ExecutableFacts& facts, const std::string& path) {
  if (!facts.readable) {
    return {Verdict::unknown, "'" + path + "' cannot be read, so it is not known what it is", ""};
  }
  if (const std::string how = gains_privilege(path); !how.empty()) {
    return {Verdict::setuid,
            "'" + path + "' raises privileges (" + how + "), so ld.so ignores the library",
            "record it as the user it runs as, or run a copy of it without that bit"};
  }
  return judge_elf(facts, path);
}

// Follows #! lines to the program that will really run.
class Chain {
 public:
  explicit Chain(Program& program) : program_(program) {}

  std::optional<CannotRun> follow(const std::string& path, std::vector<std::string> words) {
    std::string current = path;
    for (int depth = 0; depth <= kMaxInterpreters; ++depth) {
      const auto facts = read_executable(current);
      if (!facts) return CannotRun{126, facts.error()};
      program_.chain.push_back(current);
      if (facts->kind != FileKind::script) {
        note(*facts, current);
        if (facts->kind == FileKind::native_elf && !facts->interpreter.empty() &&
            ::access(facts->interpreter.c_str(), F_OK) != 0) {
          return missing(current, "loader", facts->interpreter);
        }
        return into_env(current, words);
      }
      words = script_words(*facts, words, current);
      if (find_command(facts->interpreter, "").error == ENOENT) {
        return missing(current, "interpreter", facts->interpreter);
      }
      current = facts->interpreter;
    }
    return cannot_run(path, ELOOP);
  }

 private:
  static CannotRun missing(const std::string& path, const char* what, const std::string& name) {
    return {127,
            {"cannot execute '" + path + "': its " + what + " '" + name + "' does not exist",
             "install it, or correct the file's first line or build"}};
  }

  static std::vector<std::string> script_words(const ExecutableFacts& facts,
                                               const std::vector<std::string>& words,
                                               const std::string& path) {
    std::vector<std::string> all = {facts.interpreter};
    for (auto& word : split_words(facts.script_argument)) all.push_back(word);
    all.push_back(path);
    all.insert(all.end(), words.begin() + 1, words.end());
    return all;
  }

  void note(const ExecutableFacts& facts, const std::string& path) {
    for (const std::string& library : facts.needed) {
      if (library.starts_with("libasan.so") || library.starts_with("libclang_rt.asan")) {
        program_.shared_asan = true;
      }
    }
    Sight sight = judge(facts, path);
    if (program_.sight.verdict == Verdict::preload) program_.sight = std::move(sight);
  }

  // `env` is only the way to the program meant. One that it will not find is its own business.
  std::optional<CannotRun> into_env(const std::string& path,
                                    const std::vector<std::string>& words) {
    if (base_name(path) != "env" || entered_env_) return std::nullopt;
    entered_env_ = true;
    const std::string command = command_of_env(words);
    if (command.empty()) return std::nullopt;
    const Found found = find_command(command, command_search_path());
    if (found.path.empty()) return std::nullopt;
    follow(found.path, {found.path});
    return std::nullopt;
  }

  Program& program_;
  bool entered_env_ = false;
};

}  // namespace

std::string coverage_word(Verdict verdict) {
  switch (verdict) {
    case Verdict::preload:
    case Verdict::unknown:
      return "preload";
    case Verdict::is_static:
      return "static";
    case Verdict::go:
      return "go";
    case Verdict::setuid:
      return "setuid";
    case Verdict::other_arch:
      return "other-arch";
    case Verdict::other_libc:
      return "other-libc";
  }
  return "preload";
}

Sight judge_elf(const ExecutableFacts& facts, const std::string& name) {
  const std::string quoted = "'" + name + "'";
  switch (facts.kind) {
    case FileKind::foreign_elf:
      return {Verdict::other_arch,
              quoted + " is for another architecture or word size than the library",
              "record it with a sockwatch built for that architecture"};
    case FileKind::damaged_elf:
      return {Verdict::unknown, quoted + " is a damaged ELF file", ""};
    case FileKind::script:
    case FileKind::other:
      return {};
    case FileKind::native_elf:
      break;
  }
  if (facts.go) {
    return {Verdict::go, quoted + " is a Go program: it makes system calls past the C library",
            "its connections cannot be recorded; record the peer or a client that uses libc"};
  }
  if (facts.interpreter.empty() && !is_glibc_loader(name)) {
    return {Verdict::is_static,
            quoted + " is statically linked, so no library can be loaded into it",
            "record a dynamically linked build of it"};
  }
  if (!facts.interpreter.empty() && !is_glibc_loader(facts.interpreter)) {
    return {Verdict::other_libc,
            quoted + " uses another C library than glibc (" + facts.interpreter + ")",
            "record a build of it for glibc"};
  }
  return {};
}

std::variant<Program, CannotRun> preflight(const std::vector<std::string>& words) {
  const Found found = find_command(words.front(), command_search_path());
  if (found.path.empty()) return cannot_run(words.front(), found.error);
  Program program;
  program.path = found.path;
  if (auto failure = Chain(program).follow(found.path, words)) return *failure;
  return program;
}

}  // namespace sockwatch::launch
