// The keys that encrypt, each derived from a key of a ring and a salt.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/result.h"
#include "runtime/sealing/crypto.h"

namespace reprise::sealing {

// Those that were used last. Thread-safe.
class DerivedKeys {
 public:
  // A process has one salt for all that it encrypts, so a store has as many as it had processes.
  static constexpr std::size_t kMost = 64;

  // kNoResources. `id` is that of `key`: one id has one key.
  base::Result<std::shared_ptr<const Gcm>> get(std::string_view id,
                                               const Key& key,
                                               std::string_view salt);

  std::size_t size() const;

 private:
  struct Entry {
    std::shared_ptr<const Gcm> cipher;
    std::uint64_t used = 0;
  };

  void make_room();

  mutable std::mutex mutex_;
  std::map<std::string, Entry, std::less<>> entries_;  // by salt and id
  std::uint64_t uses_ = 0;
};

// kNoResources.
base::Result<std::shared_ptr<const Gcm>> derive(const Key& key, std::string_view salt);

}  // namespace reprise::sealing
