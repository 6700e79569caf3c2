// The example of docs/log_format.md: the code makes the bytes that the page shows, and what the
// page says about them leads to the same values without the code.
#include <fstream>
#include <xxhash.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/archive_keys.h"
#include "store/bytes.h"
#include "store/record.h"

namespace reprise::store::log_format_test {
namespace {

using ::testing::ElementsAre;

// "0010  7d dc ...   words": the two-digit numbers behind the offset, up to the first other word.
std::string bytes_of_line(const std::string& line) {
  std::string bytes;
  std::istringstream words(line);
  std::string word;
  bool first = true;
  while (words >> word) {
    const bool is_byte = word.size() == 2 && std::isxdigit(word[0]) && std::isxdigit(word[1]);
    if (is_byte) bytes += static_cast<char>(std::stoi(word, nullptr, 16));
    if (!is_byte && !first) break;
    first = false;
  }
  return bytes;
}

// The content of all blocks that begin with ```kind.
std::vector<std::string> blocks(const std::string& kind) {
  std::ifstream page(std::string(REPRISE_SOURCE_DIR) + "/docs/log_format.md");
  EXPECT_TRUE(page.is_open());
  std::vector<std::string> found;
  bool inside = false;
  for (std::string line; std::getline(page, line);) {
    if (line == "```" + kind) {
      found.emplace_back();
      inside = true;
    } else if (line == "```") {
      inside = false;
    } else if (inside) {
      found.back() += bytes_of_line(line);
    }
  }
  return found;
}

class LogFormatTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(records_.size(), 2u); }
  std::string_view body(std::size_t record) const {
    return std::string_view(records_[record]).substr(40);
  }
  const std::vector<std::string> records_ = blocks("record");
};

TEST_F(LogFormatTest, TheCodeMakesTheRecordsOfThePage) {
  std::string first;
  const std::uint64_t chain =
      encode_record({.seq = 1, .run = 1, .flags = kFirstOfRun, .body = body(0)}, 0, &first);
  EXPECT_EQ(chain, 0xb3f405ee9f6adc7du);
  EXPECT_EQ(first, records_[0]);
  std::string second;
  EXPECT_EQ(encode_record({.seq = 3, .run = 1, .previous = 1, .flags = kLastOfRun, .body = body(1)},
                          chain, &second),
            0xe7a5d8ad1f516855u);
  EXPECT_EQ(second, records_[1]);
}

TEST_F(LogFormatTest, TheChainIsWhatThePageSays) {
  std::uint64_t chain = 0;
  for (const std::string& record : records_) {
    const std::uint64_t seed = XXH3_64bits_withSeed(record.data() + 8, 32, chain);
    chain = XXH3_64bits_withSeed(record.data() + 40, record.size() - 40, seed);
    EXPECT_EQ(chain, load_le<std::uint64_t>(record.data()));
  }
}

TEST_F(LogFormatTest, TheCodeMakesTheKeysOfThePage) {
  const auto journal_key = [](Seq seq) {
    std::string key(8, '\0');
    store_le(seq, key.data());
    return key;
  };
  EXPECT_THAT(blocks("key"), ElementsAre(journal_key(1), journal_key(3), chunk_key(1, 3),
                                         run_key(1), id_key("order-7", 1), index_key("\x01", 1)));
}

}  // namespace
}  // namespace reprise::store::log_format_test
