#include "viewer/cli/launch_command.h"

namespace sockwatch::cli {
namespace {

// "-o FILE", "--output FILE" and "-qo FILE"; not "--output=FILE", "-oFILE".
bool takes_next_word(const std::string& word, const CLI::App& parser) {
  const auto takes_value = [&](const std::string& name) {
    const CLI::Option* option = parser.get_option_no_throw(name);
    return option != nullptr && option->get_items_expected_max() > 0;
  };
  if (word.starts_with("--")) return takes_value(word);
  for (std::size_t i = 1; i < word.size(); ++i) {
    if (takes_value(std::string("-") + word[i])) return i + 1 == word.size();
  }
  return false;
}

}  // namespace

CommandLine split_command_line(const std::vector<std::string>& words, const CLI::App& parser) {
  CommandLine line;
  std::size_t i = 0;
  if (!words.empty()) line.own.push_back(words[i++]);
  for (; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "--") {
      ++i;
      break;
    }
    if (word.size() < 2 || word[0] != '-') break;
    line.own.push_back(word);
    if (takes_next_word(word, parser) && i + 1 < words.size()) line.own.push_back(words[++i]);
  }
  line.command.assign(words.begin() + static_cast<std::ptrdiff_t>(i), words.end());
  return line;
}

}  // namespace sockwatch::cli
