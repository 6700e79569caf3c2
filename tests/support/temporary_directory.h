// A directory that is gone at the end of its test.
#pragma once
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>

namespace reprise::testing {

class TemporaryDirectory {
 public:
  // kMemory: where there is room for it. Most tests need the order of operations, not a disk, and
  // syncing a disk takes most of their time.
  enum class Place : bool { kMemory, kDisk };
  explicit TemporaryDirectory(Place place = Place::kMemory)
      : path_((place == Place::kMemory && has_room("/dev/shm")
                   ? std::string("/dev/shm")
                   : std::filesystem::temp_directory_path().string()) +
              "/reprise-test-XXXXXX") {
    if (::mkdtemp(path_.data()) == nullptr) std::abort();
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    if (!kept_) std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

  // The directory is not removed at the end, so that it can be inspected.
  void keep() { kept_ = true; }

 private:
  static bool has_room(const char* path) {
    std::error_code missing;
    const auto space = std::filesystem::space(path, missing);
    return !missing && space.available > std::uintmax_t{256} << 20;
  }

  std::string path_;
  bool kept_ = false;
};

}  // namespace reprise::testing
