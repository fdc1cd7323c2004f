// `explain "error text"`: what a program meant, and what to do next.
#pragma once

#include <string>
#include <string_view>

#include "viewer/render/style.h"

namespace sockwatch::render {

// Empty where no table knows the text.
std::string explained_text(std::string_view said, const TextStyle& style);

}  // namespace sockwatch::render
