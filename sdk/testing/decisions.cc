#include "sdk/testing/decisions.h"

#include "base/ids.h"

namespace reprise::internal {
namespace {

using testing::Choice;

std::uint64_t draw(std::uint64_t seed, Choice choice, int at) {
  const std::uint64_t numbers[] = {seed, static_cast<std::uint64_t>(choice),
                                   static_cast<std::uint64_t>(at)};
  return base::hash64({reinterpret_cast<const char*>(numbers), sizeof numbers});
}

// Each kind of decision has a random stream of its own, so that one more decision of a kind does
// not change all others.
class Shuffled final : public DecisionSource {
 public:
  Shuffled(std::uint64_t seed, bool crashes) : seed_(seed), crashes_(crashes) {}

  int pick(Choice choice, int at, int ways) const override {
    if (choice == Choice::kCrash && !crashes_) return 0;
    if (draw(seed_, choice, at) % 100 >= percent(choice)) return 0;
    return static_cast<int>(draw(~seed_, choice, at) % static_cast<std::uint64_t>(ways));
  }

 private:
  // If everything were equally likely, all tests would be much alike. So each seed has its own
  // preferences, and some kinds of decision always keep the usual outcome.
  std::uint64_t percent(Choice choice) const {
    constexpr std::uint64_t kHabits[] = {0, 20, 60, 100};
    return kHabits[draw(seed_, choice, 0) % std::size(kHabits)];
  }

  const std::uint64_t seed_;
  const bool crashes_;
};

class Scripted final : public DecisionSource {
 public:
  explicit Scripted(const testing::Script& script) {
    for (const testing::Decision& decision : script) {
      picks_[{decision.choice, decision.at}] = decision.pick;
    }
  }

  int pick(Choice choice, int at, int ways) const override {
    const auto found = picks_.find({choice, at});
    return found == picks_.end() || found->second < 0 || found->second >= ways ? 0 : found->second;
  }

 private:
  std::map<std::pair<Choice, int>, int> picks_;
};

class CrashingAlways final : public DecisionSource {
 public:
  int pick(Choice choice, int, int) const override {
    // Attempts begin together, as on the threads of a worker, so that some are under way at a
    // crash.
    return choice == Choice::kCrash || choice == Choice::kActivitiesFirst ? 1 : 0;
  }
};

bool always_crashes(const testing::EnvOptions& options) {
  return options.crash == testing::Crash::kEveryCommit && options.order == testing::Order::kUsual &&
         options.script.empty();
}

std::unique_ptr<const DecisionSource> source_of(const testing::EnvOptions& options) {
  if (!options.script.empty()) return std::make_unique<Scripted>(options.script);
  if (options.order == testing::Order::kShuffled) {
    return std::make_unique<Shuffled>(options.seed, options.crash == testing::Crash::kEveryCommit);
  }
  if (always_crashes(options)) return std::make_unique<CrashingAlways>();
  return nullptr;
}

std::string_view name_of(Choice choice) {
  switch (choice) {
    case Choice::kActivitiesFirst:
      return "kActivitiesFirst";
    case Choice::kAttempt:
      return "kAttempt";
    case Choice::kResult:
      return "kResult";
    case Choice::kSameTurn:
      return "kSameTurn";
    case Choice::kCrash:
      return "kCrash";
  }
  return "kUnknown";
}

}  // namespace

Decisions::Decisions(const testing::EnvOptions& options)
    : source_(source_of(options)), crashes_always_(always_crashes(options)) {}

int Decisions::make(Choice choice, int ways, base::FunctionRef<std::string(int)> meaning) {
  if (ways < 2 || source_ == nullptr) return 0;
  const int at = ++counts_[choice];
  const int pick = source_->pick(choice, at, ways);
  if (pick != 0) made_.push_back({choice, at, pick, meaning(pick)});
  return pick;
}

}  // namespace reprise::internal

std::string reprise::testing::to_cpp(const Script& script, int indent) {
  if (script.empty()) return "{}";
  const std::string margin(static_cast<std::size_t>(indent), ' ');
  std::string text = "{\n";
  for (const Decision& decision : script) {
    text += margin + "    {reprise::testing::Choice::";
    text += internal::name_of(decision.choice);
    text += ", " + std::to_string(decision.at) + ", " + std::to_string(decision.pick) + "},";
    if (!decision.meaning.empty()) text += "  // " + decision.meaning;
    text += "\n";
  }
  return text + margin + "}";
}
