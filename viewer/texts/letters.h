// Kinds of letters. Not <cctype>: the locale must not matter.
#pragma once

namespace sockwatch::texts {

inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
inline bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

}  // namespace sockwatch::texts
