// A switch over the kinds of events outside event/ has no default, so the compiler names it when a
// kind is added. Properties of kinds belong in the catalogue.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reprise::event {
namespace kind_switches_test {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Switch {
  std::size_t line = 0;
  bool has_default = false;

  bool operator==(const Switch&) const = default;
};

// The same length, with blanks in place of comments and quoted texts.
std::string without_comments_and_texts(std::string code) {
  const auto blank = [&code](std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < std::min(to, code.size()); ++i) {
      if (code[i] != '\n') code[i] = ' ';
    }
    return to;
  };
  const auto after_quote = [&code](std::size_t at) {
    const char quote = code[at++];
    while (at < code.size() && code[at] != quote && code[at] != '\n')
      at += code[at] == '\\' ? 2 : 1;
    return at + 1;
  };
  for (std::size_t i = 0; i < code.size();) {
    const std::string_view rest = std::string_view(code).substr(i);
    const bool separates_digits = code[i] == '\'' && i > 0 && std::isalnum(code[i - 1]) != 0;
    if (rest.starts_with("//")) {
      i = blank(i, i + std::min(rest.find('\n'), rest.size()));
    } else if (rest.starts_with("/*")) {
      i = blank(i, i + std::min(rest.find("*/"), rest.size() - 2) + 2);
    } else if ((code[i] == '"' || code[i] == '\'') && !separates_digits) {
      i = blank(i, after_quote(i));
    } else {
      ++i;
    }
  }
  return code;
}

// The text between the brackets that open at or after `at`; for braces, without the content of
// inner ones.
std::string between(std::string_view code, std::size_t at, char open, char close) {
  std::string inside;
  int depth = 0;
  for (at = code.find(open, at); at < code.size(); ++at) {
    if (code[at] == close && --depth == 0) return inside;
    if (depth == 1 || open == '(') inside += code[at];
    if (code[at] == open) ++depth;
  }
  return inside;
}

bool is_word_at(std::string_view code, std::size_t at) {
  return at == 0 || (std::isalnum(code[at - 1]) == 0 && code[at - 1] != '_');
}

std::vector<Switch> switches_over_kinds(const std::string& source) {
  const std::string code = without_comments_and_texts(source);
  std::vector<Switch> found;
  for (auto at = code.find("switch"); at != code.npos; at = code.find("switch", at + 1)) {
    if (!is_word_at(code, at) || code.find_first_not_of(" \n", at + 6) != code.find('(', at))
      continue;
    const std::string body = between(code, at, '{', '}');
    const bool over_kinds = between(code, at, '(', ')').find("kind_case()") != std::string::npos ||
                            body.find("case Event::k") != std::string::npos ||
                            body.find("case proto::Event::k") != std::string::npos;
    if (!over_kinds) continue;
    const auto line = 1 + std::count(code.begin(), code.begin() + static_cast<long>(at), '\n');
    found.push_back({static_cast<std::size_t>(line), body.find("default:") != std::string::npos});
  }
  return found;
}

std::vector<std::string> places_with_default(const std::filesystem::path& root) {
  std::vector<std::string> places;
  std::size_t files = 0;
  for (const char* layer : {"base", "store", "replay", "runtime", "sdk", "tools"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / layer)) {
      if (entry.path().extension() != ".cc" && entry.path().extension() != ".h") continue;
      ++files;
      std::ifstream file(entry.path());
      const std::string source{std::istreambuf_iterator<char>(file), {}};
      for (const Switch& found : switches_over_kinds(source)) {
        if (!found.has_default) continue;
        places.push_back(entry.path().lexically_relative(root).string() + ":" +
                         std::to_string(found.line));
      }
    }
  }
  EXPECT_GT(files, 100U) << "this is not the source tree: " << root;
  return places;
}

TEST(KindSwitches, OutsideOfEventNoneHasADefault) {
  EXPECT_THAT(places_with_default(REPRISE_SOURCE_DIR), IsEmpty());
}

// ---- negative control --------------------------------------------------------------------------

TEST(KindSwitches, ADefaultIsFound) {
  EXPECT_THAT(switches_over_kinds("int a() {\n"
                                  "  switch (event.kind_case()) {\n"
                                  "    case Event::kRunStarted: {\n"
                                  "      return 1;\n"
                                  "    }\n"
                                  "    default:\n"
                                  "      return 0;\n"
                                  "  }\n"
                                  "}\n"
                                  "int b(proto::Event::KindCase kind) {\n"
                                  "  switch (kind) { case proto::Event::kRunStarted: return 1;\n"
                                  "    default: break; }\n"
                                  "}\n"),
              ElementsAre(Switch{2, true}, Switch{11, true}));
}

TEST(KindSwitches, NothingElseIsTakenForOne) {
  EXPECT_THAT(switches_over_kinds("  switch (event.kind_case()) {\n"
                                  "    case Event::kTimerFired:\n"
                                  "      switch (other) {\n"
                                  "        default: break;  // of the inner one\n"
                                  "      }\n"
                                  "      // default: in a comment\n"
                                  "      return \"default:\" + one' 'two;\n"
                                  "    case Event::kTimerStarted: return 1'000;\n"
                                  "  }\n"
                                  "  switch (mode) { case Mode::kOne: default: break; }\n"
                                  "  switches(event.kind_case()) { default: }\n"),
              ElementsAre(Switch{1, false}));
}

}  // namespace kind_switches_test
}  // namespace reprise::event
