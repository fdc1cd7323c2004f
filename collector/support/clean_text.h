// Names, paths and command lines come from the recorded programs and from name servers. Nobody may
// write to a terminal through them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sockwatch {

// Every byte of a control character (also the C1 set), an escape, an invalid UTF-8 sequence, or a
// character that hides or reorders its neighbours (bidirectional overrides, zero-width characters)
// becomes \xNN. With `ascii` everything beyond ASCII does. What comes out is valid UTF-8.
std::string clean(std::string_view text, bool ascii = false);

// Decodes the character at the front of `text`, which must not be empty. `length` is 0 where the
// bytes are not valid UTF-8 (RFC 3629: shortest form, no surrogates).
struct Character {
  char32_t code = 0;
  std::size_t length = 0;
};
Character first_character(std::string_view text);

}  // namespace sockwatch
