// Structs as CBOR maps with the names of their members. A member that is not in the payload keeps
// its default, and one that is not known is skipped: earlier and later versions read each other.
#pragma once
#include <string>
#include <string_view>

#include "reprise/codec.h"

namespace reprise::internal {

// Specialized for a T: each(value, f) calls f(name, member) for every member.
template <class T>
struct Members;

template <class T>
concept IsRecord = requires(T& value) {
  Members<T>::each(value, [](std::string_view, auto&) {});
};

}  // namespace reprise::internal

namespace reprise {

template <internal::IsRecord T>
struct Codec<T> {
  static void encode(CborWriter& out, const T& value) {
    std::size_t count = 0;
    internal::Members<T>::each(value, [&](std::string_view, const auto&) { ++count; });
    out.map(count);
    internal::Members<T>::each(value, [&]<class M>(std::string_view name, const M& member) {
      out.text(name);
      Codec<M>::encode(out, member);
    });
  }
  static T decode(CborReader& in) {
    const CborReader::Nesting nesting(in);
    T value;
    for (std::size_t left = in.map(); left > 0; --left) {
      const std::string_view key = in.text();
      bool known = false;
      internal::Members<T>::each(value, [&]<class M>(std::string_view name, M& member) {
        if (known || name != key) return;
        known = true;
        member = Codec<M>::decode(in);
      });
      if (!known) (void)in.item();
    }
    return value;
  }
};

}  // namespace reprise
