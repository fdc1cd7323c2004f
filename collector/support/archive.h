// Objects to bytes and back, for the same build on the same machine: what a collector leaves for
// the one that is started after it.
//
// Reading trusts nothing: any bytes may come in. A length beyond the end, an unknown reference or a
// bool that is none stops it; what was read so far is then of no use. It never allocates more than
// a small multiple of what it was given.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <typeinfo>
#include <unordered_map>
#include <utility>
#include <vector>

#include "collector/support/fields.h"

namespace sockwatch {

namespace archive {

template <typename T>
concept Bytes = (std::integral<T> && !std::same_as<T, bool>) || std::is_enum_v<T> ||
                std::floating_point<T> || kKeptAsBytes<T>;

// Rows of a trace: their fields are the columns (collector/store/schema.h finds this by ADL).
template <typename T>
concept Row = requires(T& row) {
  fields_of(row);
};

template <typename T>
concept Sequence = requires(T& t) {
  t.push_back(std::declval<typename T::value_type>());
  t.size();
};

template <typename T>
concept Dictionary = requires(T& t) {
  typename T::mapped_type;
  t.size();
};

template <typename T>
concept Keys = !Dictionary<T> && requires(T & t, const typename T::key_type& key) {
  t.insert(key);
};

// A word with static storage, for members of type const char*.
inline const char* lasting(const std::string& word) {
  static std::set<std::string> words;
  return words.insert(word).first->c_str();
}

}  // namespace archive

// Appends to `out`.
class Keep {
 public:
  explicit Keep(std::string& out) : out_(out) {}

  template <archive::Bytes T>
  void operator()(const T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    out_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void operator()(bool value) { (*this)(static_cast<std::uint8_t>(value)); }
  void operator()(std::string_view text) {
    (*this)(std::uint64_t{text.size()});
    out_.append(text);
  }
  void operator()(const std::string& text) { (*this)(std::string_view(text)); }
  void operator()(const char* word) { (*this)(std::string_view(word)); }
  template <typename T>
  void operator()(const std::optional<T>& value) {
    (*this)(value.has_value());
    if (value) (*this)(*value);
  }
  template <typename A, typename B>
  void operator()(const std::pair<A, B>& pair) {
    (*this)(pair.first);
    (*this)(pair.second);
  }
  template <typename T, std::size_t N>
  void operator()(const std::array<T, N>& values) {
    for (const T& value : values) (*this)(value);
  }
  template <typename T>
  requires archive::Sequence<T> || archive::Dictionary<T> || archive::Keys<T>
  void operator()(const T& values) {
    (*this)(std::uint64_t{values.size()});
    for (const auto& value : values) (*this)(value);
  }
  // Once each: two pointers to one object are so again afterwards.
  template <typename T>
  void operator()(const std::shared_ptr<T>& pointer) {
    if (pointer == nullptr) return (*this)(std::uint32_t{0});
    const auto [at, fresh] =
        numbers_.try_emplace(pointer.get(), static_cast<std::uint32_t>(numbers_.size() + 1));
    (*this)(at->second);
    if (fresh) (*this)(*pointer);
  }
  template <typename T>
  void operator()(Skipped<T>) {}
  template <HasFields T>
  void operator()(const T& object) {
    static_assert(fields_fill<T>(), "fields() does not name every member in its order");
    std::apply([this](auto&&... field) { ((*this)(field), ...); },
               const_cast<T&>(object).fields());  // only read
  }
  template <archive::Row T>
  void operator()(const T& row) {
    std::apply([this](const auto&... column) { ((*this)(column), ...); }, fields_of(row));
  }

 private:
  std::string& out_;
  std::unordered_map<const void*, std::uint32_t> numbers_;
};

// Reads what Keep wrote, in the same order into the same types.
class Restore {
 public:
  explicit Restore(std::string_view in) : rest_(in) {}

  bool good() const { return good_; }
  bool at_end() const { return rest_.empty(); }

