#include "runtime/sealing/envelope.h"

#include <functional>
#include <sys/mman.h>

#include "tests/unit/runtime/sealing/sealed.h"

namespace reprise::sealing::envelope_test {
namespace {

using namespace sealing::testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

// Each byte with another value: a codec whose doing can be seen.
class Xor final : public Codec {
 public:
  Xor(std::string name, char mask) : name_(std::move(name)), mask_(mask) {}
  std::string_view name() const override { return name_; }
  base::Result<std::string> encode(std::string_view plain, std::string_view) const override {
    return changed(plain);
  }
  base::Result<std::string> decode(std::string_view encoded, std::string_view) const override {
    return changed(encoded);
  }

 private:
  std::string changed(std::string_view text) const {
    std::string out(text);
    for (char& c : out) c = static_cast<char>(c ^ mask_);
    return out;
  }
  std::string name_;
  char mask_;
};

std::shared_ptr<const Codec> exclusive_or(std::string name, char mask = 1) {
  return std::make_shared<const Xor>(std::move(name), mask);
}

std::vector<Codecs> chains() {
  return {{zstd()},
          {aes({"k1"})},
          {zstd(), aes({"k1"})},
          {aes({"k1"}), zstd()},
          {exclusive_or("a"), zstd(), exclusive_or("b"), aes({"k1"})}};
}

TEST(EnvelopeTest, GivesBackWhatWasSealed) {
  for (const Codecs& codecs : chains()) {
    for (const std::string& plain : {std::string(), std::string(1, '\0'), std::string("text"),
                                     every_byte(), std::string(100'000, 'a'), noise(100'000)}) {
      for (const std::string_view place : {std::string_view(), std::string_view("run 1")}) {
        const std::string envelope = sealed(codecs, plain, place);
        const auto opened = unseal(codecs, envelope, place);
        ASSERT_TRUE(opened) << opened.error().text();
        EXPECT_EQ(*opened, plain);
      }
    }
  }
}

// The layout, which is for ever.
TEST(EnvelopeTest, HasAVersionTheNamesAndTheContent) {
  EXPECT_EQ(sealed({exclusive_or("first", 1), exclusive_or("2nd", 2)}, "text", ""),
            "\1\2\5first\0032ndwf{w");
  const auto opened = unseal({exclusive_or("x")}, "\1\1\1xudyu");
  ASSERT_TRUE(opened);
  EXPECT_EQ(*opened, "text");
}

TEST(EnvelopeTest, IsOpenedWithTheCodecsThatItNames) {
  const Codecs before = {exclusive_or("a", 1), exclusive_or("b", 2)};
  const std::string envelope = sealed(before, "text", "");
  const Codecs other_order = {exclusive_or("b", 2), zstd(), exclusive_or("a", 1)};
  const auto opened = unseal(other_order, envelope);
  ASSERT_TRUE(opened);
  EXPECT_EQ(*opened, "text");
  EXPECT_EQ(error_of(unseal({exclusive_or("b", 2)}, envelope)),
            "RP1012 the content was encoded by the payload codec 'a', which is not there; add it "
            "to the codecs again");
}

TEST(EnvelopeTest, ThatIsOnlyCompressedOpensWithoutCodecs) {
  const std::string envelope = sealed({zstd(9)}, std::string(500, 'a'), "place");
  EXPECT_EQ(unseal({}, envelope, "place").value(), std::string(500, 'a'));
  const std::string encrypted = sealed({zstd(), aes({"k1"})}, "text", "");
  EXPECT_EQ(unseal({aes({"k1"})}, encrypted).value(), "text");
}

TEST(EnvelopeTest, SaysWhatItNeeds) {
  const auto look = [](const Codecs& codecs) {
    const std::string envelope = sealed(codecs, "text", "");
    const auto view = look_at(envelope);
    EXPECT_TRUE(view);
    return view->text();
  };
  EXPECT_EQ(look({zstd()}), "zstd");
  EXPECT_EQ(look({zstd(), aes({"2026-11.eu_1"})}), "zstd, aes-gcm with the key 2026-11.eu_1");
  EXPECT_EQ(look({aes({"k1"}), exclusive_or("mine")}), "aes-gcm, mine");

  const std::string envelope = sealed({exclusive_or("a"), zstd()}, "text", "");
  const auto view = look_at(envelope);
  ASSERT_TRUE(view);
  EXPECT_THAT(view->codecs, ElementsAre("a", "zstd"));
  EXPECT_THAT(view->key_id, IsEmpty());
}

TEST(EnvelopeTest, OfAnotherPlaceIsRefused) {
  const Codecs codecs = {zstd(), aes({"k1"})};
  const std::string envelope = sealed(codecs, "text", "run 1");
  for (const std::string_view place : {"", "run 2", "run 11", "run"}) {
    EXPECT_THAT(error_of(unseal(codecs, envelope, place)),
                StartsWith("RP1013 content that was encrypted with the key 'k1' does not verify"));
  }
}

// Taking out a name would show the content as another codec has left it.
TEST(EnvelopeTest, WithoutOneOfItsNamesIsRefused) {
  const Codecs codecs = {zstd(), aes({"k1"})};
  const std::string envelope = sealed(codecs, std::string(1000, 'a'), "");
  const std::string start("\1\2\4zstd\7aes-gcm", 15);
  ASSERT_THAT(envelope, StartsWith(start));
  const std::string changed = "\1\1\7aes-gcm" + envelope.substr(start.size());
  ASSERT_EQ(look_at(changed)->text(), "aes-gcm with the key k1");
  EXPECT_THAT(error_of(unseal(codecs, changed)), StartsWith("RP1013 "));
}

void expect_refused(const Codecs& codecs, const std::string& envelope) {
  const auto opened = unseal(codecs, envelope, "place");
  ASSERT_FALSE(opened) << "opened: " << ::testing::PrintToString(envelope);
  EXPECT_THAT(opened.error().text(),
              ::testing::AnyOf(StartsWith("RP1012 "), StartsWith("RP1013 ")));
}

TEST(EnvelopeTest, EncryptedIsRefusedIfAnythingChanges) {
  for (const Codecs& codecs : {Codecs{aes({"k1"})}, Codecs{zstd(), aes({"k1"})}}) {
    for (const std::string& plain : {std::string(), std::string("text"), std::string(500, 'a')}) {
      const std::string envelope = sealed(codecs, plain, "place");
      for (std::size_t size = 0; size < envelope.size(); ++size) {
        expect_refused(codecs, envelope.substr(0, size));
      }
      expect_refused(codecs, envelope + '\0');
      for (std::size_t bit = 0; bit < 8 * envelope.size(); ++bit) {
        std::string changed = envelope;
        changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
        expect_refused(codecs, changed);
      }
    }
  }
}

// A frame of zstd has a checksum of its content. One bit of its header says nothing.
TEST(EnvelopeTest, CompressedIsRefusedOrSaysTheSameIfAnythingChanges) {
  const Codecs codecs = {zstd()};
  const std::string plain = std::string(300, 'a') + noise(20) + std::string(300, 'b');
  const std::string envelope = sealed(codecs, plain, "place");
  ASSERT_LT(envelope.size(), plain.size() / 4);
  for (std::size_t size = 0; size < envelope.size(); ++size) {
    expect_refused(codecs, envelope.substr(0, size));
  }
  expect_refused(codecs, envelope + '\0');
  expect_refused(codecs, envelope + envelope);
  int harmless = 0;
  for (std::size_t bit = 0; bit < 8 * envelope.size(); ++bit) {
    std::string changed = envelope;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    const auto opened = unseal(codecs, changed, "place");
    if (opened && *opened == plain) ++harmless;
    if (!opened || *opened != plain) expect_refused(codecs, changed);
  }
  EXPECT_LE(harmless, 8);
}

TEST(EnvelopeTest, OfAnyBytesIsAnErrorThatSaysWhatIsWrong) {
  const struct {
    std::string envelope;
    std::string_view says;
  } wrong[] = {
      {"", "an empty text is no sealed content"},
      {std::string(1, '\0'), "not sealed, or by a later version of Reprise"},
      {"\2\1\4zstd", "not sealed, or by a later version of Reprise"},
      {"plain text", "not sealed, or by a later version of Reprise"},
      {"\1", "begins with no list of codecs"},
      {std::string("\1\0text", 6), "begins with no list of codecs"},
      {"\1\x09", "begins with no list of codecs"},
      {"\1\xff", "begins with no list of codecs"},
      {"\1\1", "the list of codecs of sealed content is damaged"},
      {std::string("\1\1\0", 3), "the list of codecs of sealed content is damaged"},
      {"\1\1\5zstd", "the list of codecs of sealed content is damaged"},
      {"\1\2\4zstd", "the list of codecs of sealed content is damaged"},
      {"\1\1\x41" + std::string(100, 'a'), "the list of codecs of sealed content is damaged"},
      {"\1\1\4zstd", "compressed with zstd is damaged: it is empty"},
      {"\1\1\4zstdtext", "compressed with zstd is damaged: it begins with another byte"},
      {"\1\1\4zstdz", "compressed with zstd is damaged: it begins with no frame"},
      {"\1\1\4zstdztext", "compressed with zstd is damaged: it begins with no frame"},
      {"\1\1\7aes-gcm", "encrypted by aes-gcm is damaged, or cut off"},
  };
  for (const auto& [envelope, says] : wrong) {
    const auto opened = unseal({zstd(), aes({"k1"})}, envelope);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, base::ErrorCode::kSealBroken);
    EXPECT_THAT(opened.error().message, HasSubstr(says));
  }
  EXPECT_THAT(error_of(unseal({}, "\1\1\3\x1b[m")), HasSubstr("the payload codec '\\x1b[m'"));
}

// Grows what it gets, or fails.
class Odd final : public Codec {
 public:
  explicit Odd(std::function<base::Result<std::string>()> result) : result_(std::move(result)) {}
  std::string_view name() const override { return "odd"; }
  base::Result<std::string> encode(std::string_view, std::string_view) const override {
    return result_();
  }
  base::Result<std::string> decode(std::string_view, std::string_view) const override {
    return result_();
  }

