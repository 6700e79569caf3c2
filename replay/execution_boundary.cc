// Where exceptions of the run's code end.
#include <utility>

#include "event/text.h"
#include "replay/execution_state.h"

namespace reprise::replay {

// The boundary behind which user code runs: nothing but a normal return gets out of it.
void Execution::State::guarded(CodeName whose, base::FunctionRef<void()> body) {
  try {
    if (observer != nullptr) tell_resumed();
    body();
  } catch (const Evicted&) {
  } catch (const ChangedType& error) {
    if (!scheduler.halted()) park_on_mismatch(error.mismatch);
  } catch (const StackLook&) {  // none is
  } catch (const std::exception& error) {
    park_on_exception(whose, error.what());
  } catch (...) {
    park_on_exception(whose, {});
  }
}

// In the catch block.
void Execution::State::park_on_exception(CodeName whose, std::string_view what) {
  if (!trouble && !scheduler.halted()) {
    Thrown thrown{.type = current_exception_type(), .what = std::string(what), .event = applying};
    thrown.in = whose.kind;
    if (!whose.name.empty()) thrown.in += " '" + std::string(whose.name) + "'";
    if (applied_input != nullptr) thrown.input = event::describe(*applied_input);
    thrown.strand = {scheduler.current()->number, {}, StackLook::take()};
    trouble = std::make_unique<Trouble>(
        Trouble{base::ErrorCode::kWorkflowBug, {}, std::nullopt, std::move(thrown)});
    tell_trouble();
  }
  scheduler.halt();
}

}  // namespace reprise::replay
