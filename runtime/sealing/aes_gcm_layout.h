// The bytes that the codec aes-gcm makes: a header, the ciphertext, the tag.
//
//   1 byte    1, the version of the layout
//   1 byte    n, the length of the key's id: 1 to kMaxKeyIdBytes
//   n bytes   the key's id
//   16 bytes  the salt, with which the key that encrypts is derived from the key of this id
//   4 bytes   the number of the message among those of this salt, little-endian
//             the ciphertext, as long as the plain bytes
//   16 bytes  the tag of AES-256-GCM
//
// The nonce is eight zero bytes and the number, big-endian. Authenticated along with it: the
// header, and then what the codec was told to bind the content to.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace reprise::sealing {

inline constexpr std::size_t kMaxKeyIdBytes = 64;
inline constexpr std::size_t kSaltBytes = 16;
inline constexpr std::size_t kTagBytes = 16;

struct AesGcmMessage {
  std::string_view key_id{};
  std::string_view salt{};
  std::uint32_t number = 0;
  std::string_view ciphertext{};
  std::string_view tag{};
  std::string_view header{};  // all before the ciphertext
};

// Views into `encoded`. nullopt: it has another layout.
std::optional<AesGcmMessage> read_message(std::string_view encoded);

// Appends the header.
void append_header(std::string_view key_id,
                   std::string_view salt,
                   std::uint32_t number,
                   std::string* out);

}  // namespace reprise::sealing
