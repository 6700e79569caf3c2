// docs/errors.md explains every existing code, and no other.
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace {

std::string contents(const std::string& path) {
  std::ifstream file(std::string(REPRISE_SOURCE_DIR) + "/" + path);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

std::set<std::string> matches(const std::string& text, const std::string& pattern) {
  const std::regex regex(pattern);
  std::set<std::string> found;
  for (std::sregex_iterator match(text.begin(), text.end(), regex), end; match != end; ++match) {
    found.insert((*match)[1].str());
  }
  return found;
}

TEST(ErrorCodes, AreAllDocumented) {
  const auto defined = matches(contents("base/error.h"), "k[A-Za-z]+ = ([0-9]{4}),");
  const auto documented = matches(contents("docs/errors.md"), "\n## RP([0-9]{4}) ");
  EXPECT_GT(defined.size(), 20U);
  EXPECT_EQ(defined, documented);
}

}  // namespace
