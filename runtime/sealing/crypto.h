// The primitives of encryption, from OpenSSL: secrets that are wiped, HKDF-SHA256 and AES-256-GCM.
#pragma once
#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "runtime/sealing/spare_contexts.h"

namespace reprise::sealing {

inline constexpr std::size_t kKeyBytes = 32;
inline constexpr std::size_t kNonceBytes = 12;

// Overwrites the bytes, in a way that the compiler does not leave out.
void wipe(std::span<char> secret);

// 32 secret bytes; wiped at the end.
class Key {
 public:
  Key() = default;
  explicit Key(std::span<const char, kKeyBytes> bytes);
  ~Key();
  Key(const Key&) = delete;
  Key& operator=(const Key&) = delete;

  unsigned char* data() { return bytes_.data(); }
  const unsigned char* data() const { return bytes_.data(); }

 private:
  std::array<unsigned char, kKeyBytes> bytes_{};
};

// Bytes that nobody can guess. kNoResources: the system gives none.
base::Status random_bytes(std::span<char> out);

// RFC 5869. Fills `out`. kNoResources.
base::Status hkdf_sha256(std::string_view key,
                         std::string_view salt,
                         std::string_view info,
                         std::span<unsigned char> out);

// AES-256-GCM (NIST SP 800-38D) with one key, 96-bit nonces and 128-bit tags. Thread-safe. The
// caller never encrypts with the same nonce twice.
class Gcm {
 public:
  // `data` is authenticated, and not part of the result: first one, then the other.
  struct Data {
    std::string_view first{};
    std::string_view second{};
  };

  // Copies the key.
  explicit Gcm(const Key& key);
  ~Gcm();

  // Appends the ciphertext and the tag to `out`, which may be where `data` is. kNoResources.
  base::Status encrypt(std::string_view nonce,
                       const Data& data,
                       std::string_view plain,
                       std::string* out) const;
  // false: the tag says that something is not what was encrypted.
  base::Result<bool> decrypt(std::string_view nonce,
                             const Data& data,
                             std::string_view ciphertext,
                             std::string_view tag,
                             std::string* plain) const;

  class Context;

 private:
  std::unique_ptr<Context> context(SpareContexts<Context>& spare, bool encrypts) const;

  Key key_;
  mutable SpareContexts<Context> encrypting_;
  mutable SpareContexts<Context> decrypting_;
};

}  // namespace reprise::sealing
