// Definition names and task queues recur in every run: each is kept once and referred to by
// pointer. Entries live as long as the table.
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>

namespace reprise::runtime {

// Not thread-safe.
class Names {
 public:
  const std::string* intern(std::string_view name) {
    const auto known = names_.find(name);
    return known != names_.end() ? &*known : &*names_.emplace(name).first;
  }

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  std::unordered_set<std::string, Hash, std::equal_to<>> names_;  // nodes: addresses are stable
};

}  // namespace reprise::runtime
