// Numbers inside sentences.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "collector/store/rows.h"

namespace sockwatch::diagnose {

// "0.02 ms", "46 ms", "2.0 s", "131 s", "15.4 min"
std::string time_span(store::Ns ns);

// "1,312"
std::string number(std::int64_t n);

// "1 lookup", "1,312 lookups"; `many` where an s is not enough.
std::string counted(std::int64_t n, std::string_view one, std::string_view many = {});

// "1 of 1"; from 5 on with the share: "184 of 438 (42 %)". Never 0 % or 100 % unless it is.
std::string share(std::int64_t part, std::int64_t whole);

// "ECONNREFUSED"; "error 4711" for a number this system does not know.
std::string errno_name(std::int64_t error);

}  // namespace sockwatch::diagnose
