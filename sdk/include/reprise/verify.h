// Checking a store's runs against code before the code is deployed: which runs would go on, and
// which edit keeps the others going.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <reprise/payload_codec.h>
#include <reprise/worker.h>
#include <string>
#include <string_view>
#include <vector>

namespace reprise {

struct VerifyProgress {
  std::uint64_t runs = 0;  // to be replayed
  std::uint64_t done = 0;
  std::uint64_t diverged = 0;
};

struct VerifyOptions {
  std::string workflow{};         // runs of this workflow only; empty: of all
  std::uint64_t limit = 0;        // at most this many, those that started first; 0: all
  bool closed_runs = false;       // closed runs too: their code runs again to answer queries
  bool every_task_queue = false;  // as if the worker served them all
  bool strict = false;            // compare inputs of commands too, as in ReplayerOptions
  unsigned threads = 0;           // that replay; 0: one per processor
  std::size_t examples = 3;       // runs named per group; at least 1
  std::size_t stack_bytes = std::size_t{64} * 1024;  // as in EngineOptions
  PayloadCodecs codecs{};  // those of the store's programs, as in EngineOptions
  // Called now and then, on the calling thread. Must not throw.
  std::function<void(const VerifyProgress&)> progress{};
};

struct VerifyExample {
  std::string workflow_id;
  std::string run_id;
  std::uint64_t event = 0;  // the first one at fault, from 1
};

// Runs that the code would park for the same reason, or that cannot be read. `recorded` and
// `attempted` are those of the first example.
struct VerifyGroup {
  std::string workflow;
  std::string code;         // "RP2001"
  std::string what;         // "extra", "exception", "not implemented", "quarantined"...
  std::string recorded;     // what the history says, "ActivityScheduled pick"; empty: nothing
  std::string recorded_at;  // "shop/checkout.cc:38"
  std::string attempted;    // what the code does; empty: nothing
  std::string attempted_at;
  std::uint64_t runs = 0;
  std::vector<VerifyExample> examples;  // those that started first
  std::string report;                   // of the first of them, as the engine would show it
  // A change of the code that keeps these runs going, several lines; empty: none is known.
  std::string edit;
  std::string edit_at;  // where it goes: file:line
  std::string note;     // anything else to know about the edit
};

// A change that histories or the code mark by ctx.patched() or ctx.deprecate_patch(), and the
// checked runs of its workflow.
struct VerifyPatch {
  std::string workflow;
  std::string change_id;
  std::uint64_t old_branch = 0;  // took the old branch
  std::uint64_t new_branch = 0;  // have the event of patched()
  std::uint64_t deprecated = 0;  // have that of deprecate_patch()
  std::uint64_t unmarked = 0;    // have neither, and have not come that far, as far as is known
  std::uint64_t diverged = 0;    // of all these runs
  bool asked = false;            // the code calls patched(), as far as the runs have shown
  bool deprecating = false;      // it calls deprecate_patch()

  // The next step for this change, in one line.
  std::string advice() const;
};

// Code of a workflow that swallows the exception by which a run leaves memory (RP2011). Its runs go
// on, so they count as safe. But each such strand keeps its stack in memory until the process ends,
// in the engine and in the process that verifies; after 1,000 of them a thread replays no more runs
// of that workflow.
struct VerifyGivenUp {
  std::string workflow;
  std::uint64_t strands = 0;
  std::string report;  // of the run that started first, as the engine would log it
};

// What a verification found. A value.
struct VerifyReport {
  std::uint64_t checked = 0;     // runs that were replayed, or should have been
  std::uint64_t safe = 0;        // the code does exactly what they did
  std::uint64_t diverged = 0;    // the code would park them
  std::uint64_t unreadable = 0;  // histories that could not be read, or were not replayed (RP2011)
  std::uint64_t events = 0;      // replayed
  // Not checked:
  std::map<std::string, std::uint64_t> other_task_queues;  // runs by their task queue
  std::uint64_t quarantined = 0;                           // damaged: no code runs them
  std::uint64_t ended = 0;                                 // ended and were removed meanwhile
  std::uint64_t beyond_limit = 0;
  std::vector<VerifyGroup> groups;  // those with the most runs first
  std::vector<VerifyPatch> patches;
  std::vector<VerifyGivenUp> given_up;  // by workflow

  // 0: every checked run is safe; 1: some diverge; 2: none diverges, but some could not be read.
  int exit_status() const;
};

// Replays the runs of the store in `directory` with the implementations that the worker has now, on
// several threads, each run on one. An engine in another process may be using the store. Changes
// nothing: no activity, step or side effect is executed, and log lines of workflow code are
// dropped. Throws StoreError if the store cannot be opened (RP1001 to RP1006; RP1003 in the process
// of its engine), UnknownWorkflow (RP2003) if neither the worker nor an open run knows
// `options.workflow`. Workflow functions are called on several threads at once. Not for workflow
// code.
VerifyReport verify(const std::string& directory,
                    const Worker& worker,
                    const VerifyOptions& options = {});

}  // namespace reprise
