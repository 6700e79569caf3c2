// Payload codecs of programs: the library's own, users' own, and chains of both. First the code of
// docs/codecs.md; a test makes sure that it is that code.
#include <fstream>
#include <functional>
#include <memory>
#include <new>
#include <reprise/reprise.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/sealing/envelope.h"
#include "sdk/src/sealing/payload_codecs.h"
#include "tests/support/page_code.h"
#include "tests/support/temporary_directory.h"

namespace codecs_page_test {

// Stands for a key service: it keeps the keys, and never gives one away.
class KeyService {
 public:
  std::string encrypt(std::string_view plain) const { return "v1:" + turned(plain); }
  std::string decrypt(std::string_view encrypted) const {
    if (!encrypted.starts_with("v1:")) throw std::runtime_error("the service does not know this");
    return turned(encrypted.substr(3));
  }

 private:
  static std::string turned(std::string_view text) { return {text.rbegin(), text.rend()}; }
};

// ---- the page ---------------------------------------------------------------------------------

reprise::PayloadCodecs codecs_with(const std::string& key_file) {
  return {reprise::zstd_codec(), reprise::aes_gcm_codec(reprise::read_key_file(key_file))};
}

std::unique_ptr<reprise::Engine> open_with_codecs(const std::string& store,
                                                  const std::string& key_file) {
  return reprise::Engine::open(store, {.codecs = codecs_with(key_file)});
}

class ServiceCodec : public reprise::PayloadCodec {
 public:
  explicit ServiceCodec(KeyService service) : service_(std::move(service)) {}

  std::string_view name() const override { return "acme-keys"; }
  std::string encode(std::string_view plain) const override { return service_.encrypt(plain); }
  std::string decode(std::string_view encoded) const override { return service_.decrypt(encoded); }

 private:
  const KeyService service_;
};

}  // namespace codecs_page_test

