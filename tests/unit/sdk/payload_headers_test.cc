// <reprise/json.h> and <reprise/protobuf.h>.
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <reprise/engine.h>
#include <reprise/error.h>
#include <reprise/internal/payload.h>
#include <reprise/json.h>
#include <reprise/protobuf.h>
#include <string>
#include <variant>
#include <vector>

#include <google/protobuf/wrappers.pb.h>
#include <gtest/gtest.h>

#include "proto/log.pb.h"
#include "tests/support/temporary_directory.h"

namespace shelf {

enum class Size { kSmall, kLarge };
NLOHMANN_JSON_SERIALIZE_ENUM(Size, {{Size::kSmall, "small"}, {Size::kLarge, "large"}})

struct Hat {
  std::string name;
  double price = 0;
  Size size = Size::kSmall;
  std::vector<int> sold;
  friend bool operator==(const Hat&, const Hat&) = default;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Hat, name, price, size, sold)

// As people write them: nlohmann alone refuses most of these members.
using Extra = std::variant<std::int64_t, double, std::string, bool, std::monostate>;
struct Order {
  std::string name;
  std::optional<std::string> unit;
  std::optional<Hat> hat;
  std::vector<std::optional<int>> sizes;
  std::chrono::months term{60};
  std::chrono::duration<double> rate{0.5};
  std::chrono::system_clock::time_point submitted;
  std::map<std::string, Extra> extras;
  friend bool operator==(const Order&, const Order&) = default;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Order, name, unit, hat, sizes, term, rate, submitted, extras)

struct Defaulted {
  std::optional<int> limit = 7;
  std::chrono::seconds patience{3};
  friend bool operator==(const Defaulted&, const Defaulted&) = default;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Defaulted, limit, patience)

struct Loose {
  std::optional<nlohmann::json> any;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Loose, any)

// A program's own conversion of an optional takes precedence over that of <reprise/json.h>.
struct Tag {
  int number = 0;
};
struct Tagged {
  std::optional<Tag> tag;
};

// Not default-constructible: nlohmann's other way.
class Label {
 public:
  explicit Label(std::string text) : text_(std::move(text)) {}
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace shelf

template <>
struct nlohmann::adl_serializer<shelf::Label> {
  static void to_json(json& out, const shelf::Label& label) { out = label.text(); }
  static shelf::Label from_json(const json& in) { return shelf::Label(in.get<std::string>()); }
};

template <>
struct nlohmann::adl_serializer<std::optional<shelf::Tag>> {
  static void to_json(json& out, const std::optional<shelf::Tag>& tag) {
    out = tag ? "#" + std::to_string(tag->number) : "none";
  }
  static void from_json(const json& in, std::optional<shelf::Tag>& tag) {
    const auto text = in.get<std::string>();
    if (text != "none") tag = shelf::Tag{std::stoi(text.substr(1))};
  }
};
namespace shelf {
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Tagged, tag)
}  // namespace shelf

namespace reprise::payload_headers_test {
namespace {

using internal::decode_payload;
using internal::encode_payload;

TEST(Json, MakesStructsPayloads) {
  const shelf::Hat hat{"fedora", 12.5, shelf::Size::kLarge, {1, 2}};
  EXPECT_EQ(decode_payload<shelf::Hat>(encode_payload(hat)), hat);
  EXPECT_EQ(nlohmann::json::from_cbor(encode_payload(hat)), nlohmann::json(hat));
}

template <class T>
T from_text(const std::string& text) {
  return decode_payload<T>(encode_payload(nlohmann::json::parse(text)));
}

TEST(Json, KnowsTheMembersThatStructsHave) {
  shelf::Order order{.name = "ann",
                     .unit = "4b",
                     .hat = shelf::Hat{"fedora", 12.5, shelf::Size::kLarge, {1, 2}},
                     .sizes = {1, std::nullopt, 3},
                     .submitted = std::chrono::system_clock::time_point::max(),
                     .extras = {{"a", std::int64_t{-1}},
                                {"b", 2.5},
                                {"c", "text"},
                                {"d", true},
                                {"e", std::monostate()}}};
  EXPECT_EQ(decode_payload<shelf::Order>(encode_payload(order)), order);
  order.unit.reset();
  order.hat.reset();
  order.submitted = std::chrono::system_clock::time_point::min();
  EXPECT_EQ(decode_payload<shelf::Order>(encode_payload(order)), order);
  EXPECT_EQ(decode_payload<std::optional<shelf::Order>>(encode_payload(std::optional(order))),
            order);
}

TEST(Json, TakesDefaultsForMissingMembers) {
  EXPECT_EQ(from_text<shelf::Defaulted>("{}"), shelf::Defaulted());
  EXPECT_EQ(from_text<shelf::Defaulted>(R"({"limit": null})").limit, std::nullopt);
}

TEST(Json, RefusesMembersOfAnotherKind) {
  EXPECT_EQ(from_text<shelf::Defaulted>(R"({"patience": 5})").patience.count(), 5);
  for (const char* text :
       {R"({"patience": 1.5})", R"({"patience": 1e300})", R"({"patience": "soon"})",
        R"({"patience": 18446744073709551615})", R"({"limit": "x"})"}) {
    EXPECT_THROW(from_text<shelf::Defaulted>(text), PayloadError) << text;
  }
  const std::string order =
      R"({"name": "", "unit": null, "hat": null, "sizes": [], "term": 1, "rate": 1,
          "submitted": 0, "extras": {"a": EXTRA}})";
  const auto with = [&order](const std::string& extra) {
    return std::string(order).replace(order.find("EXTRA"), 5, extra);
  };
  EXPECT_EQ(from_text<shelf::Order>(with("[2, \"x\"]")).extras["a"], shelf::Extra("x"));
  for (const char* extra : {"[5, 1]", "[-1, 1]", "[0.5, 1]", "[0]", "[0, 1, 2]", "1", "[4, 1]",
                            "[2, 1]", "null", "[]", "[18446744073709551615, 1]"}) {
    EXPECT_THROW(from_text<shelf::Order>(with(extra)), PayloadError) << extra;
  }
}

TEST(Json, RefusesAnOptionalThatWouldComeBackEmpty) {
  EXPECT_THROW(encode_payload(shelf::Loose{std::make_optional<nlohmann::json>()}), PayloadError);
  const shelf::Loose loose{std::make_optional<nlohmann::json>(3)};
  EXPECT_EQ(decode_payload<shelf::Loose>(encode_payload(loose)).any, 3);
}

TEST(Json, LeavesTypesToAProgramsOwnSerializer) {
  EXPECT_EQ(nlohmann::json(shelf::Tagged{shelf::Tag{4}}), (nlohmann::json{{"tag", "#4"}}));
  EXPECT_EQ(from_text<shelf::Tagged>(R"({"tag": "#5"})").tag->number, 5);
  // Whatever its from_json throws, the value is not one of that type.
  EXPECT_THROW(from_text<shelf::Tagged>(R"({"tag": "#x"})"), PayloadError);
}

TEST(Json, ComposesWithEverythingElse) {
  const std::map<std::string, std::vector<std::optional<shelf::Hat>>> hats{
      {"a", {shelf::Hat{"fedora", 1, {}, {}}, std::nullopt}}};
  EXPECT_EQ(decode_payload<std::remove_const_t<decltype(hats)>>(encode_payload(hats)), hats);
  const shelf::Label label("new");
  EXPECT_EQ(decode_payload<shelf::Label>(encode_payload(label)).text(), "new");
}

TEST(Json, LeavesKnownTypesAsTheyAre) {
  EXPECT_EQ(encode_payload(shelf::Size::kLarge), "\x01");
  EXPECT_EQ(encode_payload(std::vector<int>{1}), "\x81\x01");
}

TEST(Json, RoundTripsJsonItself) {
  const auto json = nlohmann::json::parse(
      R"({"a":[1,-2,3.5,true,null,"text",{}],"b":18446744073709551615,"c":-9223372036854775808})");
  EXPECT_EQ(decode_payload<nlohmann::json>(encode_payload(json)), json);
  EXPECT_EQ(nlohmann::json::from_cbor(encode_payload(json)), json);
  const auto binary = nlohmann::json::binary({1, 2, 255});
  EXPECT_EQ(decode_payload<nlohmann::json>(encode_payload(binary)), binary);
  EXPECT_EQ(encode_payload(nlohmann::json(1.5)), encode_payload(1.5));
}

TEST(Json, SaysWhatIsWrong) {
  try {
    decode_payload<shelf::Hat>(encode_payload(nlohmann::json{{"name", "fedora"}}));
    FAIL() << "price is missing";
  } catch (const PayloadError& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("RP3001 the payload is no shelf::Hat"), std::string::npos) << text;
    EXPECT_NE(text.find("price"), std::string::npos) << text;
  }
  const nlohmann::json two = {{{"name", "fedora"}, {"price", 1}, {"size", 0}, {"sold", {1}}},
                              {{"name", "bowler"}, {"price", "2"}, {"size", 0}, {"sold", {1}}}};
  try {
    decode_payload<std::vector<shelf::Hat>>(encode_payload(two));
    FAIL() << "a price is text";
  } catch (const PayloadError& error) {
    EXPECT_NE(std::string(error.what()).find("[1].price, at byte "), std::string::npos)
        << error.what();
  }
  const std::string bomb(1'000'000, '\x81');
  EXPECT_THROW(decode_payload<nlohmann::json>(bomb), PayloadError);
  const std::string twice("\xa2\x61\x61\x01\x61\x61\x02", 7);
  EXPECT_THROW(decode_payload<nlohmann::json>(twice), PayloadError);
}

std::string refusal_of(const auto& value) {
  try {
    (void)encode_payload(value);
  } catch (const PayloadError& error) {
    return error.what();
  }
  return "none";
}

nlohmann::json nested_json(int levels) {
  nlohmann::json json = nlohmann::json::array();
  for (int i = 1; i < levels; ++i) {
    nlohmann::json around = nlohmann::json::array();
    around.push_back(std::move(json));
    json = std::move(around);
  }
  return json;
}

TEST(Json, RefusesToWriteWhatItWouldNotRead) {
  const shelf::Hat hat{"M\xfctze", 1, {}, {}};
  const auto text = refusal_of(hat);
  EXPECT_TRUE(
      text.starts_with("RP3012 the value cannot be a payload: the string 'M\xef\xbf\xbdtze'"))
      << text;
  EXPECT_EQ(decode_payload<nlohmann::json>(encode_payload(nested_json(64))), nested_json(64));
  EXPECT_TRUE(refusal_of(nested_json(65)).starts_with("RP3012")) << "65 levels";
  EXPECT_TRUE(refusal_of(nested_json(10'000)).starts_with("RP3012")) << "10,000 levels";
  EXPECT_TRUE(refusal_of(std::vector{nested_json(64)}).starts_with("RP3012"));
  EXPECT_TRUE(refusal_of(nlohmann::json::binary({1}, 7)).starts_with("RP3012"));
  const nlohmann::json key{{"M\xfctze", 1}};
  EXPECT_EQ(decode_payload<nlohmann::json>(encode_payload(key)), key);
}

TEST(Json, TellsNullFromNothing) {
  using Maybe = std::optional<nlohmann::json>;
  for (const Maybe& value :
       {Maybe(), Maybe(nullptr), Maybe(1), Maybe(nlohmann::json::array({nullptr}))}) {
    EXPECT_EQ(decode_payload<Maybe>(encode_payload(value)), value);
    const std::vector<Maybe> two{value, value};
    EXPECT_EQ(decode_payload<std::vector<Maybe>>(encode_payload(two)), two);
    EXPECT_EQ(CborReader(encode_payload(two)).item().size(), encode_payload(two).size());
  }
  EXPECT_EQ(encode_payload(Maybe()), encode_payload(std::optional<int>()));
  EXPECT_EQ(encode_payload(Maybe(1)), encode_payload(1));
}

TEST(Protobuf, MakesMessagesPayloads) {
  proto::Failure failure;
  failure.set_message("no hats left");
  failure.mutable_cause()->set_attempts(3);
  const auto decoded = decode_payload<proto::Failure>(encode_payload(failure));
  EXPECT_EQ(decoded.SerializeAsString(), failure.SerializeAsString());
  EXPECT_EQ(encode_payload(failure)[0] & 0xe0, 0x40);
  const std::vector<proto::Failure> two(2, failure);
  EXPECT_EQ(decode_payload<std::vector<proto::Failure>>(encode_payload(two)).size(), 2U);
}

TEST(Protobuf, RefusesToWriteWhatItWouldNotRead) {
  google::protobuf::StringValue text;
  text.set_value("M\xfctze");
  EXPECT_TRUE(refusal_of(text).starts_with("RP3012")) << "no UTF-8";
  proto::Failure failure;
  proto::Failure* innermost = &failure;
  for (int i = 0; i < 98; ++i) innermost = innermost->mutable_cause();
  EXPECT_EQ(refusal_of(failure), "none");
  for (int i = 0; i < 10; ++i) innermost = innermost->mutable_cause();
  EXPECT_TRUE(refusal_of(failure).starts_with("RP3012")) << "too deep";
}

// Only for users' messages; there are no complaints about our own records.
TEST(Protobuf, LogsWhereTheEngineDoes) {
  const testing::TemporaryDirectory directory;
  std::string logged;
  google::protobuf::StringValue text;
  text.set_value("M\xfctze");
  {
    const auto engine = Engine::open(
        directory / "store", {.logger = [&](LogLevel, std::string_view line) { logged += line; }});
    ::testing::internal::CaptureStderr();
    (void)text.SerializeAsString();
    EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  }
  EXPECT_NE(logged.find("protobuf: String field"), std::string::npos) << logged;
  const std::size_t before = logged.size();
  ::testing::internal::CaptureStderr();
  (void)text.SerializeAsString();
  EXPECT_NE(::testing::internal::GetCapturedStderr(), "");
  EXPECT_EQ(logged.size(), before);
}

TEST(Protobuf, RefusesWhatIsNoMessage) {
  const std::string bad = encode_payload(std::vector<std::byte>{std::byte{255}});
  EXPECT_THROW(decode_payload<proto::Failure>(bad), PayloadError);
}

}  // namespace
}  // namespace reprise::payload_headers_test
