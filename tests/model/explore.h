// Every state a small model can come to, by every order of its steps.
//
// A model is a struct of plain bytes (so that two states are compared and hashed as they lie) with
//   template <typename Then> void steps(Then&& then) const;  // then("who does what", next state)
//   const char* wrong() const;                               // nullptr: nothing is
//   const char* wrong_at_the_end() const;                    // asked where no step is left
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <vector>

namespace sockwatch::model {

struct Explored {
  std::size_t states = 0;
  std::size_t ends = 0;            // states without a further step
  std::string wrong;               // of the first wrong state found; empty: there is none
  std::vector<std::string> story;  // the steps that lead there

  std::string told() const {
    std::string text = wrong + " after:\n";
    for (const std::string& step : story) text += "  " + step + "\n";
    return text;
  }
};

// Breadth first, so the story of a failure is a shortest one.
template <typename State>
Explored explore(const State& first) {
  static_assert(std::has_unique_object_representations_v<State>, "no padding, no pointers");
  struct Hash {
    std::size_t operator()(const State& state) const {
      return std::hash<std::string_view>()({reinterpret_cast<const char*>(&state), sizeof(State)});
    }
  };
  struct Equal {
    bool operator()(const State& a, const State& b) const {
      return std::memcmp(&a, &b, sizeof(State)) == 0;
    }
  };
  struct Origin {
    const State* before;
    const char* step;
  };
  std::unordered_map<State, Origin, Hash, Equal> known;  // addresses of keys stay
  std::vector<const State*> now, later;
  Explored result;
  now.push_back(&known.emplace(first, Origin{nullptr, ""}).first->first);
  while (!now.empty() && result.wrong.empty()) {
    for (const State* state : now) {
      std::size_t followers = 0;
      state->steps([&](const char* step, const State& next) {
        ++followers;
        const auto [at, is_new] = known.emplace(next, Origin{state, step});
        if (is_new) later.push_back(&at->first);
      });
      const char* wrong = state->wrong();
      if (wrong == nullptr && followers == 0) {
        ++result.ends;
        wrong = state->wrong_at_the_end();
      }
      if (wrong == nullptr) continue;
      result.wrong = wrong;
      for (const State* at = state; at != nullptr;) {
        const Origin& origin = known.find(*at)->second;
        result.story.emplace_back(origin.step);
        at = origin.before;
      }
      std::ranges::reverse(result.story);
      break;
    }
    now = std::move(later);
    later.clear();
  }
  result.states = known.size();
  return result;
}

}  // namespace sockwatch::model
