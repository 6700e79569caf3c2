#include "base/call_site.h"

#include <gtest/gtest.h>

namespace reprise::base::call_site_test {
namespace {

TEST(CallSiteTest, ShortFileKeepsTheLastTwoComponents) {
  const auto short_file = [](const char* file) { return CallSite{file, 1}.short_file(); };
  EXPECT_EQ(short_file("/home/ann/src/shop/checkout.cc"), "shop/checkout.cc");
  EXPECT_EQ(short_file("shop/checkout.cc"), "shop/checkout.cc");
  EXPECT_EQ(short_file("../shop/checkout.cc"), "shop/checkout.cc");
  EXPECT_EQ(short_file("checkout.cc"), "checkout.cc");
  EXPECT_EQ(short_file("/checkout.cc"), "/checkout.cc");
  EXPECT_EQ(short_file("/shop/checkout.cc"), "shop/checkout.cc");
  EXPECT_EQ(short_file(""), "");
}

TEST(CallSiteTest, UnknownByDefault) {
  EXPECT_EQ(CallSite().short_file(), "");
  EXPECT_EQ(CallSite().line, 0u);
}

}  // namespace
}  // namespace reprise::base::call_site_test
