// docs/versioning.md, command by command: the programs of the sample, and what `verify` prints.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <sys/wait.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/command_output.h"
#include "tests/support/temporary_directory.h"

namespace versioning {
namespace {

using ::testing::HasSubstr;

using Output = reprise::testing::CommandOutput;

// Output of `text` with the lines of fulfil.h as they are in docs/versioning.md.
class VersioningProgram : public testing::Test {
 protected:
  // "old take order-1".
  Output versioning(const std::string& command) const {
    return reprise::testing::output_of("cd '" + directory_.path() +
                                       "' && '" VERSIONING_PROGRAMS "/'versioning_" + command);
  }
  Output verify(const std::string& stage) const {
    return versioning(stage + " verify --store versioning.db");
  }

  const reprise::testing::TemporaryDirectory directory_;
};

// The part of docs/versioning.md between "$ ./COMMAND" and the end of its block.
std::string documented(const std::string& command) {
  std::ifstream file(REPRISE_SOURCE_DIR "/docs/versioning.md");
  std::string text;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    if (inside && (line.starts_with("    $ ") || (!line.empty() && !line.starts_with("    "))))
      break;
    if (inside) text += (line.empty() ? line : line.substr(4)) + "\n";
    inside = inside || line == "    $ ./versioning_" + command;
  }
  while (text.ends_with("\n\n")) text.pop_back();
  return text;
}

TEST_F(VersioningProgram, DoesWhatItsPageSays) {
  EXPECT_EQ(versioning("old take order-1").said, "picking order-1\n");

  const Output careless = verify("careless");
  EXPECT_EQ(careless.code, 1);
  EXPECT_EQ(careless.said, documented("careless verify --store versioning.db"));

  EXPECT_EQ(versioning("patched take order-2").said, "checking order-2\npicking order-2\n");
  const Output patched = verify("patched");
  EXPECT_EQ(patched.code, 0);
  EXPECT_EQ(patched.said, documented("patched verify --store versioning.db"));

  const Output too_early = verify("deprecated");
  EXPECT_EQ(too_early.code, 1);
  EXPECT_EQ(too_early.said, documented("deprecated verify --store versioning.db"));

  EXPECT_EQ(versioning("patched pay order-1").said,
            "shipping order-1\norder-1 was shipped and paid by ann\n");
  EXPECT_THAT(verify("patched").said, HasSubstr("the old branch can go"));
  EXPECT_EQ(verify("deprecated").code, 0);

  EXPECT_EQ(versioning("deprecated take order-3").said, "checking order-3\npicking order-3\n");
  const Output removed = verify("removed");
  EXPECT_EQ(removed.code, 1);
  EXPECT_EQ(removed.said, documented("removed verify --store versioning.db"));

  EXPECT_EQ(versioning("deprecated pay order-2").said,
            "shipping order-2\norder-2 was shipped and paid by ann\n");
  EXPECT_THAT(verify("deprecated").said, HasSubstr("can be removed"));
  EXPECT_EQ(verify("removed").code, 0);
  EXPECT_EQ(versioning("removed pay order-3").said,
            "shipping order-3\norder-3 was shipped and paid by ann\n");

  const Output closed = versioning("removed verify --store versioning.db --all");
  EXPECT_EQ(closed.code, 1);
  EXPECT_THAT(closed.said, HasSubstr("3 runs checked"));
}

TEST_F(VersioningProgram, PrintsJson) {
  versioning("old take order-1");
  const Output output = versioning("careless verify --store versioning.db --json");
  EXPECT_EQ(output.code, 1);
  const auto report = nlohmann::json::parse(output.said);
  EXPECT_EQ(report["diverged"], 1);
  EXPECT_EQ(report["groups"][0]["examples"][0]["workflow_id"], "order-1");
  EXPECT_EQ(report["groups"][0]["recorded"], "ActivityScheduled pick");
}

TEST_F(VersioningProgram, SaysWhatItCannotCheck) {
  EXPECT_EQ(verify("patched").code, 2);  // no store
  EXPECT_EQ(versioning("patched verify").code, 2);
  versioning("old take order-1");
  const Output misspelled = versioning("patched verify --store versioning.db --workflow fulfill");
  EXPECT_EQ(misspelled.code, 2);
  EXPECT_THAT(misspelled.said, HasSubstr("RP2003"));
  EXPECT_EQ(versioning("patched verify --store versioning.db --limit 0").code, 2);
  EXPECT_EQ(versioning("patched verify --store versioning.db --threads x").code, 2);
}

}  // namespace
}  // namespace versioning
