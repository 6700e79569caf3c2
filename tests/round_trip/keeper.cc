#include "tests/round_trip/keeper.h"

#include <mutex>
#include <reprise/json.h>

#include "base/ids.h"
#include "tests/support/service_over.h"

namespace reprise::round_trip {
namespace {

using nlohmann::json;

// What an activity is asked to do.
enum class Wanted : std::uint8_t { kEcho, kFailure, kTooDeep, kNoText };

using EchoActivity = Activity<json(Wanted, std::uint64_t, int, json)>;

// Records that the journal gathers before they are archived: few, so that both have some.
constexpr std::size_t kArchiveSlice = 8;

EchoActivity activity_of(const Plan& plan) {
  return EchoActivity(std::string_view(plan.activity));
}

json nested(int levels) {
  json value = 1;
  for (; levels > 0; --levels) {
    json around = json::array();
    around.push_back(std::move(value));
    value = std::move(around);
  }
  return value;
}

json do_activity(
    ActivityContext&, Wanted wanted, std::uint64_t seed, int number, const json& value) {
  switch (wanted) {
    case Wanted::kEcho:
      return value;
    case Wanted::kFailure: {
      const Plan plan = plan_of(seed, number);
      throw ApplicationFailure(plan.type, plan.message);
    }
    case Wanted::kTooDeep:
      return nested(CborReader::kMaxDepth + 1);
    case Wanted::kNoText:
      return "M\xfcller";
  }
  return nullptr;
}

std::shared_ptr<const Failure> chain(const Plan& plan) {
  std::shared_ptr<const Failure> failure =
      std::make_shared<ApplicationFailure>(plan.type, plan.message, false);
  for (int i = 1; i < plan.causes; ++i) {
    failure = std::make_shared<ActivityFailure>("a", 1, failure);
  }
  return failure;
}

std::string end_of(const Plan& plan) {
  if (plan.end != End::kFails) return plan.text;
  if (plan.causes == 0) throw ApplicationFailure(plan.type, plan.message);
  throw ActivityFailure("a", 1, chain(plan));
}

// One run. Its queries are answered after its end too.
class Keeper {
 public:
  explicit Keeper(Context& ctx) : ctx_(ctx) {}

  std::string run(std::uint64_t seed, int number, const std::string& argument) {
    plan_ = plan_of(seed, number);
    number_ = number;
    exactly(argument);
    if (ctx_.patched(plan_.change)) exactly("new");
    exactly(ctx_.side_effect([this] { return plan_.text; }));
    steps();
    activities();
    exactly(ctx_.inbox(signal_of(plan_)).next().get());
    ctx_.inbox(signal_of(plan_)).next().get();
    return end_of(plan_);
  }

  Met met() const { return met_; }
  std::string echo(const std::string& value) const { return value; }
  std::string update(const std::string& value) {
    if (plan_.update_fails) throw ApplicationFailure(plan_.type, plan_.message);
    return value;
  }

 private:
  void exactly(const std::string& value) { met_.emplace_back(true, shown(value)); }
  void text(std::string_view value) { met_.emplace_back(false, std::string(value)); }

  void steps() {
    exactly(ctx_.step(plan_.step, [this] { return plan_.text; }));
    try {
      ctx_.step(plan_.step,
                [this]() -> int { throw ApplicationFailure(plan_.type, plan_.message, false); });
    } catch (const ApplicationFailure& failure) {
      text(failure.type());
      text(failure.what());
    }
  }

  json ask(Wanted wanted) {
    return ctx_.call(activity_of(plan_)(wanted, plan_.seed, number_, plan_.json),
                     {.retry = {.maximum_attempts = 3, .non_retryable = {plan_.type}},
                      .task_queue = plan_.queue});
  }

  void activities() {
    exactly(ask(Wanted::kEcho) == plan_.json ? "the same" : "changed");
    for (const Wanted wanted : {Wanted::kFailure, Wanted::kTooDeep, Wanted::kNoText}) {
      try {
        (void)ask(wanted);
      } catch (const ActivityFailure& failure) {
        const auto* cause = failure.cause_as<ApplicationFailure>();
        if (cause == nullptr) continue;
        text(cause->type());
        if (wanted == Wanted::kFailure) text(cause->what());
      }
    }
  }

  Context& ctx_;
  Plan plan_;
  int number_ = 0;
  Met met_;
};

}  // namespace

std::string shown(std::string_view value) {
  if (value.size() <= 300) return std::string(value);
  return std::to_string(value.size()) + " bytes, " + std::to_string(base::hash64(value));
}

Met expected(const Plan& plan) {
  const std::string text = shown(plan.text);
  return {{true, text},       {true, "new"},      {true, text},
          {true, text},       {false, plan.type}, {false, plan.message},
          {true, "the same"}, {false, plan.type}, {false, plan.message},
          {false, "RP3012"},  {false, "RP3012"},  {true, shown(plan.signalled)}};
}

Program::Program(const std::string& directory, const std::vector<Plan>& plans)
    : errors_(std::make_shared<std::string>()) {
  runtime::EngineOptions options;
  options.shards = 1;
  options.stack_bytes = std::size_t{256} << 10;  // the values are made on it
  options.strict = true;
  options.archive_slice = kArchiveSlice;
  options.log = [errors = errors_, mutex = std::make_shared<std::mutex>()](runtime::LogLevel level,
                                                                           std::string_view line) {
    const std::lock_guard lock(*mutex);
    if (level == runtime::LogLevel::kError) *errors += std::string(line) + "\n";
  };
  auto engine = internal::value_or_throw(runtime::Engine::open(directory, options));
  engine_ = engine.get();
  service_ = std::make_unique<testing::ServiceOver>(std::move(engine));
  for (const Plan& plan : plans) {
    auto& worker = workers_[plan.queue];
    if (worker == nullptr) {
      worker = std::make_unique<Worker>(
          *service_, WorkerOptions{.task_queue = plan.queue, .activity_threads = 1});
    }
    worker->implement(activity_of(plan), do_activity);
    implement_class(*worker, workflow_of(plan), &Keeper::run)
        .on(met_query, &Keeper::met)
        .on(query_of(plan), &Keeper::echo)
        .on(update_of(plan), &Keeper::update);
  }
  for (const auto& [queue, worker] : workers_) worker->start();
  client_ = std::make_unique<Client>(*service_);
}

void Program::backup(const std::string& directory) {
  internal::value_or_throw(engine_->backup(directory));
}

}  // namespace reprise::round_trip
