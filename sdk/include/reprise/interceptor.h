// Code around the calls of a program: tracing, logging, authorization.
#pragma once
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace reprise {

class Context;
class ActivityContext;

// What travels with a start, an activity, a signal, an update, a child or a run that continues,
// besides its payload. Only interceptors write headers. They are recorded with the event and kept
// with the history, in readable form: no secrets. Names are 1 to kMaxHeaderNameBytes bytes of UTF-8
// without control characters, values any UTF-8: otherwise InvalidOption (RP3050). One call has at
// most kMaxHeaders of them, and kMaxHeaderBytes bytes of names and values: otherwise InvalidOption
// (RP3051). What is refused is not recorded. Never compared on replay.
using Headers = std::map<std::string, std::string>;

inline constexpr std::size_t kMaxHeaders = 64;
inline constexpr std::size_t kMaxHeaderNameBytes = 256;
inline constexpr std::size_t kMaxHeaderBytes = 16'384;

// Sees calls on their way: derive from it, and give it to WorkerOptions, ClientOptions, EnvOptions
// or ReplayerOptions. Each hook does nothing by default. With several interceptors the first is the
// outermost. Shared by all threads: hooks must be thread-safe; shared ownership keeps it alive.
//
// The hooks with `next` call it exactly once, on the same thread, and let its exceptions pass, or
// throw another one: to return without that is a mistake (UsageError RP3052, as if the code had
// thrown it). What a hook throws counts as thrown by the code that it surrounds.
//
// run(), handle() and outbound() are workflow code: replayed with it, subject to the rules of
// docs/determinism.md. docs/interceptors.md has an example of tracing.
class Interceptor {
 public:
  virtual ~Interceptor() = default;

  // Around the function of a workflow, in each execution and replay of it. `headers`: those with
  // which the run was started. The constructor of a workflow class comes before it. It may make
  // durable calls: they are recorded and compared like the code's own, so under running runs one
  // can neither be added nor removed without Context::patched() (RP2001 otherwise).
  virtual void run(Context& ctx, const Headers& headers, const std::function<void()>& next);

  // Around a handler of a message that has come to the run: `kind` is "signal" or "update". On the
  // strand of the handler, under the same rules as run(). Not called for a signal that is read from
  // an Inbox, for the check of an update, and for queries.
  virtual void handle(Context& ctx,
                      std::string_view kind,
                      std::string_view name,
                      const Headers& headers,
                      const std::function<void()>& next);

  // Before the run's code asks for something: `kind` is "activity", "workflow" (a child), "signal"
  // (to another run) or "continue_as_new", `name` that of the definition. `headers` go along; they
  // are empty at first, except with "continue_as_new": then those of this run. Called again on
  // replay, where the recorded headers count. What it throws is thrown by the call. It must not
  // wait, and can not: durable calls, random() and uuid() throw UsageError (RP2004) here.
  virtual void outbound(Context& ctx,
                        std::string_view kind,
                        std::string_view name,
                        Headers& headers);

  // Around each attempt of an activity, on its thread. `headers`: those that outbound() has given
  // it. Steps, side effects and transactions are part of the workflow's code and have no hook.
  virtual void activity(ActivityContext& ctx,
                        const Headers& headers,
                        const std::function<void()>& next);

  // Before a client sends something: `verb` is "start", "signal", "update" or "create_schedule",
  // `name` that of the definition. `headers` go along, with "create_schedule" to each run that the
  // schedule starts; empty at first. signal_with_start() and update_with_start()
  // call it twice: with "start" and with the message. On the caller's thread; what it throws is
  // thrown by the call, and nothing is sent.
  virtual void client(std::string_view verb, std::string_view name, Headers& headers);
};

// The outermost first; none of them null (InvalidOption RP3010).
using Interceptors = std::vector<std::shared_ptr<Interceptor>>;

}  // namespace reprise
