// Another copy of this library in the process: LD_PRELOAD may name two files of it (a build and an
// installed one, or the same file by two packages). Each would record every call.
#pragma once

namespace sockwatch::shim::twin {

// True if a library of our name was loaded after this one, so that calls reach it through us: then
// it records, and this copy passes through. Asks the loader; only for the constructor.
bool follows();

}  // namespace sockwatch::shim::twin
