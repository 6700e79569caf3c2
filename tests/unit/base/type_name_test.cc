#include "base/type_name.h"

#include <gtest/gtest.h>

namespace reprise::base::type_name_test {
namespace {

TEST(TypeName, LeavesOutWhatNobodyWrites) {
  const std::string text =
      "std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >";
  EXPECT_EQ(short_type_name(text), "std::string");
  EXPECT_EQ(short_type_name("std::map<" + text + ", int, std::less<" + text +
                            " >, std::allocator<std::pair<" + text + " const, int> > >"),
            "std::map<std::string, int>");
  EXPECT_EQ(short_type_name("shop::Order"), "shop::Order");
  EXPECT_EQ(short_type_name("std::vector<std::vector<int>>"), "std::vector<std::vector<int>>");
  EXPECT_EQ(short_type_name(", std::allocator<never closed"), "");
}

TEST(TypeName, ShowsATupleAsArguments) {
  EXPECT_EQ(argument_list("std::tuple<std::__cxx11::basic_string<char>, int>"),
            "(std::string, int)");
  EXPECT_EQ(argument_list("std::tuple<>"), "()");
  EXPECT_EQ(argument_list("int"), "");
}

}  // namespace
}  // namespace reprise::base::type_name_test
