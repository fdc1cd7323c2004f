// Foreign text inside a command line that a person copies into a shell.
#pragma once

#include <string>
#include <string_view>

namespace sockwatch::model {

// One word of a POSIX shell: as it stands where it is harmless, else in single quotes, and where it
// has bytes that no terminal should be sent as $'...' (bash, zsh, ksh; POSIX since 2024), in which
// an escape like \x1b still means the byte. Nothing in it is expanded, run, or ends the word. A
// word that begins with a dash is an option to most commands all the same.
std::string shell_word(std::string_view text);

// The same for a file: one that begins with a dash gets "./" before it.
std::string shell_file(std::string_view path);

}  // namespace sockwatch::model
