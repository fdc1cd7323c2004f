// Times in the rules are written in nanoseconds, as the trace has them.
#pragma once

#include "collector/store/rows.h"

namespace sockwatch::diagnose {

inline constexpr store::Ns kMs = 1'000'000;
inline constexpr store::Ns kSecond = 1'000'000'000;

}  // namespace sockwatch::diagnose
