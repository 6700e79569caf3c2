// The fuzzed code. A target takes any bytes; it must not crash, hang or use excessive memory, and
// throws a Defect when the product accepts something that it must refuse. libFuzzer calls one of
// them (libfuzzer_main.cc), the torture program all of them (fuzz_torture.cc).
#pragma once
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace reprise::fuzz {

struct Defect : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Target {
  std::string_view name;  // of the folder of its corpus too
  void (*run)(std::string_view input);
  // Broken on purpose, as the product could be: some input must make it throw a Defect. This shows
  // that the target's checks can fail. nullptr: the target has no checks of its own.
  void (*control)(std::string_view input);
  // The inputs that fuzzing starts from; the corpus has them as files.
  std::vector<std::string> (*seeds)();
};

// Records, chains, whole journals and archives: store::read_history.
void fuzz_log(std::string_view input);
void fuzz_log_control(std::string_view input);
std::vector<std::string> log_seeds();

// Any records that verify: recovery, the fold of turns, and an engine that goes on with them.
void fuzz_recovery(std::string_view input);
std::vector<std::string> recovery_seeds();

// The store's small files: FORMAT, LOCK and attempts.
void fuzz_files(std::string_view input);
std::vector<std::string> files_seeds();

// Payloads: CBOR, JSON and protobuf.
void fuzz_codec(std::string_view input);
void fuzz_codec_control(std::string_view input);
std::vector<std::string> codec_seeds();

// Envelopes of payload codecs, and key files.
void fuzz_sealing(std::string_view input);
void fuzz_sealing_control(std::string_view input);
std::vector<std::string> sealing_seeds();

// Edited histories, replayed.
void fuzz_history(std::string_view input);
void fuzz_history_control(std::string_view input);
std::vector<std::string> history_seeds();

// Files given for exported histories: binary, JSON or neither.
void fuzz_import(std::string_view input);
void fuzz_import_control(std::string_view input);
std::vector<std::string> import_seeds();

// The command line of `reprise`; nothing is executed.
void fuzz_arguments(std::string_view input);
std::vector<std::string> arguments_seeds();

inline constexpr Target kTargets[] = {
    {"log", fuzz_log, fuzz_log_control, log_seeds},
    {"recovery", fuzz_recovery, nullptr, recovery_seeds},
    {"files", fuzz_files, nullptr, files_seeds},
    {"codec", fuzz_codec, fuzz_codec_control, codec_seeds},
    {"sealing", fuzz_sealing, fuzz_sealing_control, sealing_seeds},
    {"history", fuzz_history, fuzz_history_control, history_seeds},
    {"import", fuzz_import, fuzz_import_control, import_seeds},
    {"arguments", fuzz_arguments, nullptr, arguments_seeds},
};

// Takes an input apart. At its end every number is 0.
class Bytes {
 public:
  explicit Bytes(std::string_view input) : left_(input) {}

  bool empty() const { return left_.empty(); }
  unsigned byte() {
    if (left_.empty()) return 0;
    const auto value = static_cast<unsigned char>(left_.front());
    left_.remove_prefix(1);
    return value;
  }
  unsigned word() { return byte() << 8 | byte(); }
  std::string_view take(std::size_t count) {
    const std::string_view taken = left_.substr(0, count);
    left_.remove_prefix(taken.size());
    return taken;
  }
  std::string_view rest() { return take(left_.size()); }

 private:
  std::string_view left_;
};

}  // namespace reprise::fuzz
