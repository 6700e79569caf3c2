// The error codes of the project and the value that carries one. docs/errors.md lists every code
// with its cause and what to do; a unit test keeps the two in step.
#pragma once
#include <string>
#include <string_view>

namespace reprise::base {

// Numbers are public and for ever: add, never renumber.
enum class ErrorCode : int {
  // 1xxx: the store.
  kStoreMissing = 1001,      // the directory is not there, or there is no store in it
  kStoreUnwritable = 1002,   // permissions or a read-only file system
  kStoreLocked = 1003,       // another process has it open
  kStoreOtherFormat = 1004,  // written by a newer Reprise, or before there was a release
  kStoreDamaged = 1005,      // a record, or the store's own bookkeeping, does not verify
  kStoreIo = 1006,           // a commit or a sync failed: nothing more is acknowledged
  kStoreFull = 1007,         // no space on the disk, or the map is full
  kStoreClosed = 1008,       // the engine is stopping or has stopped
  kStoreMoved = 1009,        // its files were renamed, removed or replaced while it was open
  kForked = 1010,            // the process is a fork of the one that opened the engine
  kNoResources = 1011,       // file descriptors, memory or threads have run out
  kKeyMissing = 1012,        // a key, or a payload codec, that content was sealed with
  kSealBroken = 1013,        // sealed content that does not decode
  // 2xxx: workflow code and replay.
  kNondeterminism = 2001,    // the code no longer does what the history says
  kWorkflowBug = 2002,       // an exception that is not a Failure left workflow code
  kUnknownWorkflow = 2003,   // the worker of that task queue does not implement it
  kOutsideWorkflow = 2004,   // a durable call outside the run's own code
  kWorkflowStuck = 2005,     // in a test: nothing can ever wake the run
  kStrandsExhausted = 2006,  // the system gave no stack for a strand
  kRunLimit = 2007,          // the run has reached a limit of what one run may have
  kForbiddenCall = 2008,     // workflow code called what may differ from run to run
  kNoHistory = 2009,         // bytes that are not a history
  kPoisoned = 2010,          // its code has ended the process, more than once
  kUnwindSwallowed = 2011,   // its code does not leave memory when it is asked to
  kPendingTaken = 2012,      // a second get() of one Pending
  kActivityFailing = 2013,   // an activity has failed many times and is still tried
  // 3xxx: requests and payloads.
  kPayloadDecode = 3001,
  kPayloadTooLarge = 3002,
  kInvalidId = 3003,
  kAlreadyStarted = 3004,
  kNotFound = 3005,
  kRunClosed = 3006,
  kUnknownQuery = 3007,
  kQueryFailed = 3008,
  kNoWorker = 3009,
  kInvalidOption = 3010,
  kOverloaded = 3011,          // too much is waiting to be done
  kPayloadEncode = 3012,       // a value that could not be read back
  kSignalUnreadable = 3013,    // a signal that the code of its run cannot decode
  kControl = 3014,             // an engine's control socket cannot be created, or does not answer
  kFilter = 3015,              // a filter of runs that cannot be read
  kPageToken = 3016,           // not a token of a page of this list
  kInvalidCodec = 3018,        // a payload codec that cannot be used, or that has failed
  kInvalidKey = 3019,          // a key, or a key file, that cannot be used
  kInvalidToken = 3020,        // not a token of this store
  kCompletionLate = 3021,      // the attempt that the token stands for is over
  kAlreadyCompleted = 3022,    // ... because somebody has ended it with the token before
  kActivityCancelled = 3023,   // the attempt goes on, and is asked to end
  kRunNotPaused = 3024,        // resume, of a run that is not paused
  kNoSuchEvent = 3025,         // reset or fork, at an event that the history does not have
  kCannotReset = 3026,         // something of the run is under way that cannot be taken along
  kRowsStay = 3027,            // rows that were changed after the event would not be undone
  kNothingFailed = 3028,       // restart, of a run that has not failed
  kForkResult = 3029,          // a result for what is no pending operation of the fork
  kArgumentUnreadable = 3030,  // an argument of a start does not decode as the workflow's
  kArgumentMissing = 3031,     // a start has fewer arguments than the workflow
  kTooManyArguments = 3032,    // ... or more
  kStartNotAllowed = 3033,     // EngineOptions::refuse_start refuses it
  kInvalidPrincipal = 3034,    // a client's name for itself
  kUpdateConflict = 3035,      // the id of an update belongs to an update of another name
  kUpdateCheck = 3036,         // the check of an update has a bug
  kUpdateUnfinished = 3037,    // the run has ended, and did not answer an update that it had taken
  kUpdateForgotten = 3038,     // an update was handled before, and its answer is not there any more
  kCheckpointBusy = 3039,      // ctx.checkpoint() while something of the run is under way
  kCheckpointOther = 3040,     // ... with another workflow than the run's own
  kActivityLimit = 3041,       // a limit of an activity on a worker
  kPrecedence = 3042,          // a priority, or a fairness key or weight
  kInvalidSchedule = 3043,     // when a schedule is due: an expression, an interval or a bound
  kTimeZone = 3044,            // a time zone that the system does not know
  kTableName = 3045,           // the name of a table
  kRowKey = 3046,              // a key of a table is too long
  kTransactionLimit = 3047,    // a transaction changes too much
  kReservedName = 3048,        // an id or a task queue of the engine's own
  kScheduleBusy = 3049,        // a schedule has as much to do as it may have
  kHeaderInvalid = 3050,       // the name or the value of a header
  kHeaderLimit = 3051,         // too many headers, or too large ones
  kInterceptorCall = 3052,     // an interceptor did not call next() exactly once
  kTopicFull = 3053,           // too much is kept or remembered for a key of a topic
  // 4xxx: activities.
  kUnknownActivity = 4001,
  kProcessDied = 4003,  // the process ended while an attempt was under way
};

// "RP2001".
std::string to_string(ErrorCode code);

// One line that says what the code means in general.
std::string_view summary(ErrorCode code);

struct Error {
  ErrorCode code;
  std::string message;  // the cause in this case and what to do, without the code

  // "RP1003 the store orders.db is open in process 4711; stop it or use another directory"
  // Reports of mismatches already begin with their code, which is then not repeated.
  std::string text() const;
};

}  // namespace reprise::base
