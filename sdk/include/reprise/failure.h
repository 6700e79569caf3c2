// Failures: what workflow code may see, and what fails a run. A Failure that leaves the workflow
// function fails the run; any other exception is a bug, which parks it until the code is fixed.
#pragma once
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace reprise {

// Most causes in the chain below one failure. See CausedFailure.
inline constexpr int kMaxCauses = 32;

// The root of everything that counts as an outcome rather than a bug. Thrown by get(), call() and
// result(); throw one of your own (usually ApplicationFailure) to end a run, an activity, a step or
// an update as failed. A class derived from it is recorded as an ApplicationFailure whose type is
// the class's name, and comes back as one. The recorded text is UTF-8: each wrong byte of a message
// or a type becomes U+FFFD, and text after 64 KiB is cut off. A value: copyable, usable on any
// thread.
class Failure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// A failure that application code raised, with a type for the code that handles it: the string is
// recorded, so it is part of the contract like any other name. `retryable` matters when an activity
// or a step throws it: false ends its attempts at once. An exception of another class that leaves
// an activity becomes one of these, retryable, with the class's name as its type.
class ApplicationFailure : public Failure {
 public:
  ApplicationFailure(std::string type, const std::string& message, bool retryable = true);
  std::string_view type() const noexcept { return *type_; }
  bool retryable() const noexcept { return retryable_; }

 private:
  std::shared_ptr<const std::string> type_;  // shared: copying an exception must not throw
  bool retryable_;
};

// A failure with a cause: an ActivityFailure or a ChildFailure. A chain has at most kMaxCauses
// causes: of a longer one the outermost failure and the innermost causes are kept, with one between
// them that says that some are left out.
class CausedFailure : public Failure {
 public:
  const Failure* cause() const noexcept { return cause_.get(); }  // nullptr: unknown

  // The cause if it is of that class, else nullptr: failure.cause_as<TimeoutFailure>().
  template <class F>
  const F* cause_as() const noexcept {
    return dynamic_cast<const F*>(cause_.get());
  }

 protected:
  struct Chain;
  CausedFailure(const std::string& message, Chain chain);

 private:
  int causes_;  // in the chain below
  std::shared_ptr<const Failure> cause_;
};

// An activity has failed for good: its attempts are used up, its time is over, or the failure is
// not retryable. Its cause is the failure of the last attempt: an ApplicationFailure, or a
// TimeoutFailure when a limit of ActivityOptions was reached. (A step throws that failure itself.)
class ActivityFailure : public CausedFailure {
 public:
  ActivityFailure(std::string activity, int attempts, std::shared_ptr<const Failure> cause);
  std::string_view activity() const noexcept { return *activity_; }
  int attempts() const noexcept { return attempts_; }  // how many were made

 private:
  ActivityFailure(std::string activity, int attempts, Chain chain);

  std::shared_ptr<const std::string> activity_;
  int attempts_;
};

// A child has ended without a result, or has not been started. Its cause is what its result() would
// throw (an ApplicationFailure or what else it failed with, CancelledFailure, TerminatedFailure,
// TimeoutFailure), or StartRefusedFailure. ExternalFailure: it was started, and its end is not
// known, because retention or damage has taken its history.
class ChildFailure : public CausedFailure {
 public:
  ChildFailure(std::string workflow, std::string id, std::shared_ptr<const Failure> cause);
  std::string_view workflow() const noexcept { return *workflow_; }  // the definition's name
  std::string_view id() const noexcept { return *id_; }              // the workflow id

 private:
  ChildFailure(std::string workflow, std::string id, Chain chain);

  std::shared_ptr<const std::string> workflow_;
  std::shared_ptr<const std::string> id_;
};

// Why a child was not started: its workflow id is taken, no worker of its task queue knows the
// workflow, a limit. The cause of a ChildFailure.
class StartRefusedFailure : public Failure {
 public:
  StartRefusedFailure(std::string code, const std::string& message);
  std::string_view code() const noexcept { return *code_; }  // "RP3006", see docs/errors.md

 private:
  std::shared_ptr<const std::string> code_;
};

// Which limit has passed.
enum class TimeoutKind {
  kOther,            // a limit that this version does not know
  kStartToClose,     // one attempt took too long
  kScheduleToStart,  // no worker took it in time
  kScheduleToClose,  // all attempts together took too long
  kHeartbeat,        // an attempt stopped sending heartbeats
  kRun,              // the run itself, see StartOptions::run_timeout
  kExecution,        // all runs of a chain, see StartOptions::execution_timeout
};

// A time limit has passed. Of an activity: the cause of its ActivityFailure. Of a step: thrown by
// step(). Of the run itself: thrown by result().
class TimeoutFailure : public Failure {
 public:
  TimeoutFailure(TimeoutKind kind, const std::string& message) : Failure(message), kind_(kind) {}
  TimeoutKind kind() const noexcept { return kind_; }

 private:
  TimeoutKind kind_;
};

// Why a message did not reach another run.
enum class ExternalReason {
  kOther,      // see code()
  kNotFound,   // there is no such run
  kRunClosed,  // it has ended
};

// A message to another run did not reach it, and never will: thrown by the calls of ExternalRun.
class ExternalFailure : public Failure {
 public:
  ExternalFailure(std::string code, const std::string& message);
  ExternalReason reason() const noexcept { return reason_; }
  std::string_view code() const noexcept { return *code_; }  // "RP3005", see docs/errors.md

 private:
  std::shared_ptr<const std::string> code_;
  ExternalReason reason_;
};

// The scope in which the code waits, or the thing it waits for, was cancelled. Let it pass, and
// clean up on the way (in a Shield if that waits): when it leaves the workflow of a run that was
// asked to cancel, the run ends as Cancelled. An activity may throw it once its stop_token() says
// stop.
class CancelledFailure : public Failure {
 public:
  using Failure::Failure;
};

// The run was terminated from outside; its code did not run. Thrown by result(), and the cause of
// the ChildFailure of a child.
class TerminatedFailure : public Failure {
 public:
  using Failure::Failure;
};

}  // namespace reprise
