// A directory for a benchmark's store. Removed at the end.
#pragma once
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace reprise::bench {

// REPRISE_BENCH_DIR chooses the disk; without it, the system's directory for temporary files is
// used.
inline std::string default_parent() {
  const char* chosen = std::getenv("REPRISE_BENCH_DIR");
  return chosen != nullptr ? chosen : std::filesystem::temp_directory_path().string();
}

class TemporaryStore {
 public:
  explicit TemporaryStore(const std::string& parent = default_parent())
      : path_((std::filesystem::path(parent) / "reprise-bench-XXXXXX").string()) {
    if (mkdtemp(path_.data()) == nullptr) {
      throw std::runtime_error("cannot make a directory in " + parent);
    }
  }
  ~TemporaryStore() {
    std::error_code ignored;  // left-over files are no reason to lose the measurements
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryStore(const TemporaryStore&) = delete;
  TemporaryStore& operator=(const TemporaryStore&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace reprise::bench