  template <archive::Bytes T>
  void operator()(T& value) {
    if (const char* bytes = take(sizeof value)) std::memcpy(&value, bytes, sizeof value);
  }
  void operator()(bool& value) {
    std::uint8_t byte = 0;
    (*this)(byte);
    if (byte > 1) fail();
    value = byte == 1;
  }
  void operator()(std::string& text) {
    const std::uint64_t length = count();
    if (const char* bytes = take(length)) text.assign(bytes, length);
  }
  void operator()(const char*& word) {
    std::string text;
    (*this)(text);
    word = archive::lasting(text);
  }
  template <typename T>
  void operator()(std::optional<T>& value) {
    bool there = false;
    (*this)(there);
    value.reset();
    if (there && good_) (*this)(value.emplace());
  }
  template <typename A, typename B>
  void operator()(std::pair<A, B>& pair) {
    (*this)(pair.first);
    (*this)(pair.second);
  }
  template <typename T, std::size_t N>
  void operator()(std::array<T, N>& values) {
    for (T& value : values) (*this)(value);
  }
  template <archive::Sequence T>
  void operator()(T& values) {
    values.clear();
    for (std::uint64_t left = count(); left > 0 && good_; --left) {
      typename T::value_type value{};
      (*this)(value);
      must_be_there(value);
      values.push_back(std::move(value));
    }
  }
  template <archive::Dictionary T>
  void operator()(T& values) {
    values.clear();
    for (std::uint64_t left = count(); left > 0 && good_; --left) {
      typename T::key_type key{};
      typename T::mapped_type value{};
      (*this)(key);
      (*this)(value);
      must_be_there(value);
      values.emplace(std::move(key), std::move(value));
    }
  }
  template <archive::Keys T>
  void operator()(T& values) {
    values.clear();
    for (std::uint64_t left = count(); left > 0 && good_; --left) {
      typename T::key_type key{};
      (*this)(key);
      values.insert(std::move(key));
    }
  }
  template <typename T>
  void operator()(std::shared_ptr<T>& pointer) {
    std::uint32_t number = 0;
    (*this)(number);
    pointer.reset();
    if (number == 0 || !good_) return;
    if (number <= objects_.size()) {
      const Object& known = objects_[number - 1];
      if (*known.type != typeid(T)) return fail();
      pointer = std::static_pointer_cast<T>(known.pointer);
    } else if (number == objects_.size() + 1) {
      pointer = std::make_shared<T>();
      objects_.push_back({pointer, &typeid(T)});
      (*this)(*pointer);
    } else {
      fail();
    }
  }
  template <typename T>
  void operator()(Skipped<T>) {}
  template <HasFields T>
  void operator()(T& object) {
    std::apply([this](auto&&... field) { ((*this)(field), ...); }, object.fields());
  }
  template <archive::Row T>
  void operator()(T& row) {
    std::apply([this](auto&... column) { ((*this)(column), ...); }, fields_of(row));
  }

 private:
  struct Object {
    std::shared_ptr<void> pointer;
    const std::type_info* type;
  };

  void fail() {
    good_ = false;
    rest_ = {};
  }
  // Nobody who looks through a container of ours expects a hole in it.
  template <typename T>
  void must_be_there(const std::shared_ptr<T>& element) {
    if (element == nullptr) fail();
  }
  template <typename T>
  void must_be_there(const T&) {}
  // Null beyond the end, and from then on.
  const char* take(std::uint64_t length) {
    if (!good_ || length > rest_.size()) {
      fail();
      return nullptr;
    }
    const char* bytes = rest_.data();
    rest_.remove_prefix(length);
    return bytes;
  }
  // Elements take a byte at least, so no more can follow than bytes are left.
  std::uint64_t count() {
    std::uint64_t value = 0;
    (*this)(value);
    if (value > rest_.size()) fail();
    return good_ ? value : 0;
  }

  std::string_view rest_;
  bool good_ = true;
  std::vector<Object> objects_;
};

}  // namespace sockwatch
