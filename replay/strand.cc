#include "replay/strand.h"

#include <array>
#include <cxxabi.h>
#include <new>
#include <span>
#include <utility>

// fcontext, not the fiber class on top of it: a fiber's destructor unwinds by force, which must
// never happen here; from Boost 1.88 on fibers swap the exception state themselves, and swapping
// twice is wrong; and making one costs two more switches.
#include <boost/context/detail/fcontext.hpp>

#include "base/check.h"
#include "base/out_of_memory.h"
#include "base/prefetch.h"
#include "base/stack_frames.h"

#if REPRISE_ASAN
#include <sanitizer/common_interface_defs.h>
#elif REPRISE_TSAN
#include <sanitizer/tsan_interface.h>
#elif REPRISE_VALGRIND
#include <valgrind/valgrind.h>
#endif

namespace reprise::replay {
namespace {

namespace context = boost::context::detail;

// What __cxa_get_globals() points to, as the Itanium C++ ABI lays it out for every 64-bit target.
struct ExceptionState {
  void* caught = nullptr;
  unsigned int uncaught = 0;
};

ExceptionState& exception_state() {
  return *reinterpret_cast<ExceptionState*>(abi::__cxa_get_globals());
}

// A body that swallows Evicted for ever would hold its thread for ever.
constexpr int kMaxSwallowed = 256;

constinit thread_local Strand* running = nullptr;

// Tells the sanitizers about switches. Each function is called right before or after one.
#if REPRISE_ASAN
class SwitchHooks {
 public:
  void before_resume(const Stack& stack) {
    __sanitizer_start_switch_fiber(&resumer_fake_stack_, stack.bottom, stack.size);
  }
  void after_resume() { __sanitizer_finish_switch_fiber(resumer_fake_stack_, nullptr, nullptr); }
  void on_start() { __sanitizer_finish_switch_fiber(nullptr, &resumer_bottom_, &resumer_size_); }
  void before_suspend() {
    __sanitizer_start_switch_fiber(&fake_stack_, resumer_bottom_, resumer_size_);
  }
  void after_suspend() {
    __sanitizer_finish_switch_fiber(fake_stack_, &resumer_bottom_, &resumer_size_);
  }
  // A null pointer means that this stack's frames are gone for ever.
  void before_finish() { __sanitizer_start_switch_fiber(nullptr, resumer_bottom_, resumer_size_); }

 private:
  void* fake_stack_ = nullptr;
  void* resumer_fake_stack_ = nullptr;
  const void* resumer_bottom_ = nullptr;
  std::size_t resumer_size_ = 0;
};
#elif REPRISE_TSAN
// Always inline: a function that is entered in one fiber's call record and left in another's breaks
// both.
class SwitchHooks {
 public:
  ~SwitchHooks() {
    if (fiber_ != nullptr) __tsan_destroy_fiber(fiber_);
  }
  [[gnu::always_inline]] void before_resume(const Stack&) {
    if (fiber_ == nullptr) fiber_ = __tsan_create_fiber(0);
    resumer_ = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(fiber_, 0);
  }
  void after_resume() {}
  void on_start() {}
  [[gnu::always_inline]] void before_suspend() { __tsan_switch_to_fiber(resumer_, 0); }
  void after_suspend() {}
  [[gnu::always_inline]] void before_finish() { before_suspend(); }

 private:
  void* fiber_ = nullptr;
  void* resumer_ = nullptr;
};
#elif REPRISE_VALGRIND
// Valgrind takes a jump to unknown memory for a huge frame.
class SwitchHooks {
 public:
  ~SwitchHooks() {
    if (registered_) VALGRIND_STACK_DEREGISTER(id_);
  }
  void before_resume(const Stack& stack) {
    if (std::exchange(registered_, true)) return;
    id_ = VALGRIND_STACK_REGISTER(stack.bottom, stack.top());
  }
  void after_resume() {}
  void on_start() {}
  void before_suspend() {}
  void after_suspend() {}
  void before_finish() {}

 private:
  bool registered_ = false;
  unsigned id_ = 0;
};
#else
class SwitchHooks {
 public:
  void before_resume(const Stack&) {}
  void after_resume() {}
  void on_start() {}
  void before_suspend() {}
  void after_suspend() {}
  void before_finish() {}
};
#endif

}  // namespace

namespace {

Stack stack_of(StackPool& pool) {
  const Stack stack = pool.take();
  if (!stack) throw std::bad_alloc();
  return stack;
}

}  // namespace

struct alignas(64) Strand::State {  // on cache lines of its own, as top() is
  State(StackPool& from, Stack own, Body what) : pool(from), stack(own), body(std::move(what)) {
    const auto room = static_cast<std::size_t>(reinterpret_cast<char*>(this) - stack.bottom);
    self = context::make_fcontext(this, room, &State::main);
  }

  static void main(context::transfer_t from);
  void run_body();
  void note_depth();
  void wait();
  bool show_stack();

