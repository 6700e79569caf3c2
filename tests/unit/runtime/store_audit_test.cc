// `reprise check` finds at least everything that keeps an engine from opening the store.
#include "runtime/engine/store_audit.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "runtime/engine/recovery.h"
#include "tests/rot/workload.h"
#include "tests/support/temporary_directory.h"

namespace reprise::runtime {
namespace {

namespace fs = std::filesystem;

bool opens(const std::string& directory) {
  const auto store = store::open_store(directory);
  Names names;
  return store && recover(**store, names);
}

bool check_is_content(const std::string& directory, store::InspectMode mode) {
  Names names;
  StoreAudit audit(names);
  return audit.run(directory, mode) && audit.sound();
}

// As after restoring some of the files from one backup, and some from another.
TEST(StoreAudit, FindsJournalAndArchiveOfDifferentGenerations) {
  const testing::TemporaryDirectory directory;
  std::vector<std::string> moments;
  rot::make_store(directory / "made", [&] {
    moments.push_back(directory / ("moment-" + std::to_string(moments.size())));
    fs::copy(directory / "made", moments.back(), fs::copy_options::recursive);
  });
  const std::string mixed = directory / "mixed";
  int refused = 0;
  for (const std::string& journal : moments) {
    for (const std::string& archive : moments) {
      fs::remove_all(mixed);
      fs::copy(journal, mixed, fs::copy_options::recursive);
      fs::remove_all(mixed + "/archive");
      fs::copy(archive + "/archive", mixed + "/archive");
      fs::remove(mixed + "/attempts");
      const bool beside = check_is_content(mixed, store::InspectMode::kBesideEngine);
      const bool alone = check_is_content(mixed, store::InspectMode::kAlone);
      EXPECT_EQ(beside, alone) << journal << " with the archive of " << archive;
      if (opens(mixed)) continue;
      ++refused;
      EXPECT_FALSE(beside) << journal << " with the archive of " << archive;
    }
  }
  EXPECT_GT(refused, 20);
}

}  // namespace
}  // namespace reprise::runtime
