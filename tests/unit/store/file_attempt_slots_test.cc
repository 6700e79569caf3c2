#include "store/file_attempt_slots.h"

#include <csignal>
#include <fstream>
#include <sys/resource.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temporary_directory.h"
#include "tests/unit/store/processes.h"

namespace reprise::store::file_attempt_slots_test {
namespace {

using base::ErrorCode;
using ::testing::HasSubstr;

constexpr std::uint32_t kSlotsPerChunk = 4096;

class FileAttemptSlotsTest : public ::testing::Test {
 protected:
  std::unique_ptr<FileAttemptSlots> open() {
    auto slots = FileAttemptSlots::open(path_);
    EXPECT_TRUE(slots);
    return slots ? std::move(*slots) : nullptr;
  }

  void overwrite(std::streamoff offset, char byte) {
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(offset);
    file.put(byte);
  }

  testing::TemporaryDirectory directory_;
  const std::string path_ = directory_ / "attempts";
};

TEST_F(FileAttemptSlotsTest, WhatWasTakenAndNotReleasedIsLeftOver) {
  {
    const auto slots = open();
    EXPECT_TRUE(slots->left_over().empty());
    const auto first = slots->take({.run = 7, .operation = 2, .attempt = 1});
    slots->take({.run = 8, .operation = 3, .attempt = 5});
    slots->release(first);
  }
  const auto slots = open();
  ASSERT_EQ(slots->left_over().size(), 1u);
  EXPECT_EQ(slots->left_over()[0].run, 8u);
  EXPECT_EQ(slots->left_over()[0].operation, 3u);
  EXPECT_EQ(slots->left_over()[0].attempt, 5u);
}

TEST_F(FileAttemptSlotsTest, MarksSurviveTheDeathOfTheirProcess) {
  {
    const OtherProcess other(
        [this] { return open().release()->take({.run = 7, .operation = 2, .attempt = 1}) == 0; });
    other.kill();
  }
  ASSERT_EQ(open()->left_over().size(), 1u);
  EXPECT_EQ(open()->left_over()[0].run, 7u);
}

TEST_F(FileAttemptSlotsTest, LeftOversComeBackUntilTheyAreForgotten) {
  open()->take({.run = 7, .operation = 2, .attempt = 1});
  open()->take({.run = 9, .operation = 1, .attempt = 1});  // another crash before recovery is done
  {
    const auto slots = open();
    EXPECT_EQ(slots->left_over().size(), 2u);
    slots->forget_left_over();
    EXPECT_EQ(slots->left_over().size(), 2u);
  }
  EXPECT_TRUE(open()->left_over().empty());
}

TEST_F(FileAttemptSlotsTest, AReleasedSlotIsTakenAgain) {
  const auto slots = open();
  const auto first = slots->take({.run = 1, .operation = 1, .attempt = 1});
  const auto second = slots->take({.run = 2, .operation = 1, .attempt = 1});
  EXPECT_NE(first, second);
  slots->release(first);
  EXPECT_EQ(slots->take({.run = 3, .operation = 1, .attempt = 1}), first);
}

TEST_F(FileAttemptSlotsTest, GrowsWhenAllAreTakenAndKeepsThemAll) {
  {
    const auto slots = open();
    for (std::uint32_t i = 0; i < 2 * kSlotsPerChunk + 1; ++i) {
      slots->take({.run = 1 + i, .operation = i, .attempt = 1});
    }
  }
  const auto slots = open();
  ASSERT_EQ(slots->left_over().size(), 2 * kSlotsPerChunk + 1);
  slots->forget_left_over();
  slots->take({.run = 1, .operation = 1, .attempt = 1});
}

TEST_F(FileAttemptSlotsTest, AnotherBootReadsAsEmpty) {
  open()->take({.run = 7, .operation = 2, .attempt = 1});
  overwrite(16, '?');
  EXPECT_TRUE(open()->left_over().empty());
  EXPECT_TRUE(open()->left_over().empty()) << "and stays so";
}

TEST_F(FileAttemptSlotsTest, AFileOfAnythingElseReadsAsEmpty) {
  for (const std::string& content :
       {std::string(), std::string("junk"), std::string(200000, 'x')}) {
    std::ofstream(path_, std::ios::binary) << content;
    const auto slots = open();
    EXPECT_TRUE(slots->left_over().empty());
    slots->take({.run = 1, .operation = 1, .attempt = 1});
  }
}

TEST_F(FileAttemptSlotsTest, AFileThatCannotBeOpenedIsAnError) {
  const auto slots = FileAttemptSlots::open(directory_ / "missing/attempts");
  ASSERT_FALSE(slots);
  EXPECT_EQ(slots.error().code, ErrorCode::kStoreMissing);
  EXPECT_THAT(slots.error().message, HasSubstr(directory_ / "missing/attempts"));
}

// A limit on the size of files simulates a full disk.
TEST_F(FileAttemptSlotsTest, OnAFullDiskAttemptsStillGetSlots) {
  const auto slots = open();
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit limit{.rlim_cur = 128 << 10, .rlim_max = before.rlim_max};
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  AttemptSlots::Slot last = 0;
  for (std::uint32_t i = 0; i < kSlotsPerChunk + 10; ++i) {
    last = slots->take({.run = 1, .operation = i, .attempt = 1});
  }
  slots->release(last);
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(open()->left_over().size(), kSlotsPerChunk);
}

TEST_F(FileAttemptSlotsTest, ReleasingTwiceBreaksAnInvariant) {
  const auto slots = open();
  const auto slot = slots->take({.run = 1, .operation = 1, .attempt = 1});
  slots->release(slot);
  EXPECT_DEATH(slots->release(slot), "released once");
}

}  // namespace
}  // namespace reprise::store::file_attempt_slots_test
