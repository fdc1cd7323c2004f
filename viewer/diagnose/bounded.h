// A map that stops growing: what names and programs a trace holds is not in our hands.
#pragma once

#include <cstddef>
#include <unordered_map>

namespace sockwatch::diagnose {

template <typename Key, typename Value, std::size_t kLimit = 20'000>
class Bounded {
 public:
  // nullptr: a new key, and no room for it.
  Value* slot(const Key& key) {
    const auto found = map_.find(key);
    if (found != map_.end()) return &found->second;
    if (map_.size() >= kLimit) return nullptr;
    return &map_[key];
  }
  Value* find(const Key& key) {
    const auto found = map_.find(key);
    return found == map_.end() ? nullptr : &found->second;
  }

  auto begin() { return map_.begin(); }
  auto end() { return map_.end(); }
  bool empty() const { return map_.empty(); }
  std::size_t size() const { return map_.size(); }

 private:
  std::unordered_map<Key, Value> map_;
};

}  // namespace sockwatch::diagnose
