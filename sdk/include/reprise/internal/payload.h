// Whole payloads: one CBOR item each; the arguments of a message are an array; void is empty.
#pragma once
#include <reprise/codec.h>
#include <reprise/internal/is_payload.h>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace reprise::internal {

// The name of T as the compiler prints it, for messages.
template <class T>
constexpr std::string_view type_name() {
  const std::string_view pretty = __PRETTY_FUNCTION__;
  const auto start = pretty.find("T = ") + 4;
  return pretty.substr(start, pretty.find_first_of(";]", start) - start);
}

// Takes the place of a type that is not a payload, which has been reported by then: one error, not
// one for each place.
template <class T>
T never();

template <class T>
std::string encode_payload(const T& value) {
  CborWriter out;
  if constexpr (kPayloads<T>) {
    Codec<T>::encode(out, value);
  } else {
    static_assert(sizeof(NoPayload<typename WithoutCodec<T>::Type>));
  }
  return out.finish();
}

template <class T>
T decode_payload(std::string_view encoded, CborReader::Whole kind = CborReader::Whole::kValue) {
  if constexpr (kPayloads<T>) {
    CborReader in(encoded, type_name<T>(), kind);
    T value = Codec<T>::decode(in);
    in.finish();
    return value;
  } else {
    static_assert(sizeof(NoPayload<typename WithoutCodec<T>::Type>));
    return never<T>();
  }
}

template <class... A>
std::string encode_arguments(const std::tuple<A...>& arguments) {
  return encode_payload<std::tuple<A...>>(arguments);
}

template <class... A>
std::tuple<A...> decode_arguments(std::string_view encoded) {
  return decode_payload<std::tuple<A...>>(encoded, CborReader::Whole::kArguments);
}

// Its address stands for T: equal addresses, equal types.
template <class T>
inline constexpr char kTypeMark = 0;

// The only argument of a signal; void: it has none.
template <class T>
T decode_argument(std::string_view encoded) {
  constexpr auto kKind = CborReader::Whole::kArguments;
  if constexpr (std::is_void_v<T>) {
    (void)decode_payload<std::tuple<>>(encoded, kKind);
  } else {
    return std::get<0>(decode_payload<std::tuple<T>>(encoded, kKind));
  }
}

// Calls the function and encodes its result as an R.
template <class R, class Fn, class... A>
std::string encode_call(Fn&& fn, A&&... args) {
  if constexpr (std::is_void_v<R>) {
    std::forward<Fn>(fn)(std::forward<A>(args)...);
    return {};
  } else {
    const R& result = std::forward<Fn>(fn)(std::forward<A>(args)...);
    return encode_payload<R>(result);
  }
}

// The result of a call that was encoded by encode_call().
template <class R>
R decode_result(std::string_view encoded) {
  if constexpr (!std::is_void_v<R>) return decode_payload<R>(encoded);
}

}  // namespace reprise::internal
