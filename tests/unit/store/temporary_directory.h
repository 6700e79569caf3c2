// A directory that lives as long as the object; in memory where there is room for that, because
// no test needs it to survive and syncing a disk takes most of their time.
#pragma once
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

namespace reprise::store {

class TemporaryDirectory {
 public:
  TemporaryDirectory() : path_(parent() + "reprise-store-XXXXXX") {
    if (::mkdtemp(path_.data()) == nullptr) throw std::runtime_error("mkdtemp " + path_);
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  static std::string parent() {
    std::error_code missing;
    const auto memory = std::filesystem::space("/dev/shm", missing);
    return !missing && memory.available > std::uintmax_t{32} << 20 ? "/dev/shm/"
                                                                   : ::testing::TempDir();
  }

  std::string path_;
};

}  // namespace reprise::store
