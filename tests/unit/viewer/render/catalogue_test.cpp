// What is generated from the rules is current, and what names a rule names one that exists. After a
// wanted change run this once with SOCKWATCH_UPDATE_GOLDEN=1.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "viewer/diagnose/diagnose.h"
#include "viewer/render/entry_page.h"
#include "viewer/texts/error_text.h"

namespace sockwatch::render {
namespace {

constexpr const char* kHow = "run this test once with SOCKWATCH_UPDATE_GOLDEN=1";

std::vector<diagnose::Entry> entries() {
  std::vector<diagnose::Entry> all;
  for (const auto& rule : diagnose::all_rules()) all.push_back(rule->entry());
  return all;
}

std::string content(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

bool updating() { return std::getenv("SOCKWATCH_UPDATE_GOLDEN") != nullptr; }

TEST(Catalogue, ThePageIsCurrent) {
  const std::string path = SOURCE_FOLDER "/docs/catalogue.md";
  const std::string wanted = catalogue_markdown(entries());
  if (updating()) std::ofstream(path) << wanted;
  EXPECT_EQ(content(path), wanted) << kHow;
}

TEST(Catalogue, TheSectionOfTheManualIsCurrent) {
  const std::string path = SOURCE_FOLDER "/viewer/man/sockwatch.1.scd";
  const std::string wanted = catalogue_manual(entries());
  std::string page = content(path);
  const std::size_t begin = page.find("# DIAGNOSES\n");
  ASSERT_NE(begin, std::string::npos);
  const std::size_t end = page.find("\n# ", begin);
  ASSERT_NE(end, std::string::npos);
  if (updating()) {
    page.replace(begin, end - begin, wanted);
    std::ofstream(path) << page;
    return;
  }
  EXPECT_EQ(page.substr(begin, end - begin), wanted) << kHow;
}

TEST(Catalogue, ErrorTextsNameRulesThatExist) {
  for (const texts::ErrorText& text : texts::all_texts()) {
    std::istringstream ids{std::string(text.meaning->rules)};
    for (std::string id; ids >> id;) {
      EXPECT_NE(diagnose::find_entry(id), nullptr) << id << " behind '" << text.pattern << "'";
    }
  }
}

TEST(Catalogue, EveryRuleExplainsItself) {
  std::set<std::string_view> ids;
  for (const auto& entry : entries()) {
    EXPECT_TRUE(ids.insert(entry.id).second) << entry.id << " is there twice";
    EXPECT_FALSE(entry.title.empty()) << entry.id;
    EXPECT_FALSE(entry.signature.empty()) << entry.id;
    EXPECT_FALSE(entry.meaning.empty()) << entry.id;
    EXPECT_FALSE(entry.next.empty()) << entry.id;
  }
}

}  // namespace
}  // namespace sockwatch::render
