// Definition names and task queues recur in every run: each is kept once and referred to by
// pointer. Entries live as long as the table.
#pragma once
#include <string>
#include <string_view>
#include <unordered_set>

namespace reprise::runtime {

// Not thread-safe.
class Names {
 public:
  const std::string* intern(std::string_view name) { return &*names_.emplace(name).first; }

 private:
  std::unordered_set<std::string> names_;  // nodes: addresses are stable
};

}  // namespace reprise::runtime
