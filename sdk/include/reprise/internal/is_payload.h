// Can a type be a payload? Checked where a user names the type, so that the error is at that line.
#pragma once
#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <reprise/codec.h>
#include <set>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

namespace reprise::internal {

// The types that a T contains, for codecs that use other codecs.
template <class T>
struct Elements {
  using Types = std::tuple<>;
};
template <class T>
struct Elements<std::vector<T>> {
  using Types = std::tuple<T>;
};
template <class T, std::size_t N>
struct Elements<std::array<T, N>> {
  using Types = std::tuple<T>;
};
template <class A, class B>
struct Elements<std::pair<A, B>> {
  using Types = std::tuple<A, B>;
};
template <class... A>
struct Elements<std::tuple<A...>> {
  using Types = std::tuple<A...>;
};
template <class K, class V, class... X>
struct Elements<std::map<K, V, X...>> {
  using Types = std::tuple<K, V>;
};
template <class K, class V, class... X>
struct Elements<std::unordered_map<K, V, X...>> {
  using Types = std::tuple<K, V>;
};
template <class T, class... X>
struct Elements<std::set<T, X...>> {
  using Types = std::tuple<T>;
};
template <class T, class... X>
struct Elements<std::unordered_set<T, X...>> {
  using Types = std::tuple<T>;
};
template <class T>
struct Elements<std::optional<T>> {
  using Types = std::tuple<T>;
};
template <class... T>
struct Elements<std::variant<T...>> {
  using Types = std::tuple<T...>;
};

template <class T>
inline constexpr bool kHasOwnCodec = !std::is_base_of_v<NoCodec, Codec<T>>;
template <>
inline constexpr bool kHasOwnCodec<void> = true;

// The first of the types, and of the types they contain, without a codec; void: all have one.
template <class... T>
struct WithoutCodec {
  using Type = void;
};
template <class Elements>
struct ElementWithoutCodec;
template <class... E>
struct ElementWithoutCodec<std::tuple<E...>> : WithoutCodec<E...> {};
template <class T, class... More>
struct WithoutCodec<T, More...> {
  using Element = typename ElementWithoutCodec<typename Elements<T>::Types>::Type;
  using Type = std::conditional_t<
      !kHasOwnCodec<T>,
      T,
      std::conditional_t<std::is_void_v<Element>, typename WithoutCodec<More...>::Type, Element>>;
};

// Can all of them be payloads? Callers then leave out what would not compile.
template <class... T>
inline constexpr bool kPayloads = std::is_void_v<typename WithoutCodec<T...>::Type>;

// Exists for its error alone: one for each type, however often the type is used.
template <class T>
struct NoPayload {
  static_assert(kHasOwnCodec<T>,
                "Reprise cannot encode this type: include <reprise/json.h> and give it a default "
                "constructor and NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(type, members...), include "
                "<reprise/protobuf.h> if it is a generated message, or specialize reprise::Codec");
};
template <>
struct NoPayload<void> {};

}  // namespace reprise::internal
