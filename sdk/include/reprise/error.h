// Errors of the caller's side: what client, worker, engine and test calls throw, and what misuse
// throws anywhere. Each has a code that docs/errors.md explains. None of them is a Failure: an
// Error that leaves workflow code parks the run instead of failing it.
#pragma once
#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>

namespace reprise {

// The root. what() is "RP3005 no run with id order-7; ..."; code() is its first word. It can be
// printed: control characters in foreign text are escaped (\x1b), and lines after the first are
// indented. Thread-safe as every exception object is; owns its text. Catch a subclass where the
// program can react.
class Error : public std::runtime_error {
 public:
  Error(std::string_view code, std::string_view message);
  std::string_view code() const noexcept;  // "RP3005"
};

// The store cannot be opened, written or trusted: RP1001 to RP1013.
class StoreError : public Error {
 public:
  using Error::Error;
};

// The store has no room (RP1007): nothing was recorded, and the same call works once there is room.
// An open engine then goes on by itself.
class StoreFull : public StoreError {
 public:
  using StoreError::StoreError;
};

// No run with this id (RP3005).
class NotFound : public Error {
 public:
  using Error::Error;
};

// A run with this workflow id exists, and the start options do not allow another (RP3004).
class AlreadyStarted : public Error {
 public:
  AlreadyStarted(std::string_view message, std::string run_id);
  // The run that has the id now.
  const std::string& run_id() const noexcept { return run_id_; }

 private:
  std::string run_id_;
};

// The run has ended: it takes no more signals, updates or cancellations (RP3006).
class RunClosed : public Error {
 public:
  using Error::Error;
};

// The run has ended, and did not answer an update that it had accepted (RP3037): what the handler
// does may be half done.
class UpdateUnfinished : public RunClosed {
 public:
  using RunClosed::RunClosed;
};

// An update that no handler gets, though the run is there: its id is that of another update
// (RP3035), the check of its handler has a bug (RP3036), or it was handled before and the history
// with the answer has been removed (RP3038). Nothing was recorded.
class UpdateRefused : public Error {
 public:
  using Error::Error;
};

// A run cannot be resumed because it is not paused (RP3024), or cannot be reset, forked or
// restarted as asked: something of it is under way that cannot be taken along (RP3026), rows that
// it changed would not be undone (RP3027), it has not failed (RP3028), or a result is for no
// operation that is pending there (RP3029). Nothing was recorded; the message says what stands in
// the way.
class RepairRefused : public Error {
 public:
  using Error::Error;
};

// A query was not answered: the run has no handler of that name (RP3007; the message lists the
// names it has) or the handler threw (RP3008).
class QueryFailed : public Error {
 public:
  using Error::Error;
};

// No worker here implements this workflow or activity, or serves this task queue: RP2003, RP3009,
// RP4001.
class UnknownWorkflow : public Error {
 public:
  using Error::Error;
};

// A payload that does not decode as the type expected (RP3001) or is larger than kMaxPayloadBytes
// (RP3002), a value that could not be read back from its payload (RP3012), or a signal that the
// run's code cannot read (RP3013).
class PayloadError : public Error {
 public:
  using Error::Error;
};

// An option, an id or a name has a value it cannot have: RP3003, RP3010, RP3040.
class InvalidOption : public Error {
 public:
  using Error::Error;
};

// A filter of runs that cannot be read, names a field that no run has, or compares one with a value
// of another type (RP3015). The message has the filter and a mark under the character.
class FilterError : public InvalidOption {
 public:
  using InvalidOption::InvalidOption;
  // Of the character, from 1, as the message counts them; 0: it is about no single one.
  std::size_t position() const noexcept;
};

// PageOptions::page_token is not one of this store and this filter, or was damaged (RP3016).
class InvalidPageToken : public InvalidOption {
 public:
  using InvalidOption::InvalidOption;
};

// A call that is not allowed here or now, such as a durable call outside the run's own code
// (RP2004), a checkpoint while something is under way (RP3039) or, in a test, waiting for a run
// that nothing can ever wake (RP2005).
class UsageError : public Error {
 public:
  using Error::Error;
};

// EngineOptions::refuse_start does not allow the start (RP3033). Nothing was recorded; the message
// is what that function said.
class NotAllowed : public Error {
 public:
  using Error::Error;
};

// The engine is at one of its EngineLimits, and no room came within overload_wait (RP3011). Nothing
// was recorded: the same call may be made again later. The message names the limit.
class Overloaded : public Error {
 public:
  using Error::Error;
};

// Client::complete(), fail() or heartbeat() was given what is not a token of this store: it is
// garbled, cut off, forged, or of another store (RP3020). Nothing was recorded.
class InvalidToken : public Error {
 public:
  using Error::Error;
};

// The attempt of the token is over: a limit has ended it, its activity was cancelled, its run has
// ended, or a later attempt has a token of its own (RP3021). Nothing was recorded.
class CompletionLate : public Error {
 public:
  using Error::Error;
};

// The same token has completed or failed the attempt before (RP3022), perhaps by the very request
// that is repeated now because its answer was lost. Nothing was recorded again.
class AlreadyCompleted : public CompletionLate {
 public:
  using CompletionLate::CompletionLate;
};

// The heartbeat of an attempt was heard; its activity is cancelled, and the code waits for the end
// (RP3023, ActivityOptions::on_cancel). End the attempt soon: with Client::fail(token,
// CancelledFailure("...")), or with what has become of it.
class ActivityCancelled : public Error {
 public:
  using Error::Error;
};

// Bytes or a file that are not the history of a run (RP2009). The message says where it fails.
class HistoryError : public Error {
 public:
  using Error::Error;
};

// A run's code cannot go on; the message is the report: RP2002, RP2006, RP2007. Thrown by
// testing::Env; with an Engine a parked run waits for corrected code, and describe() shows the
// report.
class ParkedError : public Error {
 public:
  using Error::Error;
};

// The code no longer does what the run's history says (RP2001); the report names both sides.
class NondeterminismError : public ParkedError {
 public:
  using ParkedError::ParkedError;
};

}  // namespace reprise
