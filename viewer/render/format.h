// Numbers as a tired person reads them: one unit, three digits or so.
#pragma once

#include <cstdint>
#include <string>

#include "viewer/model/failure.h"
#include "viewer/render/style.h"

namespace sockwatch::render {

// 0.02ms 0.3ms 21ms 3.02s 41.0s 5m00s 1h05m
std::string duration(std::int64_t ns);

// "3.0s", or "1.0s–3.0s" where both ends do not print alike.
std::string duration(const model::Range& range, const TextStyle& style);

// 999, 4,182, 1,204,882
std::string number(std::uint64_t n);

// 0 B, 200 B, 1.4 kB, 3.0 MB
std::string bytes(std::int64_t n);

// "1 SYN", "3 SYNs", "2–4 SYNs"
std::string counted(const model::Range& range, std::string_view noun, const TextStyle& style);
std::string counted(std::uint64_t n, std::string_view noun);

// "1 of 1"; from 5 on with the share: "184 of 438 (42 %)". Never rounds to 0 % or 100 % unless it
// is.
// With a noun: "184 of 438 attempts (42 %)".
std::string share(std::uint64_t part, std::uint64_t whole, std::string_view noun = {});

// "ECONNREFUSED", "EIO (Input/output error)"; "error 4711" for a number this system does not know.
std::string errno_name(std::int64_t error);
std::string errno_words(std::int64_t error);

// What a lookup's result means. `result` is EAI_ of getaddrinfo (negative) or h_errno (positive).
std::string lookup_error(std::int64_t result, const store::OptInt& error);

}  // namespace sockwatch::render
