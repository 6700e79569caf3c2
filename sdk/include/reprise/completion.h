// Activities that are completed elsewhere: docs/language/completion_elsewhere.md.
#pragma once
#include <reprise/activity_context.h>
#include <string>
#include <type_traits>
#include <utility>

namespace reprise {

namespace internal {
template <class R>
class CompletionMaker;

// What a Completion is made from, and what leaves the attempt open.
struct OpenAttempt {
  static std::string token(const ActivityContext& ctx);
  static void leave_open(const ActivityContext& ctx);
};
}  // namespace internal

// One attempt of an activity that returns an R, for the function of Worker::implement_async(). A
// value: copies are cheap, stand for the same attempt, and may outlive the function, the worker and
// the engine. Thread-safe. Not for workflow code.
template <class R>
class Completion {
 public:
  // What Client::complete<R>(), fail() and heartbeat() take, in this process or any other, and the
  // command `reprise complete`. At most 1,410 characters, all of them letters, digits, '-' and '_'.
  // Only the store can make it: whoever has it may end the attempt, so treat it as a password for
  // that. It is valid until the attempt is over, whatever restarts in between, and each attempt has
  // another one.
  std::string token() const { return token_; }

 private:
  friend class internal::CompletionMaker<R>;
  explicit Completion(std::string token) : token_(std::move(token)) {}

  std::string token_;
};

}  // namespace reprise
