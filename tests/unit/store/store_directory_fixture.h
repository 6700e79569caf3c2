// Opens, damages and opens again: what tests of the directory of a store have in common.
#pragma once
#include <fstream>
#include <string>
#include <sys/stat.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/store.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/store/builders.h"

namespace reprise::store {

class StoreDirectoryTest : public ::testing::Test {
 protected:
  // Creates a store with `count` records in it.
  void create(std::size_t count = 0) {
    auto store = open_store(path_);
    ASSERT_TRUE(store) << store.error().text();
    if (count > 0) {
      ASSERT_TRUE(append((*store)->journal(), numbered_batch(1, count)));
    }
  }

  void expect_error(base::ErrorCode code, const std::string& text) {
    expect_error(path_, code, text);
  }
  void expect_error(const std::string& path, base::ErrorCode code, const std::string& text) {
    const auto store = open_store(path);
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().code, code) << store.error().text();
    EXPECT_THAT(store.error().message, ::testing::HasSubstr(path));
    EXPECT_THAT(store.error().message, ::testing::HasSubstr(text));
  }
  void expect_read_only_error(base::ErrorCode code, const std::string& text) {
    const auto store = open_store_read_only(path_);
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().code, code) << store.error().text();
    EXPECT_THAT(store.error().message, ::testing::HasSubstr(path_));
    EXPECT_THAT(store.error().message, ::testing::HasSubstr(text));
  }
  void expect_last(Seq last) {
    const auto store = open_store(path_);
    ASSERT_TRUE(store) << store.error().text();
    EXPECT_EQ(*(*store)->journal().last(), last);
  }

  static void write(const std::string& path, const std::string& content) {
    std::ofstream(path, std::ios::binary) << content;
  }
  static mode_t mode(const std::string& path) {
    struct stat info {};
    EXPECT_EQ(::stat(path.c_str(), &info), 0) << path;
    return info.st_mode & 0777;
  }

  testing::TemporaryDirectory directory_;
  const std::string path_ = directory_ / "orders.db";
};

}  // namespace reprise::store
