// The process that holds a private network, and clears up when its owner is gone.
#pragma once

#include <string>

namespace sockwatch::netlab {

// In a forked child, instead of returning. Makes the namespaces, writes "ok" or a reason to
// `ready_fd`, and holds them until SIGTERM, which the death of the owner sends too. Then kills what
// is still inside, removes `scratch` and ends.
[[noreturn]] void keep_namespaces(bool user_namespace, const std::string& scratch, int ready_fd,
                                  int owner);

}  // namespace sockwatch::netlab
