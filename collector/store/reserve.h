// Room on the trace's disk that is kept for the last words: a trace on a full disk can still say
// that something is missing.
#pragma once

#include <string>

namespace sockwatch::store {

class Reserve {
 public:
  static constexpr long kBytes = 256L * 1024;

  // On the file system of `path`, without a name, so that nothing is left behind by whatever end.
  // Holds nothing where the file system cannot do that, or has no room to spare.
  static Reserve beside(const std::string& path);

  Reserve() = default;
  ~Reserve() { give_back(); }
  Reserve(Reserve&& other) noexcept;
  Reserve& operator=(Reserve&& other) noexcept;

  bool holds() const { return fd_ >= 0; }
  void give_back();

 private:
  int fd_ = -1;
};

}  // namespace sockwatch::store
