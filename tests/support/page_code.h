// Pages of the documentation whose code is that of a test.
#pragma once
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

namespace reprise::testing {

// Of the repository: "docs/guide.md".
inline std::string content_of(const std::string& path) {
  std::ifstream file(std::string(REPRISE_SOURCE_DIR) + "/" + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Each C++ block of the page is in the source, letter by letter; there are at least this many.
inline void expect_code_of(const std::string& page, const std::string& source, int blocks) {
  const std::string text = content_of(page);
  const std::string code = content_of(source);
  const std::string begin = "```cpp\n";
  int found = 0;
  for (std::size_t at = text.find(begin); at != text.npos; at = text.find(begin, at)) {
    at += begin.size();
    const std::string block = text.substr(at, text.find("```", at) - at);
    EXPECT_NE(code.find(block), std::string::npos) << block;
    ++found;
  }
  EXPECT_GE(found, blocks);
}

}  // namespace reprise::testing
