// How this machine looks names up, as resolv.conf(5) defines it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sockwatch::drain {

struct ResolverSettings {
  std::vector<std::string> nameservers;  // at most three are used; none given: 127.0.0.1
  int timeout_s = 5;
  int attempts = 2;
  std::vector<std::string> options;  // all, as written
  std::vector<std::string> search;
};

// `resolv_conf`: text of the file. `res_options`: the variable RES_OPTIONS, which amends it.
ResolverSettings parse_resolver_settings(std::string_view resolv_conf,
                                         std::string_view res_options);

}  // namespace sockwatch::drain
