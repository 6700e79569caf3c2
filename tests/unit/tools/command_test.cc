// The command as a whole: its messages when it is called wrongly.
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
  EXPECT_THAT(reprise({""}).err,
              AllOf(HasSubstr("there is no command ''"), Not(HasSubstr("meant"))));
  EXPECT_THAT(reprise({"--nonsense"}).err, HasSubstr("there is no option '--nonsense'"));
}

TEST_F(CommandTest, WhatIsWrongIsSaidWithItsCommand) {
  const Output one_too_many = reprise({"list", "DIR", "other"});
  EXPECT_EQ(one_too_many.code, 2);
  EXPECT_THAT(one_too_many.err, AllOf(StartsWith("reprise list: "), HasSubstr("other"),
                                      HasSubstr("\nreprise list --help has all options\n")));
  EXPECT_THAT(reprise({"check"}).err, StartsWith("reprise check: DIR is required"));
}

TEST_F(CommandTest, HelpsWithoutDashes) {
  const Output all = reprise({"help"});
  EXPECT_EQ(all.code, 0);
  EXPECT_EQ(all.out, reprise({"--help"}).out);
  EXPECT_THAT(reprise({"help", "show"}).out, HasSubstr("--payloads"));
}

TEST_F(CommandTest, SaysThatANameIsEmpty) {
  EXPECT_THAT(reprise({"import", ""}).err, HasSubstr("cannot read ''"));
  EXPECT_THAT(reprise({"repair", "DIR", ""}).err, HasSubstr("new store's directory is empty"));
}

TEST_F(CommandTest, PutsNewKeysIntoAKeyFile) {
  const std::string file = directory_ / "shop.keys";
  const Output made = reprise({"new-key", file, "--id", "2026-12"});
  EXPECT_EQ(made.code, 0) << made.err;
  EXPECT_EQ(made.out, file +
                          ": the current key is now 2026-12; keep a copy of it, nothing "
                          "replaces a lost key\n");
  EXPECT_THAT(reprise({"new-key", file}).out, HasSubstr("the current key is now k1;"));
  const Output taken = reprise({"new-key", file, "--id", "k1"});
  EXPECT_EQ(taken.code, 2);
  EXPECT_THAT(taken.err, StartsWith("reprise new-key: RP3019 the key file has a key with the id"));
  EXPECT_THAT(reprise({"new-key", directory_ / "none/keys"}).err, HasSubstr("RP1002 the key file"));
  EXPECT_THAT(reprise({"new-key"}).err, StartsWith("reprise new-key: FILE is required"));
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
  for (const char* number : {"0", "-1", "x", "1e9", "nan", "0.1s"}) {
    EXPECT_THAT(reprise({"tail", "DIR", "--interval", number}).err,
                HasSubstr(std::string("--interval: '") + number +
                          "' is no number of seconds from 0.01 to 3600"));
    EXPECT_THAT(
        reprise({"signal", "DIR", "RUN", "go", "--timeout", number}).err,
        HasSubstr(std::string("'") + number + "' is no number of seconds from 0.001 to 600"));
  }
}

}  // namespace
}  // namespace reprise::tools::command_test
