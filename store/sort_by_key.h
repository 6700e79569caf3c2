// Sorts items by key, in LMDB's order. Much of archiving was sorting: keys are strings, which are
// expensive to compare and to move. Items come in the order of their runs, so those of one kind,
// which begin with the same byte, are often in order already; of the others, sixteen bytes after
// what all of them begin with nearly always decide.
#pragma once
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "store/bytes.h"

namespace reprise::store {
namespace sort_by_key_detail {

using Places = std::span<std::size_t>;  // where the items of a group are, in the order they came in

inline std::size_t common_prefix(std::string_view a, std::string_view b) {
  return static_cast<std::size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
}

// The places of all items, by the first byte of their keys, and where each group ends.
template <class Item>
std::vector<std::size_t> by_first_byte(const std::vector<Item>& items,
                                       std::vector<std::size_t>* ends) {
  const auto group = [](const Item& item) -> std::size_t {
    return item.key.empty() ? 0 : 1 + static_cast<unsigned char>(item.key.front());
  };
  ends->assign(257, 0);
  for (const Item& item : items) ++(*ends)[group(item)];
  std::size_t begin = 0;
  for (std::size_t& end : *ends) begin += std::exchange(end, begin);
  std::vector<std::size_t> places(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) places[(*ends)[group(items[i])]++] = i;
  return places;
}

template <class Item>
void sort_group(const std::vector<Item>& items, Places places) {
  const auto key = [&](std::size_t place) -> std::string_view { return items[place].key; };
  std::size_t common = key(places.front()).size();
  bool sorted = true;
  for (std::size_t i = 1; i < places.size(); ++i) {
    common = std::min(common, common_prefix(key(places[i]).substr(0, common), key(places[i - 1])));
    sorted = sorted && key(places[i - 1]) <= key(places[i]);
  }
  if (sorted) return;

  struct Beginning {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    std::size_t place = 0;
  };
  std::vector<Beginning> order(places.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    char bytes[16] = {};
    const std::string_view rest = key(places[i]).substr(common);
    std::memcpy(bytes, rest.data(), std::min(rest.size(), sizeof bytes));
    order[i] = {load_be64({bytes, 8}), load_be64({bytes + 8, 8}), places[i]};
  }
  std::sort(order.begin(), order.end(), [&](const Beginning& a, const Beginning& b) {
    if (a.high != b.high) return a.high < b.high;
    if (a.low != b.low) return a.low < b.low;
    const int compared = key(a.place).compare(key(b.place));
    return compared != 0 ? compared < 0 : a.place < b.place;
  });
  for (std::size_t i = 0; i < order.size(); ++i) places[i] = order[i].place;
}

}  // namespace sort_by_key_detail

// Stable. `Item::key` is a std::string.
template <class Item>
void sort_by_key(std::vector<Item>* items) {
  const auto in_order = [](const Item& a, const Item& b) { return a.key < b.key; };
  if (std::is_sorted(items->begin(), items->end(), in_order)) return;

  std::vector<std::size_t> ends;
  std::vector<std::size_t> places = sort_by_key_detail::by_first_byte(*items, &ends);
  std::size_t begin = 0;
  for (const std::size_t end : ends) {
    if (end - begin > 1) {
      sort_by_key_detail::sort_group(
          *items, sort_by_key_detail::Places(places).subspan(begin, end - begin));
    }
    begin = end;
  }

  std::vector<Item> sorted;
  sorted.reserve(items->size());
  for (const std::size_t place : places) sorted.push_back(std::move((*items)[place]));
  *items = std::move(sorted);
}

}  // namespace reprise::store
