#include "runtime/sealing/aes_gcm_layout.h"

namespace reprise::sealing {
namespace {

constexpr char kLayoutVersion = 1;
constexpr std::size_t kIdAt = 2;
constexpr std::size_t kNumberBytes = 4;

}  // namespace

std::optional<AesGcmMessage> read_message(std::string_view encoded) {
  if (encoded.size() < kIdAt || encoded[0] != kLayoutVersion) return {};
  const std::size_t id_bytes = static_cast<unsigned char>(encoded[1]);
  if (id_bytes == 0 || id_bytes > kMaxKeyIdBytes) return {};
  const std::size_t header_bytes = kIdAt + id_bytes + kSaltBytes + kNumberBytes;
  if (encoded.size() < header_bytes + kTagBytes) return {};
  AesGcmMessage message{.key_id = encoded.substr(kIdAt, id_bytes),
                        .salt = encoded.substr(kIdAt + id_bytes, kSaltBytes),
                        .header = encoded.substr(0, header_bytes)};
  for (std::size_t i = 0; i < kNumberBytes; ++i) {
    const auto byte = static_cast<unsigned char>(encoded[header_bytes - kNumberBytes + i]);
    message.number |= std::uint32_t{byte} << (8 * i);
  }
  const std::size_t tag_at = encoded.size() - kTagBytes;
  message.ciphertext = encoded.substr(header_bytes, tag_at - header_bytes);
  message.tag = encoded.substr(tag_at);
  return message;
}

void append_header(std::string_view key_id,
                   std::string_view salt,
                   std::uint32_t number,
                   std::string* out) {
  *out += kLayoutVersion;
  *out += static_cast<char>(key_id.size());
  *out += key_id;
  *out += salt;
  for (std::size_t i = 0; i < kNumberBytes; ++i) {
    *out += static_cast<char>((number >> (8 * i)) & 255);
  }
}

}  // namespace reprise::sealing
