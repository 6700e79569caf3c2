// The files of golden histories, for each tests/golden/<version>/<name>: .jsonl and .history, which
// are its compact JSON and its binary form, and for some .json, the indented one. README.md has the
// rules.
#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace golden {

struct GoldenFile {
  std::string name;  // "0.1.0/hello"
  std::filesystem::path compact;
  std::filesystem::path binary;
  std::filesystem::path indented;
};

std::filesystem::path folder();
// "0.1.0": of the library as it is now.
std::string current_version();
GoldenFile golden_file(const std::string& version, std::string_view name);

// Every one of every version, in order.
std::vector<GoldenFile> golden_files();

std::string read_file(const std::filesystem::path& path);

// The content of CHECKSUMS: a path below folder() and the hash of its content.
using Checksums = std::map<std::string, std::string>;
Checksums listed_checksums();
std::string checksum(std::string_view content);

}  // namespace golden
