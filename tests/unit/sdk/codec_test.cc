#include <chrono>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <reprise/codec.h>
#include <reprise/error.h>
#include <reprise/internal/payload.h>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

namespace reprise {
namespace {

using internal::decode_payload;
using internal::encode_payload;
using namespace std::chrono_literals;

template <class T>
void expect_round_trip(const T& value) {
  const std::string bytes = encode_payload(value);
  EXPECT_EQ(decode_payload<T>(bytes), value);
  EXPECT_EQ(encode_payload(decode_payload<T>(bytes)), bytes);
  EXPECT_NO_THROW(static_cast<void>(nlohmann::json::from_cbor(bytes).size()));
}

template <class T>
std::string error_of(const auto& value) {
  try {
    (void)decode_payload<T>(encode_payload(value));
  } catch (const PayloadError& error) {
    return error.what();
  }
  return "no error";
}

enum class Colour : std::uint8_t { kRed, kBlue = 200 };

TEST(Codec, RoundTripsScalars) {
  expect_round_trip(true);
  expect_round_trip(false);
  expect_round_trip('x');
  expect_round_trip(std::numeric_limits<signed char>::min());
  expect_round_trip(std::numeric_limits<short>::min());
  expect_round_trip(std::numeric_limits<int>::max());
  expect_round_trip(std::numeric_limits<long long>::min());
  expect_round_trip(std::numeric_limits<unsigned long long>::max());
  expect_round_trip(0.1);
  expect_round_trip(0.1F);
  expect_round_trip(Colour::kBlue);
  expect_round_trip(std::monostate{});
}

TEST(Codec, RoundTripsText) {
  expect_round_trip(std::string());
  expect_round_trip(std::string("hat \xe6\xb0\xb4"));
  const std::string no_utf8("\xff\0\x80", 3);
  EXPECT_EQ(decode_payload<std::string>(encode_payload(no_utf8)), no_utf8);
  EXPECT_EQ(encode_payload(std::string_view("hat")), encode_payload(std::string("hat")));
  expect_round_trip(std::vector<std::byte>{std::byte{0}, std::byte{255}});
}

TEST(Codec, RoundTripsTimes) {
  expect_round_trip(1500ms);
  expect_round_trip(-3h);
  expect_round_trip(std::chrono::duration<double>(0.25));
  expect_round_trip(std::chrono::system_clock::time_point(5s));
  expect_round_trip(std::chrono::sys_days(std::chrono::days(20'000)));
}

TEST(Codec, RoundTripsContainers) {
  expect_round_trip(std::vector<int>{});
  expect_round_trip(std::vector<int>{1, -2, 300});
  expect_round_trip(std::vector<bool>{true, false});
  expect_round_trip(std::vector<std::vector<std::string>>{{"a"}, {}, {"b", "c"}});
  expect_round_trip(std::array<int, 3>{1, 2, 3});
  expect_round_trip(std::array<int, 0>{});
  expect_round_trip(std::pair<std::string, int>{"a", 1});
  expect_round_trip(std::tuple<>{});
  expect_round_trip(std::tuple<std::tuple<int>>{std::tuple<int>{4}});
  expect_round_trip(std::tuple<int, std::string, double>{1, "two", 3.5});
  expect_round_trip(std::map<std::string, int>{{"a", 1}, {"b", 2}});
  expect_round_trip(std::set<std::string>{"a", "b"});
  expect_round_trip(std::unordered_map<std::string, std::vector<int>>{{"x", {1}}, {"y", {}}});
  expect_round_trip(std::unordered_set<std::string>{"x", "y", "z"});
}

TEST(Codec, RoundTripsAlternatives) {
  expect_round_trip(std::optional<int>{});
  expect_round_trip(std::optional<int>{7});
  using Choice = std::variant<std::monostate, int, std::string>;
  expect_round_trip(Choice{});
  expect_round_trip(Choice{5});
  expect_round_trip(Choice{"text"});
  expect_round_trip(std::variant<int, int>(std::in_place_index<1>, 3));
}

// Equal values have equal encodings, whatever the insertion order of an unordered container.
TEST(Codec, SortsUnorderedContainers) {
  std::unordered_map<std::string, int> one;
  std::unordered_map<std::string, int> other(1'000);
  for (int i = 0; i < 100; ++i) one[std::to_string(i)] = i;
  for (int i = 99; i >= 0; --i) other[std::to_string(i)] = i;
  EXPECT_EQ(encode_payload(one), encode_payload(other));
  const std::unordered_set<int> numbers{3, 1, 2};
  EXPECT_EQ(encode_payload(numbers), encode_payload(std::set<int>{1, 2, 3}));
}

TEST(Codec, AgreesWithNlohmann) {
  const std::map<std::string, std::vector<std::optional<int>>> value{{"a", {1, {}, -3}}, {"b", {}}};
  const nlohmann::json same = {{"a", {1, nullptr, -3}}, {"b", nlohmann::json::array()}};
  EXPECT_EQ(nlohmann::json::from_cbor(encode_payload(value)), same);
  const auto theirs = nlohmann::json::to_cbor(same);
  EXPECT_EQ(decode_payload<std::remove_const_t<decltype(value)>>(
                {reinterpret_cast<const char*>(theirs.data()), theirs.size()}),
            value);
}

TEST(Codec, NamesTheTypeAndWhatItFound) {
  EXPECT_EQ(error_of<int>(std::string("7")),
            "RP3001 the payload is no int: at byte 0 of 2: expected an integer from -2147483648 to "
            "2147483647, found a text string");
  const auto nested = error_of<std::vector<std::uint8_t>>(std::vector<int>{1, 256});
  EXPECT_NE(nested.find("at byte 2 of 5: expected an integer from 0 to 255, found the integer 256"),
            std::string::npos)
      << nested;
}

TEST(Codec, NamesTheArgumentAndTheElement) {
  const auto error = [](const auto& sent) -> std::string {
    try {
      (void)internal::decode_arguments<std::string, std::map<std::string, std::vector<int>>>(
          encode_payload(sent));
    } catch (const PayloadError& wrong) {
      return wrong.what();
    }
    return "no error";
  };
  using Map = std::map<std::string, std::vector<std::string>>;
  EXPECT_EQ(error(std::tuple<int, Map>(7, {})),
            "RP3001 the arguments are not (std::string, std::map<std::string, std::vector<int>>): "
            "argument 1, at byte 1 of 3: expected a text string, found the integer 7");
  EXPECT_NE(error(std::tuple<std::string, Map>("a", {{"b", {}}, {"c", {"x"}}}))
                .find("argument 2.c[0], at byte "),
            std::string::npos);
  EXPECT_NE(error(std::tuple<std::string>("a")).find("): at byte 0 of 3: expected an array of 2"),
            std::string::npos);
}

TEST(Codec, IsStrict) {
  EXPECT_NE(error_of<signed char>(128), "no error");
  EXPECT_NE(error_of<unsigned>(-1), "no error");
  EXPECT_NE(error_of<bool>(1), "no error");
  EXPECT_NE(error_of<int>(true), "no error");
  EXPECT_NE(error_of<int>(1.0), "no error");
  EXPECT_NE(error_of<std::string>(1), "no error");
  EXPECT_NE(error_of<Colour>(256), "no error");
  EXPECT_NE(error_of<std::vector<std::byte>>(std::string("text")), "no error");
  EXPECT_NE((error_of<std::array<int, 2>>(std::vector<int>{1, 2, 3})), "no error");
  EXPECT_NE((error_of<std::tuple<int, int>>(std::vector<int>{1})), "no error");
  EXPECT_NE((error_of<std::set<int>>(std::vector<int>{1, 1})), "no error");
  EXPECT_NE((error_of<std::variant<int, bool>>(std::tuple<int, int>{2, 0})), "no error");
  EXPECT_NE(error_of<std::monostate>(0), "no error");
  const std::string twice("\xa2\x01\x01\x01\x02", 5);
  EXPECT_THROW((decode_payload<std::map<int, int>>(twice)), PayloadError);
  const std::string with_rest = encode_payload(1) + encode_payload(2);
  EXPECT_THROW(decode_payload<int>(with_rest), PayloadError);
}

// A type that contains itself.
struct Tree {
  std::vector<Tree> children;
};

}  // namespace

template <>
struct Codec<Tree> {
  static void encode(CborWriter& out, const Tree& tree) {
    Codec<std::vector<Tree>>::encode(out, tree.children);
  }
  static Tree decode(CborReader& in) { return {Codec<std::vector<Tree>>::decode(in)}; }
};

namespace {

TEST(Codec, TakesUsersCodecsAndLimitsTheirDepth) {
  Tree tree;
  for (int i = 0; i < 10; ++i) {
    std::vector<Tree> children(2, tree);
    tree.children = std::move(children);
  }
  EXPECT_EQ(encode_payload(decode_payload<Tree>(encode_payload(tree))), encode_payload(tree));
  const std::string bomb = std::string(100'000, '\x81') + '\x80';
  EXPECT_THROW(decode_payload<Tree>(bomb), PayloadError);
}

Tree nested_tree(int levels) {
  Tree tree;
  for (int i = 1; i < levels; ++i) {
    Tree around;
    around.children.push_back(std::move(tree));
    tree = std::move(around);
  }
  return tree;
}

std::string encoding_error_of(const auto& value) {
  try {
    (void)encode_payload(value);
  } catch (const PayloadError& error) {
    return std::string(error.code());
  }
  return "none";
}

// Everything that is written can be read: the limit is the same on both sides.
TEST(Codec, RefusesToWriteWhatItWouldNotRead) {
  const auto deepest = encode_payload(nested_tree(CborReader::kMaxDepth));
  EXPECT_EQ(encode_payload(decode_payload<Tree>(deepest)), deepest);
  EXPECT_EQ(CborReader(deepest).item(), deepest);
  EXPECT_EQ(encoding_error_of(nested_tree(CborReader::kMaxDepth + 1)), "RP3012");
  EXPECT_EQ(encoding_error_of(std::vector<Tree>{nested_tree(CborReader::kMaxDepth - 1)}), "none");
  EXPECT_EQ(encoding_error_of(std::vector<Tree>{nested_tree(CborReader::kMaxDepth)}), "RP3012");
  const std::unordered_map<int, std::vector<Tree>> in_a_map{
      {1, {nested_tree(CborReader::kMaxDepth)}}};
  EXPECT_EQ(encoding_error_of(in_a_map), "RP3012");
  std::vector<Tree> many(1'000);
  EXPECT_EQ(encoding_error_of(many), "none");
}

TEST(Codec, ReservesNoMemoryForACountThatLies) {
  const std::string lie("\x9a\xff\xff\xff\xff\x00", 6);
  EXPECT_THROW(decode_payload<std::vector<std::string>>(lie), PayloadError);
}

TEST(Payload, ArgumentsAreAnArrayAndVoidIsEmpty) {
  EXPECT_EQ(internal::encode_arguments(std::tuple<int, std::string>{1, "a"}),
            encode_payload(std::tuple<int, std::string>{1, "a"}));
  EXPECT_EQ(internal::encode_arguments(std::tuple<>{}), "\x80");
  EXPECT_EQ(internal::encode_call<void>([] {}), "");
  EXPECT_EQ(internal::encode_call<long>([] { return 3; }), encode_payload(3L));
}

}  // namespace
}  // namespace reprise
