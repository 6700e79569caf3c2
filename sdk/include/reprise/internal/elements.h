// The elements and results of Context::map().
#pragma once
#include <cstddef>
#include <optional>
#include <ranges>
#include <reprise/internal/opaque.h>
#include <type_traits>
#include <utility>
#include <vector>

namespace reprise::internal {

// A range that owns its elements is taken over; of any other one they are copied.
template <class Range>
auto elements_of(Range&& range) {
  std::vector<std::ranges::range_value_t<Range>> elements;
  if constexpr (std::ranges::sized_range<Range>) elements.reserve(std::ranges::size(range));
  constexpr bool kTaken =
      !std::is_lvalue_reference_v<Range> && !std::ranges::view<std::remove_cvref_t<Range>>;
  for (auto&& element : range) {
    if constexpr (kTaken) {
      elements.push_back(std::move(element));
    } else {
      elements.push_back(element);
    }
  }
  return elements;
}

template <class R>
std::vector<R> values_of(std::vector<std::optional<R>> results) {
  std::vector<R> values;
  values.reserve(results.size());
  for (auto& result : results) values.push_back(std::move(*result));
  return values;
}

template <class Call>
Indexed indexed(const Call& call) {
  return {&call, [](const void* object, std::size_t index) {
            (*static_cast<const Call*>(object))(index);
          }};
}

}  // namespace reprise::internal
