// Codecs: how values become payloads. Out of the box: bool, integers, floats, enums, strings,
// chrono durations and time points, std::byte vectors, optional, vector, array, pair, tuple, map,
// set, their unordered variants, variant, monostate, and everything made of these. <reprise/json.h>
// adds types with nlohmann's to_json/from_json, <reprise/protobuf.h> generated messages.
#pragma once
#include <algorithm>
#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <reprise/cbor.h>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

namespace reprise {

namespace internal {
template <class T>
inline constexpr bool kAlwaysFalse = false;
}  // namespace internal

namespace internal {
struct NoCodec {};
}  // namespace internal

// How a T is written as exactly one CBOR data item and read back. Specialize it for a type of your
// own, in the header that defines the type, with these two functions. decode() throws PayloadError
// through the reader. What encode() writes stays in histories for ever: later versions of decode()
// must still read it. Called on workflow and activity threads alike: no shared state.
template <class T>
struct Codec : internal::NoCodec {
  static void encode(CborWriter& out, const T& value);
  static T decode(CborReader& in);
};

// ---- scalars
// --------------------------------------------------------------------------------------

template <>
struct Codec<bool> {
  static void encode(CborWriter& out, bool value) { out.boolean(value); }
  static bool decode(CborReader& in) { return in.boolean(); }
};

template <std::integral T>
struct Codec<T> {
  static_assert(sizeof(T) <= sizeof(std::uint64_t),
                "Reprise cannot encode integers of more than 64 bits: send two, or a string");
  static void encode(CborWriter& out, T value) {
    if constexpr (std::is_signed_v<T>) {
      out.integer(value);
    } else {
      out.unsigned_integer(value);
    }
  }
  static T decode(CborReader& in) {
    using Limits = std::numeric_limits<T>;
    if constexpr (std::is_signed_v<T>) {
      return static_cast<T>(in.integer(Limits::min(), Limits::max()));
    } else {
      return static_cast<T>(in.unsigned_integer(Limits::max()));
    }
  }
};

template <>
struct Codec<double> {
  static void encode(CborWriter& out, double value) { out.floating(value); }
  static double decode(CborReader& in) { return in.floating(); }
};

template <>
struct Codec<float> {
  static void encode(CborWriter& out, float value) { out.floating(static_cast<double>(value)); }
  static float decode(CborReader& in) { return in.single(); }
};

// As its number: enumerators may be added, not renumbered.
template <class T>
requires std::is_enum_v<T>
struct Codec<T> {
  using Number = std::underlying_type_t<T>;
  static void encode(CborWriter& out, T value) {
    Codec<Number>::encode(out, static_cast<Number>(value));
  }
  static T decode(CborReader& in) { return static_cast<T>(Codec<Number>::decode(in)); }
};

template <>
struct Codec<std::monostate> {
  static void encode(CborWriter& out, std::monostate) { out.null(); }
  static std::monostate decode(CborReader& in) { return in.null(), std::monostate{}; }
};

// As the number of its periods; the unit is part of the type and not of the payload.
template <class Rep, class Period>
struct Codec<std::chrono::duration<Rep, Period>> {
  using Value = std::chrono::duration<Rep, Period>;
  static void encode(CborWriter& out, Value value) { Codec<Rep>::encode(out, value.count()); }
  static Value decode(CborReader& in) { return Value(Codec<Rep>::decode(in)); }
};

template <class Clock, class D>
struct Codec<std::chrono::time_point<Clock, D>> {
  using Value = std::chrono::time_point<Clock, D>;
  static void encode(CborWriter& out, Value value) {
    Codec<D>::encode(out, value.time_since_epoch());
  }
  static Value decode(CborReader& in) { return Value(Codec<D>::decode(in)); }
};

// ---- strings
// --------------------------------------------------------------------------------------

template <>
struct Codec<std::string> {
  static void encode(CborWriter& out, const std::string& value) { out.text(value); }
  static std::string decode(CborReader& in) { return std::string(in.text()); }
};

// Can be sent but not received: the bytes of a payload do not outlive its decoding.
template <>
struct Codec<std::string_view> {
  static void encode(CborWriter& out, std::string_view value) { out.text(value); }
};

template <>
struct Codec<std::vector<std::byte>> {
  static void encode(CborWriter& out, const std::vector<std::byte>& value) {
    out.bytes({reinterpret_cast<const char*>(value.data()), value.size()});
  }
  static std::vector<std::byte> decode(CborReader& in) {
    const std::string_view bytes = in.bytes();
    const auto* data = reinterpret_cast<const std::byte*>(bytes.data());
    return {data, data + bytes.size()};
  }
};

// ---- sequences and products: CBOR arrays
// ----------------------------------------------------------

template <class T>
struct Codec<std::vector<T>> {
  static void encode(CborWriter& out, const std::vector<T>& value) {
    out.array(value.size());
    for (const auto& element : value) Codec<T>::encode(out, element);
  }
  static std::vector<T> decode(CborReader& in) {
    const CborReader::Nesting nesting(in);
    const std::size_t size = in.array();
    std::vector<T> value;
    value.reserve(std::min<std::size_t>(size, 4'096));  // the size is not to be trusted yet
    for (std::size_t i = 0; i < size; ++i) value.push_back(Codec<T>::decode(in));
    return value;
  }
};

namespace internal {

template <class... A>
void encode_elements(CborWriter& out, const A&... elements) {
  out.array(sizeof...(A));
  (Codec<A>::encode(out, elements), ...);
}

// Braces, not parentheses: they fix the order of evaluation.
template <class Product, class... A>
Product decode_elements(CborReader& in) {
  const CborReader::Nesting nesting(in);
  in.array_of(sizeof...(A));
  return Product{Codec<A>::decode(in)...};
}

}  // namespace internal

template <class T, std::size_t N>
struct Codec<std::array<T, N>> {
  static void encode(CborWriter& out, const std::array<T, N>& value) {
    out.array(N);
    for (const T& element : value) Codec<T>::encode(out, element);
  }
  static std::array<T, N> decode(CborReader& in) {
    const CborReader::Nesting nesting(in);
    in.array_of(N);
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return std::array<T, N>{(static_cast<void>(I), Codec<T>::decode(in))...};
    }
    (std::make_index_sequence<N>{});
  }
};

template <class A, class B>
struct Codec<std::pair<A, B>> {
  static void encode(CborWriter& out, const std::pair<A, B>& value) {
    internal::encode_elements(out, value.first, value.second);
  }
  static std::pair<A, B> decode(CborReader& in) {
    return internal::decode_elements<std::pair<A, B>, A, B>(in);
  }
};

template <class... A>
struct Codec<std::tuple<A...>> {
  static void encode(CborWriter& out, const std::tuple<A...>& value) {
    std::apply([&](const A&... elements) { internal::encode_elements(out, elements...); }, value);
  }
  static std::tuple<A...> decode(CborReader& in) {
    return internal::decode_elements<std::tuple<A...>, A...>(in);
  }
};

// ---- maps and sets
// --------------------------------------------------------------------------------

namespace internal {

// Entries of unordered containers in the order of their encoded keys, so that equal containers have
// equal encodings.
class SortedEntries {
 public:
  template <class Encode>
  void add(const Encode& encode) {
    CborWriter key;
    CborWriter value;
    encode(key, value);
    entries_.emplace_back(key.take(), value.take());
  }
  void write(CborWriter& out);

