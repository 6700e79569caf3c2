// The keys of one commit of the archive, in few pieces of memory: an allocation for each key was a
// sixth of archiving.
#pragma once
#include <cstddef>
#include <memory_resource>
#include <string_view>

namespace reprise::store {

class KeyPool {
 public:
  // What these return is there as long as the pool is.
  std::string_view keep(std::string_view key) { return join(key, {}); }
  std::string_view join(std::string_view first, std::string_view second) {
    const std::size_t size = first.size() + second.size();
    auto* const bytes = static_cast<char*>(memory_.allocate(size, 1));
    first.copy(bytes, first.size());
    second.copy(bytes + first.size(), second.size());
    return {bytes, size};
  }

 private:
  std::pmr::monotonic_buffer_resource memory_;
};

}  // namespace reprise::store
