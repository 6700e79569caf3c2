// A directory for a harness, in memory where there is room: only the order of operations matters,
// and syncing a disk would take most of the time.
#pragma once
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>

namespace reprise::testing {

class ScratchDirectory {
 public:
  ScratchDirectory() {
    std::error_code missing;
    const auto memory = std::filesystem::space("/dev/shm", missing);
    const bool fits = !missing && memory.available > std::uintmax_t{256} << 20;
    path_ = (fits ? std::string("/dev/shm") : std::filesystem::temp_directory_path().string()) +
            "/reprise-torture-XXXXXX";
    if (::mkdtemp(path_.data()) == nullptr) std::abort();
  }
  ~ScratchDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace reprise::testing
