// Makes payloads of nlohmann::json and of every type with nlohmann's to_json and from_json (found
// by argument-dependent lookup, by NLOHMANN_DEFINE_TYPE_... or as an adl_serializer). Members of
// such a type may be std::optional, std::variant or of std::chrono. Types that codec.h knows, enums
// included, are encoded as there. Include this before the first use of such a type as a payload: in
// the header that defines the type. The type needs a default constructor. A member that nlohmann
// cannot convert is an error in the line of the type's macro: the first error names the member's
// type ("no match for 'operator=' (operand types are '...json...' and 'const Secret')"), which
// needs the macro too.
#pragma once
#include <concepts>
#include <cstdint>
#include <exception>
#include <new>
#include <nlohmann/json.hpp>
#include <reprise/codec.h>
#include <reprise/internal/json_types.h>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace reprise {

namespace internal {

// Our own conversions instead of json::to_cbor(): deterministic floats, errors that name the byte,
// and frames small enough for the stack of a workflow. A value that would not be read back
// unchanged is refused. `level` counts the arrays and objects around the value.
inline void write_json(CborWriter& out, const nlohmann::json& value, int level = 0) {
  if (value.is_structured() && level == CborReader::kMaxDepth) {
    out.invalid("it nests deeper than 64 levels");
  }
  using Type = nlohmann::json::value_t;
  switch (value.type()) {
    case Type::boolean:
      return out.boolean(value.get<bool>());
    case Type::number_integer:
      return out.integer(value.get<std::int64_t>());
    case Type::number_unsigned:
      return out.unsigned_integer(value.get<std::uint64_t>());
    case Type::number_float:
      return out.floating(value.get<double>());
    case Type::string:
      return out.utf8(value.get_ref<const std::string&>());
    case Type::binary: {
      const auto& bytes = value.get_binary();
      if (bytes.has_subtype()) out.invalid("binary JSON has a subtype, which a payload has not");
      return out.bytes({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    }
    case Type::array:
      out.array(value.size());
      for (const auto& element : value) write_json(out, element, level + 1);
      return;
    case Type::object:
      out.map(value.size());
      for (auto entry = value.begin(); entry != value.end(); ++entry) {
        out.text(entry.key());
        write_json(out, entry.value(), level + 1);
      }
      return;
    case Type::null:
    case Type::discarded:
      return out.null();
  }
}

inline void read_json(CborReader& in, nlohmann::json& value);

inline void read_json_array(CborReader& in, nlohmann::json& value) {
  const CborReader::Nesting nesting(in);
  value = nlohmann::json::array();
  for (std::size_t left = in.array(); left > 0; --left) {
    value.emplace_back(nullptr);
    read_json(in, value.back());
  }
}

inline void read_json_object(CborReader& in, nlohmann::json& value) {
  const CborReader::Nesting nesting(in);
  value = nlohmann::json::object();
  for (std::size_t left = in.map(); left > 0; --left) {
    const auto [entry, inserted] = value.emplace(std::string(in.text()), nullptr);
    if (!inserted) in.invalid("a key appears twice");
    read_json(in, *entry);
  }
}

inline void read_json(CborReader& in, nlohmann::json& value) {
  using Type = CborReader::Type;
  switch (in.peek()) {
    case Type::kNull:
      return in.null();
    case Type::kBoolean:
      value = in.boolean();
      return;
    case Type::kUnsigned:
      value = in.unsigned_integer(UINT64_MAX);
      return;
    case Type::kNegative:
      value = in.integer(INT64_MIN, INT64_MAX);
      return;
    case Type::kFloat:
      value = in.floating();
      return;
    case Type::kText:
      value = std::string(in.text());
      return;
    case Type::kBytes: {
      const std::string_view bytes = in.bytes();
      value = nlohmann::json::binary({bytes.begin(), bytes.end()});
      return;
    }
    case Type::kArray:
      return read_json_array(in, value);
    case Type::kMap:
      return read_json_object(in, value);
    default:
      in.fail("a value that JSON has");
  }
}

// What codec.h takes care of. The templates there are more specialized than the one below.
template <class T>
concept Scalar = std::is_arithmetic_v<T> || std::is_enum_v<T> || std::same_as<T, std::string> ||
    std::same_as<T, std::string_view> || std::same_as<T, std::monostate>;

template <class T>
concept JsonPayload = !Scalar<T> && requires(const T& from, nlohmann::json& json) {
  nlohmann::adl_serializer<T>::to_json(json, from);
}
&&((std::default_initializable<T> &&
    requires(const nlohmann::json& json, T& to) {
      nlohmann::adl_serializer<T>::from_json(json, to);
    }) ||
   requires(const nlohmann::json& json) {
     { nlohmann::adl_serializer<T>::from_json(json) } -> std::same_as<T>;
   });

// Finds the value that makes the conversion of `whole` fail: nlohmann's error names its kind but no
// member. If the value is replaced by an array (or an object), the error names that kind instead.
class JsonFault {
 public:
  using Convert = std::string (*)(const nlohmann::json&);  // what it says; empty: it converts

  JsonFault(nlohmann::json whole, std::string_view said, Convert convert)
      : whole_(std::move(whole)), convert_(convert) {
    constexpr std::string_view kBut = "but is ";
    const auto but = said.rfind(kBut);
    if (but == said.npos) return;  // it names the member itself
    kind_ = said.substr(but + kBut.size());
    other_ = kind_ == "array" ? nlohmann::json::object() : nlohmann::json::array();
    wanted_ = std::string(said.substr(0, but + kBut.size())) + other_.type_name();
    (void)lies_in(whole_);
  }
  const std::string& path() const { return path_; }  // ".items[3].sku"; empty: not found

 private:
  bool is_at(nlohmann::json& value) {
    if (kind_ != value.type_name()) return false;
    value.swap(other_);
    const std::string says = convert_(whole_);
    value.swap(other_);
    return says == wanted_;
  }
  bool lies_in(nlohmann::json& value) {
    if (!value.is_structured()) return false;
    for (auto member = value.begin(); member != value.end() && tries_ > 0; ++member, --tries_) {
      if (!is_at(*member) && !lies_in(*member)) continue;
      path_ = (value.is_object() ? "." + member.key()
                                 : "[" + std::to_string(member - value.begin()) + "]") +
              path_;
      return true;
    }
    return false;
  }

  nlohmann::json whole_;
  const Convert convert_;
  nlohmann::json other_;
  std::string kind_;  // of the value that is wrong
  std::string wanted_;
  std::string path_;
  int tries_ = 100;
};

}  // namespace internal

template <>
struct Codec<nlohmann::json> {
  static void encode(CborWriter& out, const nlohmann::json& value) {
    internal::write_json(out, value);
  }
  static nlohmann::json decode(CborReader& in) {
    nlohmann::json value;
    internal::read_json(in, value);
    return value;
  }
};

// Converted by way of a nlohmann::json. T's from_json decides about missing and additional members;
// a value for which it throws is not a T.
template <internal::JsonPayload T>
struct Codec<T> {
  static void encode(CborWriter& out, const T& value) {
    nlohmann::json json;
    try {
      nlohmann::adl_serializer<T>::to_json(json, value);
    } catch (const internal::JsonMismatch& error) {
      out.invalid(error.what());
    }
    internal::write_json(out, json);
  }
  static T decode(CborReader& in) {
    const std::size_t before = in.rest();
    const auto json = Codec<nlohmann::json>::decode(in);
    try {
      return json.template get<T>();
    } catch (const std::bad_alloc&) {
      throw;
    } catch (const std::exception& error) {
      const auto convert = [](const nlohmann::json& other) -> std::string {
        try {
          (void)other.template get<T>();
          return {};
        } catch (const std::exception& said) {
          return said.what();
        }
      };
      const std::string_view said = error.what();
      // "[json.exception.type_error.302] type must..."
      const bool theirs = said.starts_with("[json.exception.");
      in.invalid_item(theirs ? said.substr(said.find(' ') + 1) : said, before,
                      internal::JsonFault(json, said, convert).path());
    }
  }
};

}  // namespace reprise
