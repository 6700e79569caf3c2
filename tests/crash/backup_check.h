// Looks into a backup, in this process and without any workflow code.
#pragma once
#include <string>
#include <vector>

namespace reprise::testing {

// What had been acknowledged before the backup began.
struct BackedUp {
  int number = 0;
  std::string run_id;
  int notes = 0;
};

// What is wrong with it; empty: it opens, and each run is there with a history that verifies and
// has at least these notes.
std::vector<std::string> check_backup(const std::string& directory,
                                      const std::vector<BackedUp>& expected);

}  // namespace reprise::testing
