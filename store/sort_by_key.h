// Sorts items by key, in LMDB's order. Much of archiving was sorting: keys are strings, which are
// expensive to compare and to move. So their first sixteen bytes are sorted, which nearly always
// decide.
#pragma once
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "store/bytes.h"

namespace reprise::store {

// Stable. `Item::key` is a std::string.
template <class Item>
void sort_by_key(std::vector<Item>* items) {
  const auto in_order = [](const Item& a, const Item& b) { return a.key < b.key; };
  if (std::is_sorted(items->begin(), items->end(), in_order)) return;

  struct Beginning {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    std::size_t item = 0;
  };
  std::vector<Beginning> order(items->size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    char bytes[16] = {};
    const auto& key = (*items)[i].key;
    std::memcpy(bytes, key.data(), std::min(key.size(), sizeof bytes));
    order[i] = {load_be64({bytes, 8}), load_be64({bytes + 8, 8}), i};
  }
  std::sort(order.begin(), order.end(), [&](const Beginning& a, const Beginning& b) {
    if (a.high != b.high) return a.high < b.high;
    if (a.low != b.low) return a.low < b.low;
    const int compared = (*items)[a.item].key.compare((*items)[b.item].key);
    return compared != 0 ? compared < 0 : a.item < b.item;
  });

  std::vector<Item> sorted;
  sorted.reserve(items->size());
  for (const Beginning& next : order) sorted.push_back(std::move((*items)[next.item]));
  *items = std::move(sorted);
}

}  // namespace reprise::store
