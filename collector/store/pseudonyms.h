// Other words for the addresses, names and paths of a trace, so that what is printed of it can be
// given away.
//
// The same input has the same pseudonym wherever it occurs in one trace, whatever is asked of it;
// another trace has others. They are of the same kind: an address stays an address, a name keeps
// its number of labels, so that what is judged by them is judged alike. Loopback and "any"
// addresses, "localhost", ports, times and numbers stay as they are.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

#include "collector/store/rows.h"

namespace sockwatch::store {

class Pseudonyms {
 public:
  // First everything of the trace is shown to this, so that no pseudonym is a word the trace has
  // already; then it is shown again, to be changed.
  void begin_to_replace() { collecting_ = false; }

  void apply(ProcessRow& row);
  void apply(ConnectionRow& row);
  void apply(ResolutionRow& row);
  void apply(ListenerRow& row);
  void apply(FailedCallRow& row);
  // Table trace. Only what is known to name nobody is left; "redacted" is added.
  void apply(std::map<std::string, std::string>& facts);

  // What a pseudonym stands for; any other word as it is.
  std::string original(const std::string& shown) const;

  std::string address(const std::string& text);  // 240.0.0.7, 2001:db8::7, fe80::7
  std::string name(const std::string& text);     // n1.n2
  std::string path(const std::string& text);     // /path7, @path7
  std::string program(const std::string& path);  // curl of the system or well known, else program7

 private:
  // `make(7)` until it is a word nobody has.
  template <typename Make>
  std::string replacement(const std::string& key, const std::string& original, std::size_t& count,
                          Make&& make);
  std::string words(const std::string& list, std::string (Pseudonyms::*each)(const std::string&));
  std::string endpoint(const std::string& text);  // host:port

  bool collecting_ = true;
  std::set<std::string> taken_;
  std::unordered_map<std::string, std::string> pseudonyms_;  // kind and original → pseudonym
  std::unordered_map<std::string, std::string> originals_;
  std::size_t inet4_ = 0;
  std::size_t inet6_ = 0;
  std::size_t link_local_ = 0;
  std::size_t labels_ = 0;
  std::size_t paths_ = 0;
  std::size_t programs_ = 0;
};

}  // namespace sockwatch::store
