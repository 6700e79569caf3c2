#include "runtime/sealing/derived_keys.h"

#include <algorithm>
#include <span>

namespace reprise::sealing {
namespace {

// Keeps these keys apart from what else may one day be derived from a key of a ring.
constexpr std::string_view kPurpose = "reprise aes-gcm 1";

}  // namespace

base::Result<std::shared_ptr<const Gcm>> derive(const Key& key, std::string_view salt) {
  Key derived;
  const std::string_view secret(reinterpret_cast<const char*>(key.data()), kKeyBytes);
  const auto status =
      hkdf_sha256(secret, salt, kPurpose, std::span<unsigned char>(derived.data(), kKeyBytes));
  if (!status) return status.error();
  return std::make_shared<const Gcm>(derived);
}

base::Result<std::shared_ptr<const Gcm>> DerivedKeys::get(std::string_view id,
                                                          const Key& key,
                                                          std::string_view salt) {
  std::string name(salt);
  name += id;
  {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(name);
    if (found != entries_.end()) {
      found->second.used = ++uses_;
      return found->second.cipher;
    }
  }
  auto derived = derive(key, salt);
  if (!derived) return derived.error();
  const std::lock_guard lock(mutex_);
  make_room();
  return entries_.try_emplace(std::move(name), Entry{std::move(derived).value(), ++uses_})
      .first->second.cipher;
}

std::size_t DerivedKeys::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

void DerivedKeys::make_room() {
  if (entries_.size() < kMost) return;
  entries_.erase(
      std::ranges::min_element(entries_, {}, [](const auto& entry) { return entry.second.used; }));
}

}  // namespace reprise::sealing
