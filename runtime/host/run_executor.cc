#include "runtime/host/run_executor.h"

#include <algorithm>
#include <utility>

#include "event/catalogue.h"

namespace reprise::runtime {
namespace {

bool is_outcome_of(const proto::Event& input, std::uint32_t step) {
  const event::Row& row = event::row_of(input);
  return row.id != nullptr && event::finishes(row.answers) && row.id(input) == step;
}

}  // namespace

RunExecutor::RunExecutor(RunExecutorOptions options)
    : options_(std::move(options)), host_(std::move(options_.host), *this) {
  code_mark_.tell_next_process(options_.next_process);
}

// ---- runs -------------------------------------------------------------------------------------

TurnResult RunExecutor::run_turn(Place& place, const RunSource& run, proto::Turn* turn) {
  const CodeMark::Scope in_code(code_mark_, run.label());
  turn_ = turn;
  TurnResult result = host_.run_turn(place, run, turn);
  turn_ = nullptr;
  return result;
}

base::Result<std::string> RunExecutor::query(Place& place,
                                             const RunSource& run,
                                             std::string_view name,
                                             std::string_view input) {
  const CodeMark::Scope in_code(code_mark_, run.label());
  return host_.query(place, run, name, input);
}

std::unique_ptr<replay::Trouble> RunExecutor::replay_afresh(Place place, const RunSource& run) {
  const CodeMark::Scope in_code(code_mark_, run.label());
  return host_.replay_afresh(place, run);
}

std::unique_ptr<replay::Trouble> RunExecutor::check_segment(Place place, const RunSource& segment) {
  const CodeMark::Scope in_code(code_mark_, segment.label());
  return host_.check_segment(place, segment);
}

std::optional<std::string> RunExecutor::signal_refusal(Place place,
                                                       const RunLabel& run,
                                                       std::string_view name,
                                                       std::string_view input) {
  const replay::Execution* const code = Host::find(place);
  if (code == nullptr) return std::nullopt;
  const CodeMark::Scope in_code(code_mark_, run);
  return code->signal_refusal(name, input);
}

bool RunExecutor::load(Place& place, const RunSource& run) {
  const CodeMark::Scope in_code(code_mark_, run.label());
  return host_.load(place, run) == nullptr;
}

bool RunExecutor::has_begun(Place place) {
  const replay::Execution* const code = Host::find(place);
  return code != nullptr && code->has_begun();
}

bool RunExecutor::takes_updates(Place place) {
  const replay::Execution* const code = Host::find(place);
  return code != nullptr && code->takes_updates();
}

std::vector<std::string> RunExecutor::waiting_for(Place place) {
  const replay::Execution* const code = Host::find(place);
  return code == nullptr ? std::vector<std::string>() : code->waiting_for();
}

void RunExecutor::dropping(std::uint64_t run, base::FunctionRef<void()> drop) {
  const RunLabel label = run != 0 && options_.label_of ? options_.label_of(run) : RunLabel();
  const CodeMark::Scope in_code(code_mark_, label);
  drop();
}

// ---- steps ------------------------------------------------------------------------------------

RunExecutor::BegunStep RunExecutor::begin_step(Place& place,
                                               const RunSource& run,
                                               const AttemptKey& key,
                                               base::Duration start_to_close) {
  {
    const CodeMark::Scope in_code(code_mark_, run.label());
    if (auto trouble = host_.load(place, run)) return std::move(*trouble);
  }
  const replay::Execution& code = *Host::find(place);
  const auto body = code.step_body(key.operation);
  if (!body) return StepStopped();
  if (code.step_no_longer_wanted(key.operation)) return StepUnwanted();
  AttemptTask task;
  task.key = key;
  task.start_to_close = start_to_close;
  task.control = Host::steps(place).begin(key.operation);
  task.step = *body;
  return task;
}

replay::Outcome RunExecutor::execute_here(const RunLabel& run, const AttemptTask& step) {
  const CodeMark::Scope in_code(code_mark_, run);
  return execute_step(step);
}

void RunExecutor::end_step(Place place, std::uint32_t id) {
  if (place != nullptr) (void)Host::steps(place).end(id);
}

bool RunExecutor::take_back_step(Place place, const AttemptTask& step) {
  if (!step.control->abandon()) return false;
  end_step(place, step.key.operation);
  return true;
}

bool RunExecutor::take_back_step(Place place, std::uint32_t id) {
  AttemptControl* const control = place == nullptr ? nullptr : Host::steps(place).find(id);
  if (control == nullptr || !control->abandon()) return false;
  end_step(place, id);
  return true;
}

std::string RunExecutor::name_of(Place place, std::uint32_t id) {
  const replay::Execution* const code = Host::find(place);
  return code == nullptr ? std::string() : code->name_of(id);
}

const AttemptControl* RunExecutor::step_under_way(Place place, std::uint32_t id) {
  return place == nullptr ? nullptr : Host::steps(place).find(id);
}

bool RunExecutor::is_step_unwanted(Place place, std::uint32_t id) {
  const replay::Execution* const code = Host::find(place);
  return code != nullptr && code->step_no_longer_wanted(id);
}

// False: a thread has begun it.
bool RunExecutor::withdraw(std::uint64_t run, StepsUnderWay& steps, std::uint32_t id) {
  if (!steps.find(id)->abandon()) return false;
  (void)steps.end(id);
  if (options_.step_withdrawn) options_.step_withdrawn(run, id);
  return true;
}

// Its outcome may be known already, as one of the inputs that are not applied yet.
bool RunExecutor::step_unwanted(std::uint64_t run, StepsUnderWay& steps, std::uint32_t id) {
  if (steps.find(id) != nullptr) return withdraw(run, steps, id);
  if (turn_ == nullptr) return true;
  const auto& inputs = turn_->inputs();
  return std::none_of(inputs.begin(), inputs.end(),
                      [id](const proto::Event& input) { return is_outcome_of(input, id); });
}

// The code has stopped the strand that waits for this step; its frame goes when this returns.
void RunExecutor::step_abandoned(std::uint64_t run, StepsUnderWay& steps, std::uint32_t id) {
  const AttemptControl* const control = steps.find(id);
  if (control == nullptr) return;
  if (!withdraw(run, steps, id)) control->wait_until_finished();  // end_step() follows
}

}  // namespace reprise::runtime