  StackPool& pool;
  const Stack stack;
  Body body;
  context::fcontext_t self;               // the strand's context while it does not run
  context::fcontext_t resumer = nullptr;  // its resumer's context while it runs
  ExceptionState exceptions;              // the strand's, while it does not run
  std::size_t deepest = 0;
  int swallowed = 0;
  std::span<void*>* looked_at = nullptr;  // it was resumed only to record its stack
  bool started = false;
  bool is_running = false;
  bool finished = false;
  bool given_up = false;
  [[no_unique_address]] SwitchHooks hooks;
};

// The outermost frame of a strand.
void Strand::State::main(context::transfer_t from) {
  auto& state = *static_cast<State*>(from.data);
  state.resumer = from.fctx;
  state.hooks.on_start();
  state.run_body();
  state.finished = true;
  state.hooks.before_finish();
  context::jump_fcontext(state.resumer, nullptr);
  base::check_failed(__FILE__, __LINE__, "finished", "a finished strand was resumed");
}

void Strand::State::run_body() {
  try {
    const Body own = std::move(body);  // so that its captures are destroyed on the strand
    own();
  } catch (const Evicted&) {
  } catch (const std::bad_alloc&) {
    base::end_out_of_memory("running a workflow");  // exceptions of user code are caught further in
  } catch (...) {
    REPRISE_CHECK(false, "an exception has reached the base of a strand");
  }
}

// Only a new depth is worth a call.
void Strand::State::note_depth() {
  const auto* here = static_cast<const char*>(__builtin_frame_address(0));
  const auto depth = static_cast<std::size_t>(stack.top() - here);
  if (depth <= deepest) return;
  deepest = depth;
  pool.note_depth(stack, depth);
}

// Switches back to the resumer, until the strand is resumed for more than recording its stack.
void Strand::State::wait() {
  do {
    hooks.before_suspend();
    resumer = context::jump_fcontext(resumer, nullptr).fctx;
    hooks.after_suspend();
  } while (show_stack());
}

bool Strand::State::show_stack() {
  if (looked_at == nullptr) return false;
  *looked_at = looked_at->first(base::stack_frames(*looked_at));
  return true;
}

Strand::Strand(StackPool& pool, Body body) : Strand(pool, stack_of(pool), std::move(body)) {}

Strand::Strand(StackPool& pool, Stack stack, Body body) {
  REPRISE_CHECK(stack, "a strand without a stack");
  state_ = new (stack.top() - sizeof(State)) State(pool, stack, std::move(body));
}

Strand::~Strand() {
  evict();
}

Strand* Strand::current() {
  return running;
}

void Strand::prefetch() const {
  if (state_ == nullptr) return;
  constexpr std::size_t kFrames = 1'024;  // all of them, in a short workflow
  base::prefetch(reinterpret_cast<const char*>(state_) - kFrames, kFrames + sizeof(State));
}

void Strand::resume() {
  REPRISE_CHECK(state_ != nullptr && !state_->is_running, "resume() of a strand that cannot run");
  State& state = *state_;
  Strand* const resumer = std::exchange(running, this);
  ExceptionState& here = exception_state();
  const ExceptionState resumers = std::exchange(here, state.exceptions);
  state.started = state.is_running = true;

  state.hooks.before_resume(state.stack);
  state.self = context::jump_fcontext(state.self, &state).fctx;
  state.hooks.after_resume();

  state.is_running = false;
  state.exceptions = std::exchange(here, resumers);
  running = resumer;
  if (state.finished) return release();
  if (state.given_up && state.looked_at == nullptr) give_up();
}

void Strand::suspend() {
  REPRISE_CHECK(running == this, "suspend() of a strand that is not running");
  if (evicting_) leave();
  state_->note_depth();
  state_->wait();
  if (evicting_) leave();
}

std::vector<void*> Strand::stack() {
  if (done() || !state_->started || state_->is_running) return {};
  std::array<void*, base::kMostFrames> room{};  // not on the strand's small stack
  std::span<void*> frames(room);
  state_->looked_at = &frames;
  resume();
  state_->looked_at = nullptr;
  return std::vector<void*>(frames.begin(), frames.end());
}

void Strand::leave() {
  // If its captures are destroyed elsewhere there is no stack to give up.
  if (running != this || ++state_->swallowed <= kMaxSwallowed) throw Evicted{};
  state_->given_up = true;
  state_->note_depth();
  state_->wait();
  base::check_failed(__FILE__, __LINE__, "given_up", "a strand that was given up was resumed");
}

Stack Strand::memory() const {
  return state_->stack;
}

void Strand::evict() {
  REPRISE_CHECK(evict_until_pause(), "a strand suspended while it was being evicted");
}

bool Strand::evict_until_pause() {
  if (done()) return true;
  REPRISE_CHECK(!state_->is_running, "a strand evicted or destroyed while it runs");
  evicting_ = true;
  if (state_->started) {
    resume();
  } else {
    release();
  }
  return done();
}

void Strand::pause() {
  REPRISE_CHECK(running == this, "pause() of a strand that is not running");
  state_->note_depth();
  state_->wait();
}

bool Strand::executes() const {
  return state_ != nullptr && state_->is_running;
}

// The state stays where it is, at the top of a stack that is never used again.
void Strand::give_up() {
  given_up_at_ = std::make_unique<std::vector<void*>>(stack());
  state_->pool.abandon(state_->stack);
  state_ = nullptr;
}

// The strand's stack is no longer in use. The state is on it too, so it goes first.
void Strand::release() {
  StackPool& pool = state_->pool;
  const Stack stack = state_->stack;
  state_->~State();
  state_ = nullptr;
  pool.give_back(stack);
}

}  // namespace reprise::replay
