// Feeds files to a target, without libFuzzer: what was found once stays a test of every build.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/fuzz/input.h"

namespace fs = std::filesystem;

int main(int argc, char** argv) {
  std::size_t count = 0;
  const std::vector<std::uint8_t> nothing(1);
  LLVMFuzzerTestOneInput(nothing.data(), 0);
  for (int i = 1; i < argc; ++i) {
    if (!fs::exists(argv[i])) continue;  // nothing found so far
    for (const auto& entry : fs::directory_iterator(argv[i])) {
      std::ifstream file(entry.path(), std::ios::binary);
      std::vector<std::uint8_t> bytes{std::istreambuf_iterator<char>(file), {}};
      const std::size_t length = bytes.size();
      std::cout << entry.path().filename().string() << std::endl;  // the last one named is to blame
      bytes.push_back(0);                                          // data() of no bytes may be null
      LLVMFuzzerTestOneInput(bytes.data(), length);
      ++count;
    }
  }
  std::cout << count << " inputs\n";
  return count == 0 ? 1 : 0;
}
