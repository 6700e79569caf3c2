#include "store/record.h"

#include <gtest/gtest.h>

namespace reprise::store::record_test {
namespace {

using base::ErrorCode;

Record example() {
  return {.seq = 7, .run = 3, .previous = 5, .flags = kLastOfRun, .body = "the body"};
}

std::string encoded(const Record& record, std::uint64_t previous_chain) {
  std::string bytes;
  encode_record(record, previous_chain, &bytes);
  return bytes;
}

TEST(RecordTest, WhatIsEncodedDecodes) {
  std::string bytes;
  const std::uint64_t chain = encode_record(example(), 42, &bytes);
  std::size_t consumed = 0;
  const auto record = decode_record(bytes, &consumed);
  ASSERT_TRUE(record);
  EXPECT_EQ(consumed, bytes.size());
  EXPECT_EQ(consumed, kRecordHeaderBytes + 8);
  EXPECT_EQ(record->seq, 7u);
  EXPECT_EQ(record->run, 3u);
  EXPECT_EQ(record->previous, 5u);
  EXPECT_EQ(record->chain, chain);
  EXPECT_EQ(record->body, "the body");
  EXPECT_FALSE(record->first());
  EXPECT_TRUE(record->last());
  EXPECT_TRUE(verify_record(*record, 42));
}

TEST(RecordTest, EncodingAppends) {
  std::string bytes = encoded(example(), 0);
  const std::size_t first = bytes.size();
  encode_record({.seq = 8, .run = 4, .body = ""}, 0, &bytes);
  std::size_t consumed = 0;
  ASSERT_TRUE(decode_record(bytes, &consumed));
  EXPECT_EQ(consumed, first);
  const auto second = decode_record(std::string_view(bytes).substr(first), &consumed);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->seq, 8u);
  EXPECT_EQ(second->body, "");
  EXPECT_EQ(consumed, kRecordHeaderBytes);
}

TEST(RecordTest, ARecordBehindAnotherOneDoesNotVerify) {
  const std::string bytes = encoded(example(), 42);
  std::size_t consumed = 0;
  EXPECT_FALSE(verify_record(*decode_record(bytes, &consumed), 43));
  EXPECT_FALSE(verify_record(*decode_record(bytes, &consumed), 0));
}

TEST(RecordTest, EverySingleBitFlipIsFound) {
  const std::string good = encoded(example(), 42);
  for (std::size_t bit = 0; bit < 8 * good.size(); ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
    std::size_t consumed = 0;
    const auto record = decode_record(bad, &consumed);
    EXPECT_TRUE(!record || !verify_record(*record, 42)) << "bit " << bit;
  }
}

TEST(RecordTest, BytesThatAreNoRecordAreDamage) {
  const std::string good = encoded(example(), 42);
  for (std::size_t length = 0; length < good.size(); ++length) {
    std::size_t consumed = 0;
    const auto record = decode_record(std::string_view(good).substr(0, length), &consumed);
    ASSERT_FALSE(record) << length;
    EXPECT_EQ(record.error().code, ErrorCode::kStoreDamaged);
  }
  std::string other_format = good;
  other_format[13] = 2;
  std::size_t consumed = 0;
  EXPECT_FALSE(decode_record(other_format, &consumed));
}

}  // namespace
}  // namespace reprise::store::record_test
