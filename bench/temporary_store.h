// A directory for a benchmark's store: under REPRISE_BENCH_DIR, so that the disk can be chosen, or
// else under the system's temporary directory. Removed at the end.
#pragma once
#include <cstdlib>
#include <filesystem>
#include <string>

namespace reprise::bench {

class TemporaryStore {
 public:
  TemporaryStore() {
    const char* chosen = std::getenv("REPRISE_BENCH_DIR");
    const auto parent =
        chosen != nullptr ? std::filesystem::path(chosen) : std::filesystem::temp_directory_path();
    std::string pattern = (parent / "reprise-bench-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) std::abort();
    path_ = pattern;
  }
  ~TemporaryStore() { std::filesystem::remove_all(path_); }
  TemporaryStore(const TemporaryStore&) = delete;
  TemporaryStore& operator=(const TemporaryStore&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace reprise::bench
