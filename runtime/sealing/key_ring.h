// Keys by their ids, and which of them encrypts.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "runtime/sealing/crypto.h"

namespace reprise::sealing {

inline constexpr std::size_t kMaxKeys = 1'000;

// As a user writes it: 32-byte keys by id. Wipes its keys when it ends.
struct KeyMaterial {
  KeyMaterial() = default;
  ~KeyMaterial();
  KeyMaterial(KeyMaterial&&) = default;
  KeyMaterial& operator=(KeyMaterial&&) = default;

  std::map<std::string, std::string, std::less<>> keys{};
  std::string current{};
};

// Immutable, so thread-safe.
class KeyRing {
 public:
  // kInvalidKey: there is no key or too many, one has another length than kKeyBytes, an id is bad,
  // or the current one is none of them. The message has no key.
  static base::Result<std::shared_ptr<const KeyRing>> make(const KeyMaterial& material);

  const std::string& current() const { return current_; }
  // nullptr: there is no key with this id.
  const Key* find(std::string_view id) const;

 private:
  KeyRing() = default;

  std::map<std::string, Key, std::less<>> keys_;
  std::string current_;
};

// kInvalidKey: it is empty, longer than kMaxKeyIdBytes, or has other characters than letters and
// digits of ASCII, '.', '_' and '-'.
base::Status check_key_id(std::string_view id);

}  // namespace reprise::sealing
