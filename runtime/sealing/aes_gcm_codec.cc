#include "runtime/sealing/aes_gcm_codec.h"

#include <array>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "base/fork.h"
#include "base/printable_text.h"
#include "runtime/sealing/aes_gcm_layout.h"
#include "runtime/sealing/derived_keys.h"

namespace reprise::sealing {
namespace {

// Unique among the messages of a salt, as their numbers are.
std::array<char, kNonceBytes> nonce_of(std::uint32_t number) {
  std::array<char, kNonceBytes> nonce{};
  for (std::size_t i = 0; i < 4; ++i) {
    nonce[kNonceBytes - 1 - i] = static_cast<char>((number >> (8 * i)) & 255);
  }
  return nonce;
}

template <std::size_t kBytes>
std::string_view view(const std::array<char, kBytes>& bytes) {
  return {bytes.data(), kBytes};
}

class AesGcmCodec final : public Codec {
 public:
  AesGcmCodec(std::shared_ptr<const KeyRing> ring, SaltLimits limits)
      : ring_(std::move(ring)), limits_(limits) {}

  std::string_view name() const override { return kAesGcmName; }

  base::Result<std::string> encode(std::string_view plain, std::string_view bound) const override {
    const auto place = next_place(plain.size());
    if (!place) return place.error();
    const std::string& id = ring_->current();
    std::string out;
    out.reserve(2 + id.size() + kSaltBytes + 4 + plain.size() + kTagBytes);
    append_header(id, view(place->salt), place->number, &out);
    const auto status =
        place->cipher->encrypt(view(nonce_of(place->number)), {out, bound}, plain, &out);
    if (!status) return status.error();
    return out;
  }

  base::Result<std::string> decode(std::string_view encoded,
                                   std::string_view bound) const override {
    const auto message = read_message(encoded);
    if (!message) {
      return base::Error{base::ErrorCode::kSealBroken,
                         "content that was encrypted by aes-gcm is damaged, or cut off"};
    }
    const Key* const key = ring_->find(message->key_id);
    if (key == nullptr) return missing(message->key_id);
    const auto cipher = derived_.get(message->key_id, *key, message->salt);
    if (!cipher) return cipher.error();
    std::string plain;
    const auto verified =
        (*cipher)->decrypt(view(nonce_of(message->number)), {message->header, bound},
                           message->ciphertext, message->tag, &plain);
    if (!verified) return verified.error();
    if (!*verified) return not_verified(message->key_id);
    return plain;
  }

 private:
  // Of a message among all that this codec encrypts.
  struct Place {
    std::shared_ptr<const Gcm> cipher{};
    std::array<char, kSaltBytes> salt{};
    std::uint32_t number = 0;
  };
  // A key derived with a salt of its own, and what it has encrypted.
  struct Epoch {
    std::shared_ptr<const Gcm> cipher{};
    std::array<char, kSaltBytes> salt{};
    std::uint64_t process = 0;  // a child of fork(2) would use the same nonces
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;
  };

  base::Result<Place> next_place(std::size_t bytes) const {
    const std::lock_guard lock(mutex_);
    if (!epoch_ || epoch_->process != base::fork_generation() ||
        epoch_->messages >= limits_.messages || epoch_->bytes >= limits_.bytes) {
      auto next = next_epoch();
      if (!next) return next.error();
      epoch_ = std::move(next).value();
    }
    epoch_->bytes += bytes;
    return Place{epoch_->cipher, epoch_->salt, static_cast<std::uint32_t>(epoch_->messages++)};
  }

  base::Result<Epoch> next_epoch() const {
    Epoch epoch;
    epoch.process = base::fork_generation();
    if (auto status = random_bytes(epoch.salt); !status) return status.error();
    const std::string& id = ring_->current();
    auto cipher = derived_.get(id, *ring_->find(id), view(epoch.salt));
    if (!cipher) return cipher.error();
    epoch.cipher = std::move(cipher).value();
    return epoch;
  }

  static base::Error missing(std::string_view id) {
    return {base::ErrorCode::kKeyMissing,
            "the key with the id '" + base::printable_text(id) +
                "' is not there, and content was encrypted with it; add it to the key ring, or "
                "the key file, again"};
  }
  static base::Error not_verified(std::string_view id) {
    return {base::ErrorCode::kSealBroken,
            "content that was encrypted with the key '" + base::printable_text(id) +
                "' does not verify: it was changed or moved, or another key has this id now"};
  }

  const std::shared_ptr<const KeyRing> ring_;
  const SaltLimits limits_;
  mutable DerivedKeys derived_;
  mutable std::mutex mutex_;
  mutable std::optional<Epoch> epoch_;
};

}  // namespace

std::shared_ptr<const Codec> make_aes_gcm_codec(std::shared_ptr<const KeyRing> ring,
                                                SaltLimits limits) {
  return std::make_shared<const AesGcmCodec>(std::move(ring), limits);
}

}  // namespace reprise::sealing
