#include "base/symbols.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/function_name.h"
#include "base/stack_frames.h"

namespace reprise::base {

constexpr std::uint32_t kCallLine = __LINE__ + 2;
[[gnu::noinline]] std::vector<void*> frames_here() {
  auto frames = stack_frames();
  return frames;
}

namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

struct Shop {
  // Always inline: there is no address of its own, only the debug information knows of it.
  [[gnu::always_inline]] std::vector<void*> buy(int) const {
    auto frames = stack_frames();
    return frames;
  }
};
constexpr std::uint32_t kInnerLine = __LINE__ - 4;

[[gnu::noinline]] std::vector<void*> visit_shop() {
  auto frames = Shop().buy(1);
  frames.pop_back();  // or the linker might take it for the function above
  return frames;
}
constexpr std::uint32_t kOuterLine = __LINE__ - 4;

TEST(Symbols, NameFunctionFileAndLine) {
  Symbols symbols;
  const auto& found = symbols.at(frames_here().at(0));
  EXPECT_EQ(found.front().function, "reprise::base::frames_here");
  EXPECT_EQ(found.front().file, "base/symbols_test.cc");
  EXPECT_EQ(found.front().line, kCallLine);
}

TEST(Symbols, NameWhatWasInlinedAndWhere) {
  Symbols symbols;
  const auto& found = symbols.at(visit_shop().at(0));
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].function, "reprise::base::(anonymous namespace)::Shop::buy");
  EXPECT_EQ(found[0].line, kInnerLine);
  EXPECT_EQ(found[1].function, "reprise::base::(anonymous namespace)::visit_shop");
  EXPECT_EQ(found[1].file, "base/symbols_test.cc");
  EXPECT_EQ(found[1].line, kOuterLine);
}

TEST(Symbols, AreRemembered) {
  Symbols symbols;
  void* const address = frames_here().at(0);
  EXPECT_EQ(&symbols.at(address), &symbols.at(address));
}

TEST(Symbols, KnowSharedLibraries) {
  Symbols symbols;
  const auto& in_libc = symbols.at(reinterpret_cast<void*>(&std::fopen));
  EXPECT_THAT(in_libc.back().function, HasSubstr("fopen"));
  EXPECT_THAT(to_string(in_libc.back()), HasSubstr("fopen"));
}

TEST(Symbols, OfNowhereAreTheAddress) {
  void* const nowhere[] = {reinterpret_cast<void*>(16), nullptr};
  EXPECT_EQ(describe_frames(nowhere), (std::vector<std::string>{"#0 0x10", "#1 0x0"}));
}

TEST(Symbols, DescribeAWholeStack) {
  EXPECT_THAT(describe_frames(visit_shop()),
              Contains(HasSubstr("visit_shop base/symbols_test.cc:" + std::to_string(kOuterLine))));
}

TEST(Symbols, AreShownWithTheirLineOrTheirPlace) {
  EXPECT_EQ(to_string({.function = "f", .file = "a/b.cc", .line = 3, .place = "p+0x1"}),
            "f a/b.cc:3");
  EXPECT_EQ(to_string({.function = "f", .file = "", .line = 0, .place = "p+0x1"}), "f (p+0x1)");
  EXPECT_EQ(to_string({.function = "", .file = "", .line = 0, .place = "p+0x1"}), "p+0x1");
}

TEST(StackFrames, BeginWithTheCaller) {
  void* two[2] = {};
  EXPECT_EQ(stack_frames(two), 2u);
  Symbols symbols;
  EXPECT_THAT(symbols.at(two[0]).back().function, HasSubstr("BeginWithTheCaller"));
  EXPECT_EQ(stack_frames(std::span<void*>()), 0u);
}

TEST(FunctionName, IsPlain) {
  const std::pair<const char*, const char*> names[] = {
      {"main", "main"},
      {"shop::buy(Order const&)", "shop::buy"},
      {"void shop::buy<int>(Order const&) const", "shop::buy<int>"},
      {"unsigned long f<std::function<void (int)> >(int)", "f<std::function<void (int)> >"},
      {"shop::(anonymous namespace)::buy(int) [clone .cold]", "shop::(anonymous namespace)::buy"},
      {"std::vector<int, std::allocator<int> > shop::list()", "shop::list"},
      {"shop::buy(int)::{lambda(int)#1}::operator()(int) const",
       "shop::buy::{lambda#1}::operator()"},
      {"auto shop::buy<int>(int)::{lambda()#2}::operator()() const",
       "shop::buy<int>::{lambda#2}::operator()"},
      {"bool shop::operator<(Order const&, Order const&)", "shop::operator<"},
      {"shop::Order::operator bool() const", "shop::Order::operator bool"},
      {"std::ostream& operator<< <char>(std::ostream&, char)", "operator<< <char>"},
      {"decltype (auto) f<int>(int)", "f<int>"},
      {"shop::operators(int)", "shop::operators"},
      {"g(std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >)", "g"},
      {"h<std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> > >()",
       "h<std::string >"},
      {"", ""},
      {"broken(", "broken"},
      {"broken<", "broken<"},
  };
  for (const auto& [demangled, plain] : names) EXPECT_EQ(plain_name(demangled), plain) << demangled;
}

}  // namespace
}  // namespace reprise::base
