// The server an error text speaks of.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sockwatch::texts {

struct Place {
  std::string host;  // a name, or an address without brackets; empty where the text has none
  int port = 0;      // 0 where the text has none
  std::string name;  // the name that was looked up, if the text says so
  bool tls = false;  // the text speaks of https

  bool operator==(const Place&) const = default;
};

// The server, not the client: of "a:1->b:2" it is b, of nginx's line the upstream. Safe to put into
// a command line: what is returned has letters, digits and .:-_ only.
Place find_place(std::string_view said);

}  // namespace sockwatch::texts
