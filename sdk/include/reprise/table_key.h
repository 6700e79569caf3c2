// Keys of tables: how a key becomes bytes that sort as the keys do. What is stored is never encoded
// anew, so this encoding holds for ever (docs/language/transactions.md). Keys are bools, integers,
// enums, std::string, durations and times, and pairs, tuples and arrays of them.
#pragma once
#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace reprise {

// Reads an encoded key from its beginning. PayloadError (RP3001) if it is none of the wanted type.
class TableKeyReader {
 public:
  explicit TableKeyReader(std::string_view encoded) : rest_(encoded) {}
  std::uint64_t number();
  std::uint8_t byte();
  std::string text();
  void finish() const;  // there is nothing more
  [[noreturn]] static void invalid(std::string_view why);

 private:
  std::string_view rest_;
};

namespace internal {

void append_key_number(std::uint64_t value, std::string* out);  // 8 bytes, the highest first
void append_key_text(std::string_view value, std::string* out);

// No key. The functions are nowhere: Table says what is wrong, and the compiler need not say more.
template <class T>
struct KeyCodec {
  static constexpr bool kIsKey = false;
  static void encode(const auto& value, std::string* out);
  static std::decay_t<T> decode(TableKeyReader& in);
};

template <>
struct KeyCodec<bool> {
  static constexpr bool kIsKey = true;
  static void encode(bool value, std::string* out) { out->push_back(value ? '\x01' : '\0'); }
  static bool decode(TableKeyReader& in) {
    const std::uint8_t byte = in.byte();
    if (byte > 1) TableKeyReader::invalid("a bool has another byte than 0 and 1");
    return byte == 1;
  }
};

// All integers have 8 bytes, so that a type may become wider.
template <std::integral T>
struct KeyCodec<T> {
  static_assert(sizeof(T) <= sizeof(std::uint64_t));
  static_assert(!std::is_same_v<T, char> && !std::is_same_v<T, wchar_t>,
                "whether a char has a sign depends on the machine, and a key is for ever: use "
                "signed char, unsigned char or another integer");
  static constexpr bool kIsKey = true;
  static constexpr std::uint64_t kSign =
      std::is_signed_v<T> ? std::uint64_t{1} << 63 : std::uint64_t{0};
  static void encode(T value, std::string* out) {
    append_key_number(static_cast<std::uint64_t>(value) ^ kSign, out);
  }
  static T decode(TableKeyReader& in) {
    const std::uint64_t number = in.number() ^ kSign;
    const T value = static_cast<T>(number);
    if (static_cast<std::uint64_t>(value) != number) {
      TableKeyReader::invalid("a number does not fit into its type");
    }
    return value;
  }
};

template <class T>
requires std::is_enum_v<T>
struct KeyCodec<T> {
  using Number = std::underlying_type_t<T>;
  static constexpr bool kIsKey = true;
  static void encode(T value, std::string* out) {
    KeyCodec<Number>::encode(static_cast<Number>(value), out);
  }
  static T decode(TableKeyReader& in) { return static_cast<T>(KeyCodec<Number>::decode(in)); }
};

template <std::integral Rep, class Period>
struct KeyCodec<std::chrono::duration<Rep, Period>> {
  using Value = std::chrono::duration<Rep, Period>;
  static constexpr bool kIsKey = true;
  static void encode(Value value, std::string* out) { KeyCodec<Rep>::encode(value.count(), out); }
  static Value decode(TableKeyReader& in) { return Value(KeyCodec<Rep>::decode(in)); }
};

template <class Clock, class D>
struct KeyCodec<std::chrono::time_point<Clock, D>> {
  using Value = std::chrono::time_point<Clock, D>;
  static constexpr bool kIsKey = KeyCodec<D>::kIsKey;
  static void encode(Value value, std::string* out) {
    KeyCodec<D>::encode(value.time_since_epoch(), out);
  }
  static Value decode(TableKeyReader& in) { return Value(KeyCodec<D>::decode(in)); }
};

// Any bytes.
template <>
struct KeyCodec<std::string> {
  static constexpr bool kIsKey = true;
  static void encode(const std::string& value, std::string* out) { append_key_text(value, out); }
  static std::string decode(TableKeyReader& in) { return in.text(); }
};

template <class A, class B>
struct KeyCodec<std::pair<A, B>> {
  static constexpr bool kIsKey = KeyCodec<A>::kIsKey && KeyCodec<B>::kIsKey;
  static void encode(const std::pair<A, B>& value, std::string* out) {
    KeyCodec<A>::encode(value.first, out);
    KeyCodec<B>::encode(value.second, out);
  }
  // Braces: from left to right.
  static std::pair<A, B> decode(TableKeyReader& in) {
    return {KeyCodec<A>::decode(in), KeyCodec<B>::decode(in)};
  }
};

template <class... T>
struct KeyCodec<std::tuple<T...>> {
  static constexpr bool kIsKey = (KeyCodec<T>::kIsKey && ...);
  static void encode(const std::tuple<T...>& value, std::string* out) {
    std::apply([out](const T&... each) { (KeyCodec<T>::encode(each, out), ...); }, value);
  }
  static std::tuple<T...> decode([[maybe_unused]] TableKeyReader& in) {
    return std::tuple<T...>{KeyCodec<T>::decode(in)...};
  }
};

template <class T, std::size_t N>
struct KeyCodec<std::array<T, N>> {
  static constexpr bool kIsKey = KeyCodec<T>::kIsKey;
  static void encode(const std::array<T, N>& value, std::string* out) {
    for (const T& each : value) KeyCodec<T>::encode(each, out);
  }
  static std::array<T, N> decode([[maybe_unused]] TableKeyReader& in) {
    return decode_each(in, std::make_index_sequence<N>());
  }

 private:
  template <std::size_t... I>
  static std::array<T, N> decode_each(TableKeyReader& in, std::index_sequence<I...>) {
    return {((void)I, KeyCodec<T>::decode(in))...};
  }
};

template <class K>
std::string encode_key(const K& key) {
  std::string encoded;
  KeyCodec<K>::encode(key, &encoded);
  return encoded;
}

template <class K>
K decode_key(std::string_view encoded) {
  TableKeyReader in(encoded);
  K key = KeyCodec<K>::decode(in);
  in.finish();
  return key;
}

}  // namespace internal

// Can a K be the key of a table?
template <class K>
concept TableKey = internal::KeyCodec<K>::kIsKey;

}  // namespace reprise
