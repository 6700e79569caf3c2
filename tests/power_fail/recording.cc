#include "tests/power_fail/recording.h"

#include <cstdlib>
#include <filesystem>

namespace reprise::testing {
namespace {

constexpr int kSteps = 500;
constexpr int kOpenings = 4;

}  // namespace

Recording record_workload(const std::string& scratch, std::uint64_t seed, bool nosync) {
  const std::string directory = scratch + "/recorded";
  std::filesystem::create_directory(directory);
  Recording recording;
  {
    DiskLog log(directory, nosync);
    Workload workload(directory, seed, [&](Promise promise) {
      log.promise(recording.promises.size());
      recording.promises.push_back(std::move(promise));
    });
    for (int opening = 0; opening < kOpenings; ++opening) {
      if (!workload.open()) std::abort();
      for (int i = 0; i < kSteps / kOpenings; ++i) workload.step();
    }
    workload.close();
    if (!workload.unexpected().empty()) std::abort();
    recording.root = log.root();
    recording.ops = log.take();
    recording.written = workload.written();
  }
  std::filesystem::remove_all(directory);
  return recording;
}

}  // namespace reprise::testing
