// Makes every generated Protocol Buffers message a payload: a byte string with its serialization,
// map fields sorted. Fields may be added later as protobuf allows.
#pragma once
#include <concepts>
#include <reprise/codec.h>
#include <string>
#include <string_view>

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/message_lite.h>

namespace reprise {

template <std::derived_from<google::protobuf::MessageLite> T>
struct Codec<T> {
  static void encode(CborWriter& out, const T& value) {
    std::string bytes;
    {
      google::protobuf::io::StringOutputStream stream(&bytes);
      google::protobuf::io::CodedOutputStream coded(&stream);
      coded.SetSerializationDeterministic(true);
      value.SerializeToCodedStream(&coded);
    }
    // protobuf does not read everything that it writes: strings that are not UTF-8, required fields
    // that are not set, messages that nest too deeply.
    if (T copy; !parse(bytes, &copy)) {
      out.invalid("protobuf does not read what it writes for this message of type " +
                  value.GetTypeName() + ": a string is no UTF-8, or it nests too deeply");
    }
    out.bytes(bytes);
  }
  static T decode(CborReader& in) {
    const std::string_view bytes = in.bytes();
    T value;
    if (!parse(bytes, &value)) {
      in.invalid("a byte string is no message of type " + value.GetTypeName());
    }
    return value;
  }

 private:
  static bool parse(std::string_view bytes, T* value) {
    return value->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
  }
};

}  // namespace reprise
