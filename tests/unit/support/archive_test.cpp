#include "collector/support/archive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sockwatch {
namespace {

struct Leaf {
  int number = 0;
  std::optional<bool> answer;
  auto fields() { return fields_are(number, answer); }
};

struct Tree {
  std::string name;
  std::vector<Leaf> leaves;
  std::map<std::string, std::uint64_t> counts;
  std::set<std::string> words;
  std::shared_ptr<Leaf> one;
  std::shared_ptr<Leaf> same;
  const char* word = "";
  void* cache = nullptr;
  auto fields() {
    return fields_are(name, leaves, counts, words, one, same, word, Skipped<void*>());
  }
};

struct Forgetful {
  std::int64_t first = 0;
  std::int64_t second = 0;
  auto fields() { return fields_are(first); }
};
static_assert(fields_fill<Tree>() && fields_fill<Leaf>() && !fields_fill<Forgetful>());

Tree example() {
  Tree tree;
  tree.name = std::string("a\0b", 3);
  tree.leaves = {{1, true}, {2, false}, {3, std::nullopt}};
  tree.counts = {{"x", 1}, {"y", ~std::uint64_t{0}}};
  tree.words = {"p", "q"};
  tree.one = tree.same = std::make_shared<Leaf>(Leaf{9, true});
  tree.word = "poll";
  return tree;
}

std::string kept(const Tree& tree) {
  std::string bytes;
  Keep keep(bytes);
  keep(tree);
  return bytes;
}

TEST(Archive, WhatWasKeptComesBack) {
  Tree tree;
  const std::string bytes = kept(example());
  Restore restore(bytes);
  restore(tree);
  ASSERT_TRUE(restore.good() && restore.at_end());
  EXPECT_EQ(kept(tree), bytes);
  EXPECT_EQ(tree.name.size(), 3u);
  EXPECT_STREQ(tree.word, "poll");
}

TEST(Archive, OneObjectBehindTwoPointersStaysOne) {
  Tree tree;
  const std::string bytes = kept(example());
  Restore restore(bytes);
  restore(tree);
  ASSERT_NE(tree.one, nullptr);
  EXPECT_EQ(tree.one, tree.same);
  EXPECT_EQ(tree.one->number, 9);
}

TEST(Archive, EveryTornEndIsNoticed) {
  const std::string bytes = kept(example());
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    Tree tree;
    Restore restore(std::string_view(bytes).substr(0, length));
    restore(tree);
    EXPECT_FALSE(restore.good()) << length;
  }
}

// Whatever the bytes say: it ends, allocates no more than they can pay for, and touches nothing
// else (the sanitizers look on).
TEST(Archive, AnyByteMayBeAnything) {
  const std::string bytes = kept(example());
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (const int value : {0x00, 0x01, 0x02, 0x7f, 0x80, 0xff}) {
      std::string changed = bytes;
      changed[at] = static_cast<char>(value);
      Tree tree;
      Restore restore(changed);
      restore(tree);
      EXPECT_LE(tree.leaves.size(), bytes.size());
    }
  }
}

TEST(Archive, APointerToAnotherTypeIsRefused) {
  std::string bytes;
  Keep keep(bytes);
  keep(std::make_shared<std::string>("text"));
  keep(std::uint32_t{1});  // the same object again
  Restore restore(bytes);
  std::shared_ptr<std::string> text;
  std::shared_ptr<Leaf> leaf;
  restore(text);
  ASSERT_TRUE(restore.good());
  restore(leaf);
  EXPECT_FALSE(restore.good());
}

// Forged; what is kept has none.
TEST(Archive, AHoleInAContainerIsRefused) {
  using Map = std::map<int, std::shared_ptr<Leaf>>;
  using List = std::vector<std::shared_ptr<Leaf>>;
  std::string bytes;
  Keep keep(bytes);
  keep(Map{{3, nullptr}});
  Map map;
  Restore restore(bytes);
  restore(map);
  EXPECT_FALSE(restore.good());
  std::string others;
  Keep keep_others(others);
  keep_others(List{nullptr});
  List list;
  Restore restore_others(others);
  restore_others(list);
  EXPECT_FALSE(restore_others.good());
}

}  // namespace
}  // namespace sockwatch
