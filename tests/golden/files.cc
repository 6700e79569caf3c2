#include "tests/golden/files.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "base/ids.h"

namespace golden {

namespace fs = std::filesystem;

fs::path folder() {
  return fs::path(REPRISE_SOURCE_DIR) / "tests/golden";
}

std::string current_version() {
  return REPRISE_VERSION;
}

GoldenFile golden_file(const std::string& version, std::string_view name) {
  const fs::path file = folder() / version / name;
  return {version + "/" + std::string(name), file.string() + ".jsonl", file.string() + ".history",
          file.string() + ".json"};
}

std::vector<GoldenFile> golden_files() {
  std::vector<GoldenFile> files;
  for (const auto& version : fs::directory_iterator(folder())) {
    if (!version.is_directory()) continue;
    for (const auto& file : fs::directory_iterator(version)) {
      if (file.path().extension() != ".jsonl") continue;
      files.push_back(golden_file(version.path().filename().string(), file.path().stem().string()));
    }
  }
  std::sort(files.begin(), files.end(),
            [](const GoldenFile& a, const GoldenFile& b) { return a.name < b.name; });
  return files;
}

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path.string());
  return {std::istreambuf_iterator<char>(file), {}};
}

Checksums listed_checksums() {
  Checksums listed;
  std::ifstream file(folder() / "CHECKSUMS");
  for (std::string hash, path; file >> hash >> path;) listed[path] = hash;
  return listed;
}

std::string checksum(std::string_view content) {
  char text[17];
  std::snprintf(text, sizeof text, "%016" PRIx64, reprise::base::hash64(content));
  return text;
}

}  // namespace golden
