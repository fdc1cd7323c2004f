// Reads a trace. The file may come from anywhere, so it is opened read-only and distrusted: a
// missing, truncated, foreign or newer file is an Error with a next step, never a crash.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "collector/store/block.h"
#include "collector/store/rows.h"
#include "collector/support/result.h"

namespace sockwatch::store {

// All conditions must hold. Empty: everything.
struct Filter {
  std::optional<std::string>
      destination;  // part of name or address; "host:port", ":port", "[::1]:443" match the port too
  std::optional<std::string> exe;      // part of the path of the program
  std::optional<std::string> outcome;  // outcome or ending, exact; several separated by commas
  std::optional<Ns> since_ns;          // monotonic: started at or after
  std::optional<Ns> min_connect_ns;    // connect phase took at least
  bool may_have_failed = false;        // without those that connected and did not end in an error
};

class Reader {
 public:
  static Result<Reader> open(const std::string& path);
  ~Reader();
  Reader(Reader&&) noexcept;
  Reader& operator=(Reader&&) noexcept;

  // From here on every row carries pseudonyms (pseudonyms.h). Filters still speak of the originals.
  // Reads the whole trace twice, so that the same input has the same pseudonym whatever is asked
  // afterwards.
  Status redact();
  // What a word of a row stands for; the word itself where nothing was redacted.
  std::string original(const std::string& shown) const;
  // A long recording that is over and was not changed since: there are blocks(). Never where rows
  // are redacted: blocks hold the originals.
  bool is_packed() const;
  // Another reader of the same trace, for a thread of its own; of one that is_packed(). Empty: it
  // is not to be had (the file was put away since), and one thread must do.
  std::optional<Reader> twin() const;

  Result<std::map<std::string, std::string>> trace() const;  // table trace, all keys
  Result<std::vector<ProcessRow>> processes() const;
  Result<std::vector<LossRow>> losses() const;

  // In the order they started. `each` returns false to stop early.
  Status connections(const Filter& filter,
                     const std::function<bool(const ConnectionRow&)>& each) const;
  // All connections, as they started, in blocks: `prepare` makes of each what is shown to all of
  // `see`, which run in threads of their own. It refers to the block, and is gone when all have
  // seen it. Rows that the filter leaves out are not Block::is_chosen(). `see` may ask a block for
  // the columns that were read by `prepare`, and put rows together (BlockRows).
  template <typename Prepared>
  Status blocks(const Filter& filter,
                const std::function<std::shared_ptr<Prepared>(Block&)>& prepare,
                const std::vector<std::function<void(Prepared&)>>& see) const {
    std::vector<std::function<void(void*)>> untyped;
    untyped.reserve(see.size());
    for (const auto& one : see) {
      untyped.emplace_back([&one](void* prepared) { one(*static_cast<Prepared*>(prepared)); });
    }
    return untyped_blocks(filter, prepare, untyped);
  }
  Result<std::optional<ConnectionRow>> connection(std::int64_t id) const;
  Status resolutions(const std::function<bool(const ResolutionRow&)>& each) const;
  Result<std::vector<ListenerRow>> listeners() const;
  Result<std::vector<FailedCallRow>> failed_calls() const;
  Result<std::vector<WaitRow>> waits(std::int64_t connection_id) const;

 private:
  struct State;
  explicit Reader(std::unique_ptr<State> state);
  Result<bool> occurs(const std::string& word) const;  // as outcome or ending
  Status untyped_blocks(const Filter& filter,
                        const std::function<std::shared_ptr<void>(Block&)>& prepare,
                        const std::vector<std::function<void(void*)>>& see) const;
  std::unique_ptr<State> state_;
};

}  // namespace sockwatch::store
