#include "tests/unit/sdk/random_message.h"

#include <bit>
#include <cstddef>
#include <iterator>
#include <limits>
#include <string>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/unknown_field_set.h>

#include "proto/fields.h"
#include "reprise/cbor.h"
#include "tests/support/random.h"

namespace reprise::testing {
namespace {

class RandomNumbers : public Random {
 public:
  using Random::Random;

  template <class T>
  T integer() {
    const T kValues[] = {0, 1, std::numeric_limits<T>::max(), std::numeric_limits<T>::min(),
                         static_cast<T>(next())};
    return kValues[below(5)];
  }
};

double any_double(RandomNumbers& random) {
  const double kValues[] = {0.0,
                            -0.0,
                            1.5,
                            0.1,
                            1e300,
                            -5e-324,
                            std::numeric_limits<double>::infinity(),
                            -std::numeric_limits<double>::infinity(),
                            std::numeric_limits<double>::quiet_NaN(),
                            std::bit_cast<double>(0xfff8000000000123)};
  return random.below(2) == 0 ? kValues[random.below(std::size(kValues))]
                              : std::bit_cast<double>(random.next());
}

std::string any_text(RandomNumbers& random) {
  const std::string kValues[] = {"",
                                 "charge",
                                 "a \"quoted\" \\ line\nand another\t",
                                 "$cbor",
                                 "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80",
                                 std::string("\0\x01\x7f", 3)};
  return kValues[random.below(std::size(kValues))];
}

void write_any(CborWriter& out, RandomNumbers& random, int depth) {
  switch (random.below(depth == 0 ? 7 : 9)) {
    case 0:
      return out.null();
    case 1:
      return out.boolean(random.below(2) == 0);
    case 2:
      return out.integer(random.integer<std::int64_t>());
    case 3:
      return out.unsigned_integer(random.integer<std::uint64_t>());
    case 4:
      return out.floating(any_double(random));
    case 5:
      return out.text(any_text(random));
    case 6:
      return out.bytes("\xff\xfe" + any_text(random));
    case 7: {
      const std::size_t size = random.below(4);
      out.array(size);
      for (std::size_t i = 0; i < size; ++i) write_any(out, random, depth - 1);
      return;
    }
    default: {
      const std::size_t size = random.below(4);
      out.map(size);
      for (std::size_t i = 0; i < size; ++i) {
        random.below(3) == 0 ? write_any(out, random, depth - 1) : out.text(any_text(random));
        write_any(out, random, depth - 1);
      }
    }
  }
}

std::string any_payload(RandomNumbers& random) {
  if (random.below(4) == 0) {  // no CBOR, most of them
    std::string bytes(random.below(20), '\0');
    for (char& c : bytes) c = static_cast<char>(random.next());
    return bytes;
  }
  CborWriter out;
  write_any(out, random, 4);
  return out.take();
}

void fill(google::protobuf::Message* message, RandomNumbers& random, int depth);

void fill_field(google::protobuf::Message* to,
                const google::protobuf::FieldDescriptor* field,
                RandomNumbers& random,
                int depth) {
  using Field = google::protobuf::FieldDescriptor;
  const auto& all = *to->GetReflection();
  const bool many = field->is_repeated();
  switch (field->cpp_type()) {
    case Field::CPPTYPE_INT32: {
      const auto value = random.integer<std::int32_t>();
      return many ? all.AddInt32(to, field, value) : all.SetInt32(to, field, value);
    }
    case Field::CPPTYPE_INT64: {
      const auto value = random.integer<std::int64_t>();
      return many ? all.AddInt64(to, field, value) : all.SetInt64(to, field, value);
    }
    case Field::CPPTYPE_UINT32: {
      const auto value = random.integer<std::uint32_t>();
      return many ? all.AddUInt32(to, field, value) : all.SetUInt32(to, field, value);
    }
    case Field::CPPTYPE_UINT64: {
      const auto value = random.integer<std::uint64_t>();
      return many ? all.AddUInt64(to, field, value) : all.SetUInt64(to, field, value);
    }
    case Field::CPPTYPE_DOUBLE: {
      const double value = any_double(random);
      return many ? all.AddDouble(to, field, value) : all.SetDouble(to, field, value);
    }
    case Field::CPPTYPE_FLOAT: {
      const auto value = static_cast<float>(any_double(random));
      return many ? all.AddFloat(to, field, value) : all.SetFloat(to, field, value);
    }
    case Field::CPPTYPE_BOOL: {
      const bool value = random.below(2) == 0;
      return many ? all.AddBool(to, field, value) : all.SetBool(to, field, value);
    }
    case Field::CPPTYPE_ENUM: {
      const int value = static_cast<int>(random.below(9));  // unknown ones too
      return many ? all.AddEnumValue(to, field, value) : all.SetEnumValue(to, field, value);
    }
    case Field::CPPTYPE_STRING: {
      // Text may be anything in what version 0.1 has written.
      const bool text = proto::is_text(*field) && random.below(4) != 0;
      std::string value = text ? any_text(random) : any_payload(random);
      if (field->name() == "run_id" && random.below(2) == 0) value = "0123456789abcdef";
      return many ? all.AddString(to, field, value) : all.SetString(to, field, value);
    }
    case Field::CPPTYPE_MESSAGE:
      if (depth == 0) return;
      return fill(many ? all.AddMessage(to, field) : all.MutableMessage(to, field), random,
                  depth - 1);
  }
}

void fill(google::protobuf::Message* message, RandomNumbers& random, int depth) {
  const auto* type = message->GetDescriptor();
  for (int i = 0; i < type->field_count(); ++i) {
    if (random.below(2) == 0) continue;
    const int times = type->field(i)->is_repeated() ? static_cast<int>(random.below(4)) : 1;
    for (int n = 0; n < times; ++n) fill_field(message, type->field(i), random, depth);
  }
  if (random.below(8) != 0) return;
  auto* unknown = message->GetReflection()->MutableUnknownFields(message);
  unknown->AddVarint(1'000, random.next());
  unknown->AddLengthDelimited(1'001, any_payload(random));
}

}  // namespace

void fill_with_anything(google::protobuf::Message* message, std::uint64_t seed) {
  RandomNumbers random(seed);
  fill(message, random, 5);
}

}  // namespace reprise::testing
