// Our words: on standard error, each line beginning with "sockwatch: ".
#pragma once

#include <string>

#include "collector/support/result.h"

namespace sockwatch::launch {

void say(const std::string& line);
void say(const Error& error);  // the hint on a line of its own

}  // namespace sockwatch::launch