 private:
  std::vector<std::pair<std::string, std::string>> entries_;
};

template <class M>
M decode_map(CborReader& in) {
  const CborReader::Nesting nesting(in);
  M map;
  for (std::size_t left = in.map(); left > 0; --left) {
    auto key = Codec<typename M::key_type>::decode(in);
    if (!map.emplace(std::move(key), Codec<typename M::mapped_type>::decode(in)).second) {
      in.invalid("a key appears twice");
    }
  }
  return map;
}

template <class S>
S decode_set(CborReader& in) {
  const CborReader::Nesting nesting(in);
  S set;
  for (std::size_t left = in.array(); left > 0; --left) {
    if (!set.insert(Codec<typename S::key_type>::decode(in)).second)
      in.invalid("an element appears twice");
  }
  return set;
}

}  // namespace internal

template <class K, class V, class... X>
struct Codec<std::map<K, V, X...>> {
  static void encode(CborWriter& out, const std::map<K, V, X...>& value) {
    out.map(value.size());
    for (const auto& [key, mapped] : value) {
      Codec<K>::encode(out, key);
      Codec<V>::encode(out, mapped);
    }
  }
  static std::map<K, V, X...> decode(CborReader& in) {
    return internal::decode_map<std::map<K, V, X...>>(in);
  }
};

template <class K, class V, class... X>
struct Codec<std::unordered_map<K, V, X...>> {
  static void encode(CborWriter& out, const std::unordered_map<K, V, X...>& value) {
    internal::SortedEntries sorted;
    for (const auto& entry : value) {
      sorted.add([&entry](CborWriter& key_out, CborWriter& mapped_out) {
        Codec<K>::encode(key_out, entry.first);
        Codec<V>::encode(mapped_out, entry.second);
      });
    }
    out.map(value.size());
    sorted.write(out);
  }
  static std::unordered_map<K, V, X...> decode(CborReader& in) {
    return internal::decode_map<std::unordered_map<K, V, X...>>(in);
  }
};

template <class T, class... X>
struct Codec<std::set<T, X...>> {
  static void encode(CborWriter& out, const std::set<T, X...>& value) {
    out.array(value.size());
    for (const T& element : value) Codec<T>::encode(out, element);
  }
  static std::set<T, X...> decode(CborReader& in) {
    return internal::decode_set<std::set<T, X...>>(in);
  }
};

template <class T, class... X>
struct Codec<std::unordered_set<T, X...>> {
  static void encode(CborWriter& out, const std::unordered_set<T, X...>& value) {
    internal::SortedEntries sorted;
    for (const T& element : value) {
      sorted.add(
          [&element](CborWriter& key_out, CborWriter&) { Codec<T>::encode(key_out, element); });
    }
    out.array(value.size());
    sorted.write(out);
  }
  static std::unordered_set<T, X...> decode(CborReader& in) {
    return internal::decode_set<std::unordered_set<T, X...>>(in);
  }
};

// ---- sums
// -----------------------------------------------------------------------------------------

namespace internal {
template <class T>
inline constexpr bool kEncodesAsNull = std::is_same_v<T, std::monostate>;
template <class T>
inline constexpr bool kEncodesAsNull<std::optional<T>> = true;
}  // namespace internal

// The value, or null. A value that is itself null (of a nlohmann::json) is `undefined`.
template <class T>
struct Codec<std::optional<T>> {
  static_assert(!internal::kEncodesAsNull<T>,
                "an optional of something that is null when empty cannot be told apart from it");
  static void encode(CborWriter& out, const std::optional<T>& value) {
    if (!value) return out.null();
    const std::size_t begin = out.written().size();
    Codec<T>::encode(out, *value);
    out.keep_null(begin);
  }
  static std::optional<T> decode(CborReader& in) {
    if (in.peek() == CborReader::Type::kNull) return in.null(), std::nullopt;
    if (!in.kept_null()) return Codec<T>::decode(in);
    CborReader null("\xf6");
    return Codec<T>::decode(null);
  }
};

// [index, value]: alternatives may be appended, not reordered.
template <class... T>
struct Codec<std::variant<T...>> {
  static void encode(CborWriter& out, const std::variant<T...>& value) {
    out.array(2);
    out.unsigned_integer(value.index());
    std::visit([&out]<class A>(const A& held) { Codec<A>::encode(out, held); }, value);
  }
  static std::variant<T...> decode(CborReader& in) {
    const CborReader::Nesting nesting(in);
    in.array_of(2);
    return decode_alternative<0>(in, in.unsigned_integer(sizeof...(T) - 1));
  }

 private:
  template <std::size_t I>
  static std::variant<T...> decode_alternative(CborReader& in, std::uint64_t index) {
    if constexpr (I + 1 < sizeof...(T)) {
      if (index != I) return decode_alternative<I + 1>(in, index);
    }
    using A = std::variant_alternative_t<I, std::variant<T...>>;
    return std::variant<T...>(std::in_place_index<I>, Codec<A>::decode(in));
  }
};

}  // namespace reprise
