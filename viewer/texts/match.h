// Finds the sentences a person pasted in the tables of texts.
//
// A pattern is one or several alternatives, separated by " || ". In each, `*` stands for anything
// (an address, a name, up to kGap characters), `#` for a number, and `?` for one letter or `-`. A
// pattern is written in lower case and matches any case; one that begins with `!` is taken as it
// stands; after that `=` wants the whole text and not a part of it, but for what a log puts before
// it. A part that begins or ends with a letter or digit begins or ends a word.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "viewer/texts/error_text.h"

namespace sockwatch::texts {

inline constexpr std::size_t kGap = 400;
inline constexpr std::size_t kLongestText = 131'072;  // what is beyond is not looked at

// What a person meant to paste: one blank for any white space and none at the ends, straight quotes
// for typographic ones, and without the escapes of JSON, HTML, syslog and coloured terminals.
std::string tidy(std::string_view said);

struct Match {
  std::size_t begin = 0;  // in the tidied text
  std::size_t end = 0;
  std::size_t weight = 0;  // characters that stand for themselves: more is more special
};

// The best match of any alternative; weight 0 where there is none.
Match match(std::string_view pattern, std::string_view tidied);

// Sentences of programs before words that any program may print; of either, those that tell what
// failed before those that do not; of these, the most special first. What says nothing beyond one
// before it (its words are part of that one's words) is left out. So are words of any program where
// a program's own sentence told what failed.
std::vector<ErrorText> find_texts(std::string_view said);

}  // namespace sockwatch::texts
