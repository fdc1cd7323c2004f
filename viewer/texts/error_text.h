// What programs print when a connection fails, and what each sentence means.
//
// Many programs, few meanings: an ErrorText is one sentence of one program and points to the
// Meaning it shares with others. A new sentence is one entry in the file of its program.
#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace sockwatch::texts {

// How far the connection had come.
enum class Phase { waiting, lookup, local, connect, tls, reply, established, unknown };

struct Meaning {
  Phase phase;
  std::string_view what;      // what happened, for somebody who has never seen a SYN
  std::string_view outcomes;  // the words a trace has for it, separated by blanks; may be empty
  std::string_view rules;     // ids of the catalogue that can be behind it, likely ones first
  // What tells more without a recording: a command, a blank and a "#" with what it answers, or
  // plain advice. May hold the same as Recording::command, and {name}; may be empty.
  std::string_view check;
  bool vague = false;  // does not tell what failed: words beside it may
};

// How to record the program that printed it. Both texts may hold {host}, {port} and {url}.
struct Recording {
  std::string_view command;
  std::string_view remark;  // what to mind; may be empty
};

struct ErrorText {
  // What to look for, see match.h.
  std::string_view pattern;
  std::string_view printed_by;  // program and versions
  const Meaning* meaning;
  const Recording* recording;
  std::string_view remark = {};  // what is special about this one
  // A pattern that must be found too, before or behind: what identifies the program where its
  // sentence alone does not.
  std::string_view needs = {};
};

// One table per family of programs.
std::span<const ErrorText> shared_texts();   // words that many programs print: the C library's, ...
std::span<const ErrorText> command_texts();  // curl, wget, ssh, nc, bash
std::span<const ErrorText> go_texts();       // Go, and gateways written in it
std::span<const ErrorText> java_texts();
std::span<const ErrorText> python_texts();
std::span<const ErrorText> node_texts();
std::span<const ErrorText> dotnet_texts();
std::span<const ErrorText> php_texts();
std::span<const ErrorText> nginx_texts();
std::span<const ErrorText> httpd_texts();
std::span<const ErrorText> haproxy_texts();
std::span<const ErrorText> envoy_texts();
std::span<const ErrorText> postgres_texts();
std::span<const ErrorText> mysql_texts();
std::span<const ErrorText> redis_texts();
std::span<const ErrorText> database_texts();  // clients of other databases
std::span<const ErrorText> ruby_texts();
std::span<const ErrorText> rust_texts();

std::vector<ErrorText> all_texts();

}  // namespace sockwatch::texts
