// Definition names and task queues recur in every run: each is stored once and referred to by
// pointer. Entries live as long as the table.
#pragma once
#include <array>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>

namespace reprise::runtime {

// Not thread-safe.
class Names {
 public:
  Names() = default;
  Names(const Names&) = delete;
  Names& operator=(const Names&) = delete;

  const std::string* intern(std::string_view name) {
    // Nearly always the same workflow and task queue as before.
    for (const std::string* recent : recent_) {
      if (recent != nullptr && *recent == name) return recent;
    }
    const auto known = names_.find(name);
    const std::string* found = known != names_.end() ? &*known : &*names_.emplace(name).first;
    return recent_[next_++ % recent_.size()] = found;
  }

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  std::unordered_set<std::string, Hash, std::equal_to<>> names_;  // nodes: addresses are stable
  std::array<const std::string*, 2> recent_{};
  std::size_t next_ = 0;  // of recent_, to be replaced
};

}  // namespace reprise::runtime
