// LMDB must not open the same files twice in one process: closing one of the two would drop the
// locks of the other. This is the process's list of the store directories it has open.
#pragma once
#include <optional>
#include <string>
#include <sys/types.h>
#include <utility>

#include "base/result.h"

namespace reprise::store {

// Holds its directory in the list while it lives. Thread-safe.
class DirectoryClaim {
 public:
  // kStoreLocked when this process has the directory open, under whatever name.
  static base::Result<DirectoryClaim> claim(const std::string& directory);
  DirectoryClaim(DirectoryClaim&& other) noexcept : id_(std::exchange(other.id_, std::nullopt)) {}
  DirectoryClaim& operator=(DirectoryClaim&&) = delete;
  ~DirectoryClaim();

 private:
  using Id = std::pair<dev_t, ino_t>;
  explicit DirectoryClaim(Id id) : id_(id) {}
  std::optional<Id> id_;
};

}  // namespace reprise::store
