// What of a type has to be kept to have the same object again in another process.
//
// Such a type has a function that names its members, all of them and in the order of their
// declaration:
//
//   auto fields() { return fields_are(options, attempts, Skipped<Cache>(), call); }
//
// A member that need not be kept is named by its type alone. Archives (archive.h) refuse at compile
// time a list that does not fill the object, so a new member is not forgotten by accident.
#pragma once

#include <concepts>
#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

namespace sockwatch {

template <typename T>
struct Skipped {};

template <typename... T>
constexpr std::tuple<T...> fields_are(T&&... members) {
  return std::tuple<T...>(std::forward<T>(members)...);
}

template <typename T>
concept HasFields = requires(T& object) {
  object.fields();
};

// Plain numbers without pointers, padding or meaning of their own: kept as the bytes they are.
template <typename T>
inline constexpr bool kKeptAsBytes = false;

namespace fields {

template <typename T>
struct Member {
  using Type = std::remove_reference_t<T>;
};
template <typename T>
struct Member<Skipped<T>> {
  using Type = T;
};

template <typename... T>
constexpr std::size_t size_of_members(std::type_identity<std::tuple<T...>>, std::size_t alignment) {
  std::size_t end = 0;
  const auto place = [&end](std::size_t size, std::size_t align) {
    end = (end + align - 1) / align * align + size;
  };
  // NOLINTNEXTLINE(bugprone-sizeof-expression): of a member that is a pointer, its size is meant
  (place(sizeof(typename Member<T>::Type), alignof(typename Member<T>::Type)), ...);
  place(0, alignment);
  return end;
}

}  // namespace fields

// Laid out one after the other the members are as large as the object. (A member that hides in the
// padding behind another is found by the tests that keep and restore at every step.)
template <HasFields T>
constexpr bool fields_fill() {
  using List = decltype(std::declval<T&>().fields());
  return fields::size_of_members(std::type_identity<List>(), alignof(T)) == sizeof(T);
}

}  // namespace sockwatch
