#include "base/error.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace reprise::base::error_test {
namespace {

std::string read(const std::string& path) {
  std::ifstream file(std::string(REPRISE_SOURCE_DIR "/") + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The four-digit numbers that directly follow `prefix`.
std::set<int> numbers_after(std::string_view prefix, const std::string& text) {
  std::set<int> found;
  for (auto at = text.find(prefix); at != std::string::npos; at = text.find(prefix, at + 1)) {
    const std::string number = text.substr(at + prefix.size(), 4);
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (number.size() == 4 && std::ranges::all_of(number, is_digit))
      found.insert(std::stoi(number));
  }
  return found;
}

std::set<int> declared_codes() {
  return numbers_after(" = ", read("base/error.h"));
}

TEST(ErrorTest, CodesAreWrittenWithAPrefix) {
  EXPECT_EQ(to_string(ErrorCode::kNondeterminism), "RP2001");
  EXPECT_EQ(to_string(ErrorCode::kProcessDied), "RP4003");
}

TEST(ErrorTest, TextIsCodeAndCause) {
  const Error error{ErrorCode::kStoreLocked, "the store orders.db is open in process 4711"};
  EXPECT_EQ(error.text(), "RP1003 the store orders.db is open in process 4711");
}

TEST(ErrorTest, EveryCodeHasALineOfItsOwn) {
  const auto codes = declared_codes();
  ASSERT_GE(codes.size(), 20u);
  std::set<std::string_view> lines;
  for (const int code : codes) lines.insert(summary(static_cast<ErrorCode>(code)));
  EXPECT_EQ(lines.size(), codes.size());
  EXPECT_FALSE(lines.contains("unknown error"));
  EXPECT_EQ(summary(static_cast<ErrorCode>(9999)), "unknown error");
}

TEST(ErrorTest, TheDocumentationListsEveryCodeAndNoOther) {
  const std::string documentation = read("docs/errors.md");
  if (documentation.empty()) GTEST_SKIP() << "docs/errors.md is not written yet";
  EXPECT_EQ(numbers_after("RP", documentation), declared_codes());
}

TEST(Error, SaysItsCodeOnce) {
  const std::string report = "RP2001 nondeterminism: workflow 'w'";
  EXPECT_EQ((Error{ErrorCode::kNondeterminism, report}.text()), report);
  EXPECT_EQ((Error{ErrorCode::kNotFound, "RP2001 is no id"}.text()), "RP3005 RP2001 is no id");
}

}  // namespace
}  // namespace reprise::base::error_test
