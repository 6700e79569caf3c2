// Every golden history with each single field changed: a replay finds all changes that mean
// something, and none of the others. Prints the table.
#include <cstdio>
#include <map>
#include <memory>
#include <reprise/replayer.h>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/golden/files.h"
#include "tests/golden/mutations.h"
#include "tests/golden/scenarios.h"

namespace golden {
namespace {

using reprise::History;

// Histories for which a replay gave a report.
struct Count {
  int found = 0;
  int of = 0;
  int expected = 0;
};
struct Row {
  Count usual;
  Count strict;
};

class Matrix {
 public:
  Matrix() {
    implement_all(usual_);
    implement_all(strict_);
  }

  void add(const std::string& golden, const Mutant& mutant) {
    const History history(std::make_shared<const reprise::proto::History>(mutant.history));
    Row& row = rows_[mutant.mutation];
    const bool always = mutant.expected == Expected::kFound;
    const std::string what = golden + ": " + mutant.mutation + ": " + mutant.place;
    count(usual_, history, always, what, &row.usual);
    count(strict_, history, always || mutant.expected == Expected::kFoundIfStrict,
          what + " (strict)", &row.strict);
  }

  void print() const {
    std::printf("%-32s %18s %18s\n", "mutation", "found", "found if strict");
    for (const auto& [mutation, row] : rows_) {
      std::printf("%-32s %8d of %6d %8d of %6d\n", mutation.c_str(), row.usual.found, row.usual.of,
                  row.strict.found, row.strict.of);
    }
  }
  const std::map<std::string, Row>& rows() const { return rows_; }

 private:
  static void count(const reprise::Replayer& replayer,
                    const History& history,
                    bool expected,
                    const std::string& what,
                    Count* count) {
    const reprise::ReplayReport report = replayer.replay(history);
    ++count->of;
    if (expected) ++count->expected;
    if (!report.matched) ++count->found;
    EXPECT_EQ(!report.matched, expected) << what << "\n" << report;
    if (report.matched) return;
    // RP2002: the code got a side effect that it cannot read.
    EXPECT_THAT(report.code, testing::AnyOf("RP2001", "RP2002")) << what << "\n" << report;
  }

  // Each segment of a history.
  reprise::Replayer usual_{reprise::ReplayerOptions{.whole = true}};
  reprise::Replayer strict_{reprise::ReplayerOptions{.strict = true, .whole = true}};
  std::map<std::string, Row> rows_;
};

TEST(MutationMatrix, FindsWhatMeansSomethingAndNothingElse) {
  Matrix matrix;
  for (const GoldenFile& file : golden_files()) {
    const History history = History::read(file.binary);
    matrix.add(file.name, {"(unchanged)", "", Expected::kNotFound, history.data()});
    for_each_mutant(history.data(), [&](const Mutant& mutant) { matrix.add(file.name, mutant); });
    if (HasFailure()) break;  // one golden's worth of reports is enough
  }
  matrix.print();
  for (const auto& [mutation, row] : matrix.rows()) {
    EXPECT_EQ(row.usual.found, row.usual.expected) << mutation;
    EXPECT_EQ(row.strict.found, row.strict.expected) << mutation;
  }
}

// The matrix is meaningful only with non-empty rows of every expectation.
TEST(MutationMatrix, HasMutantsOfEveryExpectation) {
  std::map<Expected, int> mutants;
  const History history = History::read(golden_file(current_version(), "activities").binary);
  for_each_mutant(history.data(), [&](const Mutant& mutant) { ++mutants[mutant.expected]; });
  EXPECT_GT(mutants[Expected::kFound], 100);
  EXPECT_GT(mutants[Expected::kFoundIfStrict], 20);
  EXPECT_GT(mutants[Expected::kNotFound], 5);
}

}  // namespace
}  // namespace golden
