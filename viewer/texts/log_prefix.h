// What a log puts before a message.
#pragma once

#include <cstddef>
#include <string_view>

namespace sockwatch::texts {

// Where the message begins in a tidied text: after times, levels and what stands in brackets.
std::size_t end_of_log_prefix(std::string_view text);

}  // namespace sockwatch::texts
