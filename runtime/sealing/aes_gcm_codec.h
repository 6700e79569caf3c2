// Encryption with AES-256-GCM. ADR 0059 says why keys are derived.
#pragma once
#include <cstdint>
#include <memory>

#include "base/result.h"
#include "runtime/sealing/codec.h"
#include "runtime/sealing/key_ring.h"

namespace reprise::sealing {

// What one derived key may encrypt before the codec derives the next one.
struct SaltLimits {
  std::uint64_t messages = std::uint64_t{1} << 32;  // the numbers that a message has room for
  std::uint64_t bytes = std::uint64_t{1} << 38;
};

// Encrypts with the current key of the ring, decrypts with each of them.
std::shared_ptr<const Codec> make_aes_gcm_codec(std::shared_ptr<const KeyRing> ring,
                                                SaltLimits limits = {});

}  // namespace reprise::sealing
