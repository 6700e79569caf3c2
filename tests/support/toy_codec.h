// A codec for tests: with the same key the same bytes come out, and none of the text that went in.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/ids.h"
#include "runtime/sealing/codec.h"

namespace reprise::testing {

class ToyCodec final : public sealing::Codec {
 public:
  explicit ToyCodec(std::string key) : key_(std::move(key)) {}

  std::string_view name() const override { return "toy"; }
  base::Result<std::string> encode(std::string_view plain, std::string_view bound) const override {
    if (fails_) return base::Error{base::ErrorCode::kInvalidCodec, "the toy is broken"};
    const std::string digest =
        std::to_string(base::hash64(std::string(bound) + std::string(plain)));
    std::string out = key_ + '\0' + digest + '\0';
    for (const char each : plain) out += static_cast<char>(each ^ kMask);
    return out;
  }
  base::Result<std::string> decode(std::string_view encoded,
                                   std::string_view bound) const override {
    const std::size_t key_end = encoded.find('\0');
    const std::size_t digest_end = encoded.find('\0', key_end + 1);
    if (digest_end == std::string_view::npos) return broken();
    const std::string_view key = encoded.substr(0, key_end);
    if (key != key_) {
      return base::Error{base::ErrorCode::kKeyMissing, "no toy key '" + std::string(key) + "'"};
    }
    std::string plain;
    for (const char each : encoded.substr(digest_end + 1)) plain += static_cast<char>(each ^ kMask);
    const auto digest = encoded.substr(key_end + 1, digest_end - key_end - 1);
    const auto right = std::to_string(base::hash64(std::string(bound) + plain));
    return digest == right ? base::Result<std::string>(plain) : broken();
  }

  void fail() { fails_ = true; }
  // What was encoded before does not decode until the old one is back.
  void take_key(std::string key) { key_ = std::move(key); }

 private:
  static constexpr char kMask = '\x55';
  static base::Error broken() {
    return {base::ErrorCode::kSealBroken, "that is not what the toy has made"};
  }

  std::string key_;
  bool fails_ = false;
};

inline sealing::Codecs toy_codecs(std::string key = "k1") {
  return {std::make_shared<const ToyCodec>(std::move(key))};
}

}  // namespace reprise::testing
