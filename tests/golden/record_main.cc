// record_goldens: records the histories of all scenarios with the code as it is now and adds those
// that the current version does not have yet. It never changes an existing file.
#include <cstdio>
#include <fstream>

#include "tests/golden/files.h"
#include "tests/golden/scenarios.h"

namespace golden {
namespace {

namespace fs = std::filesystem;

void write(const fs::path& path, const std::string& content) {
  std::ofstream file(path, std::ios::binary);
  file << content;
  if (!file.flush()) throw std::runtime_error("cannot write " + path.string());
  std::ofstream(folder() / "CHECKSUMS", std::ios::app)
      << checksum(content) << "  " << fs::relative(path, folder()).string() << "\n";
}

int record() {
  fs::create_directories(folder() / current_version());
  int written = 0;
  for (const Scenario& scenario : scenarios()) {
    const GoldenFile file = golden_file(current_version(), scenario.name);
    if (fs::exists(file.compact) || fs::exists(file.binary)) {
      std::printf("%-40s is there: not touched\n", file.name.c_str());
      continue;
    }
    const reprise::History history = scenario.record();
    write(file.compact, history.to_json(reprise::JsonLayout::kCompact));
    write(file.binary, history.to_bytes());
    if (scenario.indented) write(file.indented, history.to_json());
    std::printf("%-40s %llu events\n", file.name.c_str(),
                static_cast<unsigned long long>(history.events()));
    ++written;
  }
  return written;
}

}  // namespace
}  // namespace golden

int main() {
  try {
    std::printf("%d recorded\n", golden::record());
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "record_goldens: %s\n", error.what());
    return 1;
  }
}
