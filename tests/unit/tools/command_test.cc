// The command as a whole: what it says when it is called wrongly.
#include <gmock/gmock.h>

#include "tests/unit/tools/sample_store.h"

namespace reprise::tools::command_test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class CommandTest : public CommandFixture {};

TEST_F(CommandTest, AnUnknownCommandIsNamedWithTheNearest) {
  const Output typo = reprise({"lsit", "DIR"});
  EXPECT_EQ(typo.code, 2);
  EXPECT_THAT(typo.err, AllOf(HasSubstr("there is no command 'lsit'; is 'list' meant?"),
                              HasSubstr("reprise --help")));
  EXPECT_THAT(reprise({"hist"}).err, HasSubstr("is 'history' meant?"));
  EXPECT_THAT(reprise({"nonsense"}).err,
              AllOf(HasSubstr("there is no command 'nonsense'"), Not(HasSubstr("meant"))));
}

TEST_F(CommandTest, WithoutACommandItListsThem) {
  const Output none = reprise({});
  EXPECT_EQ(none.code, 2);
  EXPECT_THAT(none.err, AllOf(StartsWith("reprise: which command?"), HasSubstr("history")));
  const Output help = reprise({"--help"});
  EXPECT_EQ(help.code, 0);
  EXPECT_THAT(help.out, AllOf(HasSubstr("history"), HasSubstr("--version")));
}

TEST_F(CommandTest, TellsItsVersion) {
  const Output version = reprise({"--version"});
  EXPECT_EQ(version.code, 0);
  EXPECT_THAT(version.out, ::testing::MatchesRegex("reprise [0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

TEST_F(CommandTest, NamesTheRangeOfANumberInWords) {
  for (const char* command : {"list", "stats"}) {
    for (const char* number : {"-1", "x", "1.5", "", "99999999999999999999"}) {
      const Output output = reprise({command, "DIR", std::string("--limit=") + number});
      EXPECT_EQ(output.code, 2);
      if (*number == '\0') continue;
      EXPECT_THAT(output.err,
                  HasSubstr(std::string("--limit: '") + number + "' is no whole number from 0 up"));
    }
  }
}

}  // namespace
}  // namespace reprise::tools::command_test