namespace reprise::codecs_page_test {
namespace {

using namespace ::codecs_page_test;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(CodecsPage, HasThisCode) {
  testing::expect_code_of("docs/codecs.md", "tests/unit/sdk/codecs_page_test.cc", 3);
}

KeyRing ring(const std::string& id = "k1") {
  return {.keys = {{id, std::string(kEncryptionKeyBytes, 'k')}}, .current = id};
}

// What the call throws; it must be an E.
template <class E, class Call>
std::string thrown(const Call& call) {
  try {
    call();
  } catch (const E& error) {
    return error.what();
  }
  return "nothing";
}

std::string refused(const PayloadCodecs& codecs) {
  return thrown<InvalidOption>([&] { internal::sealing_codecs(codecs); });
}

TEST(PayloadCodecs, OfTheLibraryCanBeCalled) {
  for (const auto& codec : {zstd_codec(), zstd_codec(22), aes_gcm_codec(ring())}) {
    const std::string plain(1'000, 'a');
    const std::string encoded = codec->encode(plain);
    EXPECT_NE(encoded, plain);
    EXPECT_EQ(codec->decode(encoded), plain);
    EXPECT_THAT(thrown<StoreError>([&] { codec->decode("nothing of it"); }), StartsWith("RP1013 "));
  }
  EXPECT_EQ(zstd_codec()->name(), "zstd");
  EXPECT_EQ(aes_gcm_codec(ring())->name(), "aes-gcm");
}

TEST(PayloadCodecs, OfTheLibraryAreCalledDirectly) {
  const auto codecs = internal::sealing_codecs({zstd_codec(), aes_gcm_codec(ring())});
  const auto envelope = sealing::seal(codecs, "text", "place");
  ASSERT_TRUE(envelope);
  EXPECT_EQ(sealing::look_at(*envelope)->text(), "zstd, aes-gcm with the key k1");
  // Only their own class binds to a place.
  EXPECT_TRUE(sealing::unseal(codecs, *envelope, "place"));
  EXPECT_FALSE(sealing::unseal(codecs, *envelope, "elsewhere"));
}

TEST(PayloadCodecs, RefuseKeysAndLevels) {
  EXPECT_THAT(thrown<InvalidOption>([] { zstd_codec(0); }),
              StartsWith("RP3018 zstd has no level 0"));
  EXPECT_THAT(thrown<InvalidOption>([] { zstd_codec(23); }), StartsWith("RP3018 "));
  EXPECT_THAT(thrown<InvalidOption>([] { aes_gcm_codec({}); }),
              StartsWith("RP3019 there is no key"));
  EXPECT_THAT(thrown<InvalidOption>([] {
                aes_gcm_codec({.keys = {{"k1", "secret"}}, .current = "k1"});
              }),
              StartsWith("RP3019 the key 'k1' has 6 bytes"));
  EXPECT_THAT(thrown<InvalidOption>([] {
                auto keys = ring();
                keys.current = "k2";
                aes_gcm_codec(std::move(keys));
              }),
              StartsWith("RP3019 the current key 'k2' is none"));
  EXPECT_THAT(thrown<InvalidOption>([] { aes_gcm_codec(ring("a b")); }),
              StartsWith("RP3019 the id of the key 'a b'"));
}

TEST(PayloadCodecs, NameTheKeyThatIsNotThere) {
  const std::string encoded = aes_gcm_codec(ring("old"))->encode("text");
  EXPECT_THAT(thrown<StoreError>([&] { aes_gcm_codec(ring("new"))->decode(encoded); }),
              StartsWith("RP1012 the key with the id 'old' is not there"));
}

// A codec of a user that does what the test says.
struct Own : PayloadCodec {
  std::string name_ = "own";
  std::function<std::string(std::string_view)> encode_ = [](auto text) {
    return std::string(text);
  };
  std::function<std::string(std::string_view)> decode_ = [](auto text) {
    return std::string(text);
  };
  std::string_view name() const override { return name_; }
  std::string encode(std::string_view plain) const override { return encode_(plain); }
  std::string decode(std::string_view encoded) const override { return decode_(encoded); }
};

std::shared_ptr<Own> own(std::string name = "own") {
  auto codec = std::make_shared<Own>();
  codec->name_ = std::move(name);
  return codec;
}

TEST(PayloadCodecs, ThatCannotBeToldApartAreRefused) {
  EXPECT_EQ(refused({}), "nothing");
  EXPECT_EQ(refused({own("a"), zstd_codec(), own("b"), aes_gcm_codec(ring())}), "nothing");
  EXPECT_THAT(refused({nullptr}), StartsWith("RP3018 a payload codec is null"));
  EXPECT_THAT(refused({own("")}), StartsWith("RP3018 a payload codec has no name"));
  EXPECT_THAT(refused({own(std::string(65, 'a'))}), HasSubstr("65 bytes; at most 64"));
  EXPECT_THAT(refused({own("a\nb")}), HasSubstr("'a\\nb' has control characters"));
  EXPECT_THAT(refused({own(std::string("a\0", 2))}), HasSubstr("'a\\x00' has control characters"));
  EXPECT_THAT(refused({own("\xc3\x28")}), HasSubstr("no UTF-8"));
  EXPECT_THAT(refused({own(), own()}), HasSubstr("two payload codecs have the name 'own'"));
  EXPECT_THAT(refused({zstd_codec(1), zstd_codec(3)}), HasSubstr("have the name 'zstd'"));
  for (const char* taken : {"zstd", "aes-gcm"}) {
    EXPECT_THAT(refused({own(taken)}),
                HasSubstr("'" + std::string(taken) + "', which is that of one of the library's"));
  }
  PayloadCodecs many;
  for (std::size_t i = 0; i <= kMaxPayloadCodecs; ++i) many.push_back(own(std::to_string(i)));
  EXPECT_THAT(refused(many), HasSubstr("a chain of 9 payload codecs is too long"));
}

TEST(PayloadCodecs, ThatThrowGiveErrors) {
  const auto bad = own("bad");
  const auto codecs = internal::sealing_codecs({bad});
  const auto fault_of = [&] { return sealing::seal(codecs, "text").error().text(); };
  bad->encode_ = [](std::string_view) -> std::string { throw std::runtime_error("no\nkey"); };
  EXPECT_EQ(fault_of(), "RP3018 encode() of the payload codec 'bad' has thrown: no\\nkey");
  bad->encode_ = [](std::string_view) -> std::string { throw 7; };
  EXPECT_THAT(fault_of(), HasSubstr("has thrown: an exception without a text"));
  bad->encode_ = [](std::string_view) -> std::string { throw std::bad_alloc(); };
  EXPECT_THAT(fault_of(), StartsWith("RP3018 "));
  bad->encode_ = [](auto text) { return std::string(text); };
  const auto envelope = sealing::seal(codecs, "text");
  ASSERT_TRUE(envelope);
  bad->decode_ = [](std::string_view) -> std::string { throw std::runtime_error("no key"); };
  EXPECT_EQ(sealing::unseal(codecs, *envelope).error().text(),
            "RP1013 decode() of the payload codec 'bad' has thrown: no key");

  struct Nameless : Own {
    std::string_view name() const override { throw std::runtime_error("no name"); }
  };
  EXPECT_EQ(refused({std::make_shared<Nameless>()}),
            "RP3018 name() of a payload codec has thrown: no name");
}

// The name is recorded for ever, so it is asked for once.
TEST(PayloadCodecs, KeepTheirFirstName) {
  const auto codec = own("first");
  const auto codecs = internal::sealing_codecs({codec});
  codec->name_ = "second";
  EXPECT_EQ(sealing::look_at(*sealing::seal(codecs, "text"))->text(), "first");
}

std::string key_file(const testing::TemporaryDirectory& directory, const std::string& text) {
  const std::string path = directory / "keys";
  std::ofstream(path) << text;
  EXPECT_EQ(::chmod(path.c_str(), 0600), 0);
  return path;
}

TEST(PayloadCodecs, OfThePageWork) {
  const testing::TemporaryDirectory directory;
  const std::string path =
      key_file(directory, "new " + std::string(64, 'a') + "\nold " + std::string(64, 'b') + "\n");
  const KeyRing keys = read_key_file(path);
  EXPECT_EQ(keys.current, "new");
  EXPECT_EQ(keys.keys.at("old"), std::string(kEncryptionKeyBytes, '\xbb'));

  auto chain = codecs_with(path);
  chain.push_back(std::make_shared<ServiceCodec>(KeyService()));
  const auto codecs = internal::sealing_codecs(chain);
  const auto envelope = sealing::seal(codecs, "text");
  ASSERT_TRUE(envelope);
  EXPECT_EQ(sealing::look_at(*envelope)->text(), "zstd, aes-gcm, acme-keys");
  EXPECT_EQ(sealing::unseal(codecs, *envelope).value(), "text");
}

TEST(PayloadCodecs, SayWhatIsWrongWithAKeyFile) {
  const testing::TemporaryDirectory directory;
  const std::string path = key_file(directory, "k1 " + std::string(63, 'a') + "\n");
  EXPECT_EQ(thrown<InvalidOption>([&] { read_key_file(path); }),
            "RP3019 line 1 of the key file " + path +
                " has no key of 64 hexadecimal digits after the id");
  EXPECT_THAT(thrown<InvalidOption>([&] { read_key_file(directory / "none"); }),
              HasSubstr("cannot be opened"));
}

}  // namespace
}  // namespace reprise::codecs_page_test
