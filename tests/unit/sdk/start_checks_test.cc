// Starts that cannot work are refused before anything is recorded.
#include <reprise/reprise.h>
#include <reprise/testing/env.h>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reprise::start_checks_test {
namespace {

using ::testing::AllOf;
using testing::Env;
using ::testing::HasSubstr;

using Lines = std::vector<std::vector<int>>;

constexpr Workflow<int(std::string, Lines)> order{"order"};
// What others take it for.
constexpr Workflow<int()> order_of_nothing{"order"};
constexpr Workflow<int(std::string)> order_without_lines{"order"};
constexpr Workflow<int(std::string, Lines, bool)> order_with_more{"order"};
constexpr Workflow<int(std::string, std::vector<std::vector<std::string>>)> order_of_words{"order"};
constexpr Workflow<int(std::string, std::vector<std::vector<std::int16_t>>)> order_alike{"order"};
constexpr Workflow<int()> unknown{"unknown"};

int count(Context&, const std::string&, const Lines& lines) {
  return static_cast<int>(lines.size());
}

class StartChecks : public ::testing::Test {
 protected:
  StartChecks() { env_.implement(order, count); }

  template <class Message>
  std::string refusal(const Client& client, const Message& message) {
    try {
      (void)client.start(message, {.id = "o"});
    } catch (const Error& error) {
      return error.what();
    }
    return "started";
  }
  template <class Message>
  std::string refusal(const Message& message) {
    const std::string told = refusal(env_.client(), message);
    EXPECT_NE(told == "started", !env_.client().find_description("o"));
    return told;
  }

  Env env_;
};

TEST_F(StartChecks, NameTheArgumentThatDoesNotDecode) {
  EXPECT_THAT(refusal(order_of_words("a", {{}, {"1", "two"}})),
              AllOf(HasSubstr("RP3030 workflow 'order': the arguments are not (std::string, "),
                    HasSubstr("argument 2[1][0], "), HasSubstr("expected an integer")));
}

TEST_F(StartChecks, CountArguments) {
  EXPECT_EQ(
      refusal(order_of_nothing()),
      "RP3031 workflow 'order': the workflow takes 2 arguments, and the start has 0; argument "
      "1 is missing");
  EXPECT_EQ(
      refusal(order_without_lines("a")),
      "RP3031 workflow 'order': the workflow takes 2 arguments, and the start has 1; argument "
      "2 is missing");
  EXPECT_EQ(refusal(order_with_more("a", {}, true)),
            "RP3032 workflow 'order': the workflow takes 2 arguments, and the start has 3");
}

TEST_F(StartChecks, LetOtherTypesPassThatAreEncodedAlike) {
  EXPECT_EQ(env_.start(order_alike("a", {{1}, {2, 3}})).result(), 2);
}

TEST_F(StartChecks, AWorkerThatIsNeeded) {
  Env empty;
  const Client strict = empty.client({.needs_worker = true});
  empty.implement(order, count);
  EXPECT_EQ(strict.start(order("a", {}), {.id = "o"}).result(), 0);
  EXPECT_THAT(refusal(strict, unknown()), HasSubstr("RP2003"));
}

}  // namespace
}  // namespace reprise::start_checks_test
