#include "base/thread_stack.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <mutex>
#include <semaphore.h>
#include <time.h>
#include <unwind.h>

namespace reprise::base {
namespace {

constexpr int kSignal = SIGURG;
constexpr std::size_t kMostFrames = 64;
constexpr std::size_t kSignalStackBytes = std::size_t{64} << 10;

// One question at a time:
//
//   idle  --interrupt()--> asked  --handler--> answering --handler--> answered --interrupt()-->
//   idle
//                          asked  --interrupt(), too late--> idle
//
// Static, because a handler may still run when the caller is gone.
enum class State { kIdle, kAsked, kAnswering, kAnswered };

struct Question {
  std::atomic<State> state{State::kIdle};
  std::atomic<pthread_t> asked{};  // a late handler must not answer for another thread
  const FunctionRef<void()>* note = nullptr;
  std::array<void*, kMostFrames> frames{};
  std::size_t count = 0;
  bool inside = false;  // after the handler's own frames
  sem_t answered{};

  Question() { sem_init(&answered, 0, 0); }
  bool move(State from, State to) { return state.compare_exchange_strong(from, to); }
};

Question question;

_Unwind_Reason_Code note_frame(_Unwind_Context* context, void*) {
  int interrupted = 0;
  const auto address = _Unwind_GetIPInfo(context, &interrupted);
  question.inside |= interrupted != 0;
  if (!question.inside) return _URC_NO_REASON;
  if (question.count == kMostFrames || address == 0) return _URC_END_OF_STACK;
  // A return address is that of the next instruction, perhaps of the next line.
  const auto at = address - (interrupted != 0 ? 0 : 1);
  question.frames[question.count++] = reinterpret_cast<void*>(at);
  return _URC_NO_REASON;
}

void answer(int) {
  const int error = errno;
  if (::pthread_equal(::pthread_self(), question.asked) != 0 &&
      question.move(State::kAsked, State::kAnswering)) {
    question.count = 0;
    question.inside = false;
    _Unwind_Backtrace(note_frame, nullptr);
    (*question.note)();
    question.state = State::kAnswered;
    sem_post(&question.answered);
  }
  errno = error;
}

bool install_handler() {
  struct sigaction current {};
  if (::sigaction(kSignal, nullptr, &current) != 0) return false;
  if (current.sa_handler == answer) return true;
  if (current.sa_handler != SIG_DFL && current.sa_handler != SIG_IGN) return false;
  struct sigaction ours {};
  ours.sa_handler = answer;
  ours.sa_flags = SA_RESTART | SA_ONSTACK;
  sigfillset(&ours.sa_mask);
  return ::sigaction(kSignal, &ours, nullptr) == 0;
}

bool wait_for_answer(Duration longest) {
  timespec until{};
  ::clock_gettime(CLOCK_REALTIME, &until);
  const std::int64_t nanoseconds = until.tv_nsec + longest.count() % 1'000 * 1'000'000;
  until.tv_sec += longest.count() / 1'000 + nanoseconds / 1'000'000'000;
  until.tv_nsec = nanoseconds % 1'000'000'000;
  int result = 0;
  do {
    result = ::sem_timedwait(&question.answered, &until);
  } while (result != 0 && errno == EINTR);
  if (result == 0) return true;
  if (question.move(State::kAsked, State::kIdle)) return false;
  while (::sem_wait(&question.answered) != 0) {
  }
  return true;  // it was just answering
}

}  // namespace

std::optional<std::vector<void*>> interrupt(pthread_t thread,
                                            FunctionRef<void()> note,
                                            Duration longest) {
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);
  if (!install_handler()) return std::nullopt;
  question.note = &note;
  question.asked = thread;
  question.state = State::kAsked;
  if (::pthread_kill(thread, kSignal) != 0) {
    question.state = State::kIdle;
    return std::nullopt;
  }
  if (!wait_for_answer(longest)) return std::nullopt;
  std::vector<void*> frames(question.frames.begin(), question.frames.begin() + question.count);
  question.state = State::kIdle;
  return frames;
}

SignalStack::SignalStack() : memory_(kSignalStackBytes) {
  stack_t ours{};
  ours.ss_sp = memory_.data();
  ours.ss_size = memory_.size();
  ::sigaltstack(&ours, &before_);
}

// A sanitizer may have set up one, which it removes when the thread ends.
SignalStack::~SignalStack() {
  ::sigaltstack(&before_, nullptr);
}

}  // namespace reprise::base
