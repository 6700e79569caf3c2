#include "tests/io_errors/trial.h"

#include <filesystem>
#include <optional>
#include <vector>

#include "tests/power_fail/crash_check.h"
#include "tests/power_fail/crash_image.h"
#include "tests/power_fail/workload.h"

namespace reprise::testing {
namespace {

namespace fs = std::filesystem;

constexpr int kSteps = 40;
constexpr int kStepsAfterMending = 8;

class Trial {
 public:
  Trial(std::string directory, std::uint64_t seed, const FaultPlan& plan)
      : directory_(std::move(directory)),
        plan_(plan),
        log_(directory_, false),
        workload_(directory_, seed, [this](const Promise& promise) { told(promise); }) {}

  void swallow_errors() { workload_.swallow_errors(); }

  TrialResult run() {
    result_.wrong = live();
    result_.fatal = workload_.fatal().has_value();
    result_.served_reading = workload_.refused() > 0;
    root_ = log_.root();
    ops_ = log_.take();
    return result_;
  }

  // The store as the next process finds it; and as it is after a power failure, without the
  // leftovers of a failed sync.
  std::string check() {
    if (std::string wrong =
            check_crashed(directory_ + "/store", workload_.written(), expected_, true);
        !wrong.empty()) {
      return "opened again: " + wrong;
    }
    const std::string lost_power = directory_ + "/lost_power";
    fs::create_directory(lost_power);
    CrashImage image(ops_, root_);
    while (image.position() < ops_.size()) image.advance();
    Random random(ops_.size());
    image.write(lost_power, random);
    std::string wrong = check_crashed(lost_power + "/store", workload_.written(), expected_, false);
    return wrong.empty() ? wrong : "after a power failure: " + wrong;
  }

 private:
  void told(const Promise& promise) {
    // What became durable before is still acknowledged, and checked afterwards with everything
    // else.
    const bool too_late =
        workload_.fatal() && workload_.fatal()->message.find("/journal/") != std::string::npos;
    if (promise.kind == Promise::Kind::kDurable && too_late) broken_ = true;
    expected_.add(promise);
  }

  std::string live() {
    Faulty faulty(plan_, log_);
    const base::Status opened = workload_.open();
    if (!opened) {
      result_.hit = faulty.hit();
      if (!faulty.hit()) return opened.error().text();
      return check_error(opened.error());
    }
    for (int i = 0; i < kSteps && !workload_.fatal(); ++i) workload_.step();
    workload_.settle();
    result_.hit = faulty.hit();
    if (workload_.fatal()) {
      for (int i = 0; i < 3; ++i) workload_.step();
      faulty.mend();
      workload_.settle();
      workload_.close();
      return check_fatal(faulty);
    }
    if (faulty.store_lost()) return "the engine goes on after the loss of a commit";
    const bool was_full = workload_.refused() > 0;
    faulty.mend();
    workload_.settle();
    const auto refused = workload_.refused();
    for (int i = 0; i < kStepsAfterMending; ++i) workload_.step();
    workload_.settle();
    workload_.close();
    if (was_full && workload_.refused() != refused) return "work is refused although there is room";
    return workload_.unexpected();
  }

  static std::string check_error(const base::Error& error) {
    const bool known =
        error.code == base::ErrorCode::kStoreIo || error.code == base::ErrorCode::kStoreFull;
    if (!known) return "unexpected: " + error.text();
    return error.message.find('/') == std::string::npos ? "names no file: " + error.text() : "";
  }

  std::string check_fatal(const Faulty& faulty) {
    if (broken_) return "something was acknowledged after " + workload_.fatal()->text();
    if (!faulty.store_lost())
      return "gave up although it could continue: " + workload_.fatal()->text();
    if (workload_.fatal()->code != base::ErrorCode::kStoreIo) {
      return "unexpected: " + workload_.fatal()->text();
    }
    return check_error(*workload_.fatal());
  }

  const std::string directory_;
  const FaultPlan plan_;
  DiskLog log_;
  Expectation expected_;
  bool broken_ = false;
  TrialResult result_;
  Workload workload_;
  Inode root_ = 0;
  std::vector<DiskOp> ops_;
};

}  // namespace

TrialResult run_trial(const std::string& scratch,
                      std::uint64_t seed,
                      const FaultPlan& plan,
                      bool swallow_errors) {
  const std::string directory = scratch + "/trial";
  fs::remove_all(directory);
  fs::create_directory(directory);
  Trial trial(directory, seed, plan);
  if (swallow_errors) trial.swallow_errors();
  TrialResult result = trial.run();
  if (result.wrong.empty()) result.wrong = trial.check();
  return result;
}

}  // namespace reprise::testing
