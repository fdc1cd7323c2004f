// What destinations and programs are called in text. Everything returned is cleaned.
#pragma once

#include <string>
#include <vector>

#include "collector/store/rows.h"
#include "viewer/model/destination.h"
#include "viewer/render/style.h"

namespace sockwatch::render {

// "payments.internal:443", "[::1]:8080", "10.0.0.2:53/udp", "/run/db.sock"
std::string place(const store::OptText& host, const store::OptInt& port, std::string_view protocol,
                  const TextStyle& style);

// The name with the address in parentheses, or the address alone.
std::string full_label(const model::Destination& destination, const TextStyle& style);

// By name where there is one.
std::string short_label(const model::Destination& destination, const TextStyle& style);

// "connected/closed", "refused": the words of the model, of which a word of a newer version is one.
std::string how_it_went(const store::ConnectionRow& row, const TextStyle& style);

// Last part of the path of a program; its command line, else its pid, where the path is not known.
std::string program(const store::ProcessRow& process, const TextStyle& style);

// "curl (pid 4711)"
std::string who(const store::ProcessRow& process, const TextStyle& style);

// "curl (pid 4711)", "java, 3 processes", "bash and 2 more programs, 5 processes"
std::string programs(const std::vector<store::ProcessRow>& processes, const TextStyle& style);

// A file name for a command line to copy: in quotes where a shell needs them. FILE where there is
// none.
std::string shell_word(std::string_view file, const TextStyle& style);

}  // namespace sockwatch::render
