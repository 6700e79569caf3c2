// Fuzzing without libFuzzer, so that every build does some: the checked-in corpus, then inputs made
// from it by a mutator of our own, the same for the same seed. An input that libFuzzer finds
// becomes a file of the corpus, and then fails here.
//
//   fuzz_torture --target history --input FILE    one input, for a debugger
//   fuzz_torture --write-corpus                   the seeds of all targets, as files
#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <unistd.h>

#include <google/protobuf/stubs/logging.h>

#include "tests/fuzz/targets.h"
#include "tests/support/random.h"
#include "tests/support/torture.h"

namespace reprise::fuzz {
namespace {

namespace fs = std::filesystem;
using testing::Random;
using testing::TortureOptions;
using testing::TortureReport;

constexpr unsigned kLongestSeconds = 20;  // for one input, under a sanitizer too
constexpr std::size_t kLargestInput = 4'096;
constexpr std::uint64_t kControlInputs = 2'000;

// ---- where inputs come from -------------------------------------------------------------------

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

fs::path folder_of(const Target& target) {
  return fs::path(REPRISE_SOURCE_DIR) / "tests/fuzz/corpus" / target.name;
}

std::vector<std::string> corpus_of(const Target& target) {
  std::vector<fs::path> paths;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder_of(target), ignored)) {
    paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> corpus;
  for (const fs::path& path : paths) corpus.push_back(read(path));
  return corpus;
}

char interesting(Random& random) {
  constexpr unsigned char kBytes[] = {0,    1,    2,    7,    8,    0x10, 0x1b,
                                      0x3f, 0x40, 0x7f, 0x80, 0x9b, 0xff};
  return static_cast<char>(random.below(2) == 0 ? kBytes[random.below(std::size(kBytes))]
                                                : random.next());
}

void mutate(Random& random, const std::vector<std::string>& corpus, std::string* input) {
  const std::size_t at = random.below(input->size() + 1);
  switch (random.below(6)) {
    case 0:
      if (at < input->size()) (*input)[at] ^= static_cast<char>(1u << random.below(8));
      return;
    case 1:
      if (at < input->size()) (*input)[at] = interesting(random);
      return;
    case 2:
      input->insert(at, 1 + random.below(8), interesting(random));
      return;
    case 3:
      input->erase(at, 1 + random.below(8));
      return;
    case 4: {
      const std::string& other = corpus[random.below(corpus.size())];
      input->resize(at);
      input->append(other, random.below(other.size() + 1), std::string::npos);
      return;
    }
    default:
      for (std::size_t i = random.below(12); i > 0; --i) input->push_back(interesting(random));
      return;
  }
}

std::string make(Random& random, const std::vector<std::string>& corpus) {
  std::string input = corpus[random.below(corpus.size())];
  for (std::size_t i = 1 + random.below(6); i > 0; --i) mutate(random, corpus, &input);
  input.resize(std::min(input.size(), kLargestInput));
  return input;
}

// ---- one input --------------------------------------------------------------------------------

// The current input, for the report after a signal.
struct Current {
  char name[32] = {};
  const char* bytes = nullptr;
  std::size_t size = 0;
};
Current current;

std::string save(std::string_view target, std::string_view bytes) {
  const std::string path =
      (std::filesystem::temp_directory_path() / ("reprise_fuzz_failure_" + std::string(target)))
          .string();
  std::ofstream(path, std::ios::binary)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return path;
}

// The process is broken here, so this may fail; a debugger needs the file.
void on_signal(int number) {
  std::signal(number, SIG_DFL);
  std::fprintf(stderr, "fuzz: target %s: %s; the input: ", current.name,
               number == SIGALRM ? "an input takes too long" : strsignal(number));
  std::fprintf(stderr, "%s\n", save(current.name, {current.bytes, current.size}).c_str());
  std::raise(number);
}

void run(const Target& target, std::string_view input) {
  std::strncpy(current.name, target.name.data(), sizeof current.name - 1);
  current.bytes = input.data();
  current.size = input.size();
  ::alarm(kLongestSeconds);
  target.run(input);
  ::alarm(0);
}

bool run_reported(const Target& target, std::string_view input, TortureReport* report) {
  try {
    run(target, input);
    return true;
  } catch (const Defect& defect) {
    report->fail("target " + std::string(target.name) + ": " + defect.what() +
                 "; the input: " + save(target.name, input));
    return false;
  }
}

// Does the broken twin of the target fail?
bool control_is_caught(const Target& target, std::uint64_t seed) {
  const auto corpus = corpus_of(target);
  Random random(seed);
  try {
    for (const std::string& input : corpus) target.control(input);
    for (std::uint64_t i = 0; i < kControlInputs; ++i) target.control(make(random, corpus));
  } catch (const Defect&) {
    return true;
  }
  return false;
}

// ---- all of them ------------------------------------------------------------------------------

std::uint64_t fuzz(const Target& target, const TortureOptions& options, TortureReport* report) {
  const auto corpus = corpus_of(target);
  if (corpus.empty()) report->fail("target " + std::string(target.name) + " has no corpus");
  Random random(options.seed);
  std::uint64_t done = 0;
  for (const std::string& input : corpus) {
    if (!run_reported(target, input, report)) return done;
    ++done;
  }
  for (std::uint64_t i = 0; i < options.count() && !corpus.empty(); ++i) {
    if (!run_reported(target, make(random, corpus), report)) return done;
    ++done;
  }
  return done;
}

void write_corpus() {
  for (const Target& target : kTargets) {
    fs::create_directories(folder_of(target));
    std::size_t number = 0;
    for (const std::string& seed : target.seeds()) {
      const std::string digits = std::to_string(number++);
      const std::string name = (digits.size() == 1 ? "seed_0" : "seed_") + digits;
      std::ofstream(folder_of(target) / name, std::ios::binary) << seed;
    }
    std::printf("%s: %zu\n", std::string(target.name).c_str(), number);
  }
}

int run_one(const std::string& name, const std::string& path) {
  for (const Target& target : kTargets) {
    if (target.name != name) continue;
    run(target, read(path));
    return 0;
  }
  std::fprintf(stderr, "there is no target %s\n", name.c_str());
  return 2;
}

}  // namespace
}  // namespace reprise::fuzz

int main(int argc, char** argv) {
  using namespace reprise::fuzz;
  TortureOptions options("fuzz", "Feeds malformed input to everything that reads",
                         {.quick = 50'000, .full = 5'000'000});
  std::string only;
  std::string input;
  options.add_option("--target", only, "this one alone");
  options.add_option("--input", input, "run one file and end", "--target");
  bool write = false;
  options.add_flag("--write-corpus", write, "write the seeds to tests/fuzz/corpus and end");
  options.parse(argc, argv);
  for (const int number : {SIGSEGV, SIGBUS, SIGFPE, SIGABRT, SIGALRM}) {
    std::signal(number, on_signal);
  }
  google::protobuf::SetLogHandler(nullptr);  // it reports every malformed message
  if (write) return write_corpus(), 0;
  if (!input.empty()) return run_one(only, input);

  TortureReport report(options);
  std::uint64_t controls = 0;
  std::uint64_t caught = 0;
  for (const Target& target : kTargets) {
    if (!only.empty() && target.name != only) continue;
    report.add(target.name, fuzz(target, options, &report));
    if (target.control == nullptr) continue;
    ++controls;
    if (control_is_caught(target, options.seed)) {
      ++caught;
    } else {
      report.fail("the broken reader of target " + std::string(target.name) + " was not caught");
    }
  }
  report.add("controls", std::to_string(caught) + "/" + std::to_string(controls));
  return report.finish();
}
