#include "runtime/sealing/key_ring.h"

#include <algorithm>
#include <span>

#include "base/printable_text.h"
#include "runtime/sealing/aes_gcm_layout.h"

namespace reprise::sealing {
namespace {

base::Error bad_key(std::string message) {
  return {base::ErrorCode::kInvalidKey, std::move(message)};
}

bool may_be_in_id(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

}  // namespace

KeyMaterial::~KeyMaterial() {
  for (auto& [id, key] : keys) wipe(key);
}

base::Status check_key_id(std::string_view id) {
  if (id.empty()) return bad_key("the id of a key is empty");
  if (id.size() > kMaxKeyIdBytes) {
    return bad_key("the id of a key has " + std::to_string(id.size()) + " bytes; at most " +
                   std::to_string(kMaxKeyIdBytes) + " are allowed");
  }
  if (std::ranges::all_of(id, may_be_in_id)) return {};
  return bad_key("the id of the key '" + base::printable_text(id) +
                 "' has other characters than letters, digits, '.', '_' and '-'");
}

base::Result<std::shared_ptr<const KeyRing>> KeyRing::make(const KeyMaterial& material) {
  if (material.keys.empty()) return bad_key("there is no key in the ring of keys");
  if (material.keys.size() > kMaxKeys) {
    return bad_key("the ring has " + std::to_string(material.keys.size()) + " keys; at most " +
                   std::to_string(kMaxKeys) + " are allowed");
  }
  const std::shared_ptr<KeyRing> ring(new KeyRing);
  for (const auto& [id, key] : material.keys) {
    if (auto status = check_key_id(id); !status) return status.error();
    if (key.size() != kKeyBytes) {
      return bad_key("the key '" + id + "' has " + std::to_string(key.size()) +
                     " bytes; a key of AES-256 has " + std::to_string(kKeyBytes));
    }
    ring->keys_.try_emplace(id, std::span<const char, kKeyBytes>(key.data(), kKeyBytes));
  }
  if (!ring->keys_.contains(material.current)) {
    return bad_key("the current key '" + base::printable_text(material.current) +
                   "' is none of the ring's keys");
  }
  ring->current_ = material.current;
  return std::shared_ptr<const KeyRing>(ring);
}

const Key* KeyRing::find(std::string_view id) const {
  const auto found = keys_.find(id);
  return found == keys_.end() ? nullptr : &found->second;
}

}  // namespace reprise::sealing
