// The handlers that the code of a run registers by name: the latest one of a name counts.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace reprise::replay {

template <class Handler>
class HandlerMap {
 public:
  // `id`: for remove().
  void set(std::string_view name, std::uint64_t id, Handler handler) {
    entries_[std::string(name)] = {id, std::move(handler)};
  }
  // Ignores an unknown id.
  void remove(std::uint64_t id) {
    std::erase_if(entries_, [id](const auto& entry) { return entry.second.id == id; });
  }
  // nullptr: there is none now. Valid until the map changes.
  const Handler* find(std::string_view name) const {
    const auto found = entries_.find(name);
    return found == entries_.end() ? nullptr : &found->second.handler;
  }

  std::string names() const {  // "a, b"; empty: none
    std::string all;
    for (const auto& [name, entry] : entries_) all += (all.empty() ? "" : ", ") + name;
    return all;
  }

 private:
  struct Entry {
    std::uint64_t id = 0;
    Handler handler;
  };
  std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace reprise::replay
