// Modules opened with RTLD_DEEPBIND: they look for names among themselves and what they need first,
// and so find libc's functions before ours.
//
// The flag stays, because a module may count on it for names of its own. Once the module is loaded,
// its references to hooked functions that found libc's are pointed to ours; all others stay. What
// its constructors call has passed us by then.
#pragma once

namespace sockwatch::shim::rebind {

// How many objects the loader has loaded, ever; 0 if it does not say. One that is opened again has
// been seen to: a program that does so for each request must not feel the walk through its tables.
unsigned long long objects_so_far();

// `module`: a handle of dlopen's, held by the caller. Takes the loader's lock for moments; no
// memory but the stack's; leaves dlerror clear. Not for signal handlers, as dlopen is not.
void to_hooks(void* module);

}  // namespace sockwatch::shim::rebind