 private:
  std::function<base::Result<std::string>()> result_;
};

TEST(EnvelopeTest, TakesNoMoreThanARecordCanHave) {
  // Pages that nobody reads or writes take no memory.
  constexpr std::size_t kSize = kLargestContent + 1;
  void* const pages = ::mmap(nullptr, kSize, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(pages, MAP_FAILED);
  const std::string_view plain(static_cast<const char*>(pages), kSize);
  EXPECT_EQ(error_of(seal({zstd()}, plain)),
            "RP3002 the content has 1073741825 bytes; at most 1073741824 can be sealed");
  ::munmap(pages, kSize);
}

TEST(EnvelopeTest, PassesOnTheErrorOfACodec) {
  const base::Error error{base::ErrorCode::kInvalidCodec, "no"};
  const Codecs codecs = {zstd(), std::make_shared<const Odd>([&] { return error; }), aes({"k"})};
  EXPECT_EQ(error_of(seal(codecs, "text")), "RP3018 no");
  EXPECT_EQ(error_of(unseal(codecs, "\1\1\3oddtext")), "RP3018 no");
}

TEST(CodecsTest, ThatCannotBeToldApartAreRefused) {
  const auto fault = [](const Codecs& codecs) { return error_of(check_codecs(codecs)); };
  EXPECT_EQ(fault({}), "none");
  EXPECT_EQ(fault({exclusive_or("a"), zstd(), aes({"k"})}), "none");
  EXPECT_EQ(fault({exclusive_or(std::string(64, 'a')), exclusive_or("päckchen")}), "none");
  EXPECT_EQ(fault({nullptr}), "RP3018 a payload codec is null");
  EXPECT_EQ(fault({exclusive_or("")}),
            "RP3018 a payload codec has no name; name() must return one");
  EXPECT_THAT(fault({exclusive_or(std::string(65, 'a'))}), HasSubstr("has 65 bytes; at most 64"));
  EXPECT_THAT(fault({exclusive_or("a\nb")}),
              StartsWith("RP3018 the name of the payload codec 'a\\nb' has control characters"));
  EXPECT_THAT(fault({exclusive_or("\xff")}), HasSubstr("no UTF-8"));
  EXPECT_THAT(fault({exclusive_or(std::string("a\0b", 3))}), HasSubstr("control characters"));
  EXPECT_THAT(fault({exclusive_or("a"), exclusive_or("b"), exclusive_or("a")}),
              StartsWith("RP3018 two payload codecs have the name 'a'"));
  Codecs many;
  for (std::size_t i = 0; i <= kMaxCodecs; ++i) many.push_back(exclusive_or(std::to_string(i)));
  EXPECT_THAT(fault(many), StartsWith("RP3018 a chain of 9 payload codecs is too long"));
  many.pop_back();
  EXPECT_EQ(fault(many), "none");
}

}  // namespace
}  // namespace reprise::sealing::envelope_test
