// docs/versioning.md, command by command: the programs of the sample, and what `verify` prints.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <sys/wait.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temporary_directory.h"

namespace versioning {
namespace {

using ::testing::HasSubstr;

struct Output {
  int status = -1;
  std::string text;  // of both streams
};

// Output of `text` with the lines of fulfil.h as they are in docs/versioning.md.
class VersioningProgram : public testing::Test {
 protected:
  // "old take order-1".
  Output versioning(const std::string& command) const {
    const std::string line = "cd '" + directory_.path() +
                             "' && '" VERSIONING_PROGRAMS "/'versioning_" + command + " 2>&1";
    Output output;
    std::FILE* const pipe = ::popen(line.c_str(), "r");
    char buffer[4096];
    for (std::size_t got = 0; (got = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) {
      output.text.append(buffer, got);
    }
    output.status = WEXITSTATUS(::pclose(pipe));
    return output;
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
  EXPECT_EQ(versioning("old take order-1").text, "picking order-1\n");

  const Output careless = verify("careless");
  EXPECT_EQ(careless.status, 1);
  EXPECT_EQ(careless.text, documented("careless verify --store versioning.db"));

  EXPECT_EQ(versioning("patched take order-2").text, "checking order-2\npicking order-2\n");
  const Output patched = verify("patched");
  EXPECT_EQ(patched.status, 0);
  EXPECT_EQ(patched.text, documented("patched verify --store versioning.db"));

  const Output too_early = verify("deprecated");
  EXPECT_EQ(too_early.status, 1);
  EXPECT_EQ(too_early.text, documented("deprecated verify --store versioning.db"));

  EXPECT_EQ(versioning("patched pay order-1").text,
            "shipping order-1\norder-1 was shipped and paid by ann\n");
  EXPECT_THAT(verify("patched").text, HasSubstr("the old branch can go"));
  EXPECT_EQ(verify("deprecated").status, 0);

  EXPECT_EQ(versioning("deprecated take order-3").text, "checking order-3\npicking order-3\n");
  const Output removed = verify("removed");
  EXPECT_EQ(removed.status, 1);
  EXPECT_EQ(removed.text, documented("removed verify --store versioning.db"));

  EXPECT_EQ(versioning("deprecated pay order-2").text,
            "shipping order-2\norder-2 was shipped and paid by ann\n");
  EXPECT_THAT(verify("deprecated").text, HasSubstr("can be removed"));
  EXPECT_EQ(verify("removed").status, 0);
  EXPECT_EQ(versioning("removed pay order-3").text,
            "shipping order-3\norder-3 was shipped and paid by ann\n");

  const Output closed = versioning("removed verify --store versioning.db --all");
  EXPECT_EQ(closed.status, 1);
  EXPECT_THAT(closed.text, HasSubstr("3 runs checked"));
}

TEST_F(VersioningProgram, PrintsJson) {
  versioning("old take order-1");
  const Output output = versioning("careless verify --store versioning.db --json");
  EXPECT_EQ(output.status, 1);
  const auto report = nlohmann::json::parse(output.text);
  EXPECT_EQ(report["diverged"], 1);
  EXPECT_EQ(report["groups"][0]["examples"][0]["workflow_id"], "order-1");
  EXPECT_EQ(report["groups"][0]["recorded"], "ActivityScheduled pick");
}

TEST_F(VersioningProgram, SaysWhatItCannotCheck) {
  EXPECT_EQ(verify("patched").status, 2);  // no store
  EXPECT_EQ(versioning("patched verify").status, 2);
  versioning("old take order-1");
  const Output misspelled = versioning("patched verify --store versioning.db --workflow fulfill");
  EXPECT_EQ(misspelled.status, 2);
  EXPECT_THAT(misspelled.text, HasSubstr("RP2003"));
  EXPECT_EQ(versioning("patched verify --store versioning.db --limit 0").status, 2);
  EXPECT_EQ(versioning("patched verify --store versioning.db --threads x").status, 2);
}

}  // namespace
}  // namespace versioning
