#include "sdk/src/sealing/payload_codecs.h"

#include <exception>
#include <utility>

#include "base/printable_text.h"
#include "runtime/sealing/aes_gcm_codec.h"
#include "runtime/sealing/aes_gcm_layout.h"
#include "runtime/sealing/key_file.h"
#include "runtime/sealing/zstd_codec.h"
#include "sdk/src/errors.h"

namespace reprise {
namespace {

static_assert(kMaxPayloadCodecs == sealing::kMaxCodecs);
static_assert(kMaxCodecNameBytes == sealing::kMaxCodecNameBytes);
static_assert(kMaxEncryptionKeyIdBytes == sealing::kMaxKeyIdBytes);
static_assert(kEncryptionKeyBytes == sealing::kKeyBytes);

// A codec of the library, for users.
class LibraryCodec final : public PayloadCodec {
 public:
  explicit LibraryCodec(std::shared_ptr<const sealing::Codec> codec) : codec_(std::move(codec)) {}

  std::string_view name() const override { return codec_->name(); }
  std::string encode(std::string_view plain) const override {
    return internal::value_or_throw(codec_->encode(plain, {}));
  }
  std::string decode(std::string_view encoded) const override {
    return internal::value_or_throw(codec_->decode(encoded, {}));
  }
  const std::shared_ptr<const sealing::Codec>& codec() const { return codec_; }

 private:
  const std::shared_ptr<const sealing::Codec> codec_;
};

// What the function returns; what it throws becomes an error of this code.
template <class Fn>
base::Result<std::string> guarded(base::ErrorCode code, const std::string& what, Fn fn) {
  std::string thrown;
  try {
    return std::string(fn());
  } catch (const std::exception& exception) {
    thrown = base::printable_text(exception.what());
  } catch (...) {
    thrown = "an exception without a text";
  }
  return base::Error{code, what + " has thrown: " + thrown};
}

// A codec of a user, for the library.
class UsersCodec final : public sealing::Codec {
 public:
  UsersCodec(std::shared_ptr<PayloadCodec> codec, std::string name)
      : codec_(std::move(codec)), name_(std::move(name)) {}

  std::string_view name() const override { return name_; }
  base::Result<std::string> encode(std::string_view plain, std::string_view) const override {
    return guarded(base::ErrorCode::kInvalidCodec, "encode() of the payload codec '" + name_ + "'",
                   [&] { return codec_->encode(plain); });
  }
  base::Result<std::string> decode(std::string_view encoded, std::string_view) const override {
    return guarded(base::ErrorCode::kSealBroken, "decode() of the payload codec '" + name_ + "'",
                   [&] { return codec_->decode(encoded); });
  }

 private:
  const std::shared_ptr<PayloadCodec> codec_;
  const std::string name_;
};

std::shared_ptr<const sealing::Codec> sealing_codec(const std::shared_ptr<PayloadCodec>& codec) {
  if (codec == nullptr) return nullptr;
  if (const auto* const ours = dynamic_cast<const LibraryCodec*>(codec.get())) {
    return ours->codec();
  }
  auto name = internal::value_or_throw(guarded(
      base::ErrorCode::kInvalidCodec, "name() of a payload codec", [&] { return codec->name(); }));
  if (name == sealing::kZstdName || name == sealing::kAesGcmName) {
    internal::throw_error(
        {base::ErrorCode::kInvalidCodec, "a payload codec of your own has the name '" + name +
                                             "', which is that of one of the library's codecs"});
  }
  return std::make_shared<const UsersCodec>(codec, std::move(name));
}

}  // namespace

sealing::Codecs internal::sealing_codecs(const PayloadCodecs& codecs) {
  sealing::Codecs chain;
  for (const auto& codec : codecs) chain.push_back(sealing_codec(codec));
  value_or_throw(sealing::check_codecs(chain));
  return chain;
}

std::shared_ptr<PayloadCodec> zstd_codec(int level) {
  return std::make_shared<LibraryCodec>(internal::value_or_throw(sealing::make_zstd_codec(level)));
}

std::shared_ptr<PayloadCodec> aes_gcm_codec(KeyRing ring) {
  sealing::KeyMaterial material;  // wipes what it was given
  while (!ring.keys.empty()) {
    auto key = ring.keys.extract(ring.keys.begin());
    material.keys.try_emplace(key.key(), std::move(key.mapped()));
  }
  material.current = std::move(ring.current);
  return std::make_shared<LibraryCodec>(
      sealing::make_aes_gcm_codec(internal::value_or_throw(sealing::KeyRing::make(material))));
}

KeyRing read_key_file(const std::string& path) {
  auto material = internal::value_or_throw(sealing::read_key_file(path));
  KeyRing ring{.keys = {}, .current = std::move(material.current)};
  for (auto& [id, key] : material.keys) ring.keys.try_emplace(id, std::move(key));
  material.keys.clear();
  return ring;
}

}  // namespace reprise
