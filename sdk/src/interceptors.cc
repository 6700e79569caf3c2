#include "sdk/src/interceptors.h"

#include <algorithm>
#include <cstdint>

#include "base/printable_text.h"
#include "base/reserved.h"
#include "base/utf8.h"
#include "sdk/src/checks.h"
#include "sdk/src/errors.h"

namespace reprise {

void Interceptor::run(Context&, const Headers&, const std::function<void()>& next) {
  next();
}
void Interceptor::handle(Context&,
                         std::string_view,
                         std::string_view,
                         const Headers&,
                         const std::function<void()>& next) {
  next();
}
void Interceptor::outbound(Context&, std::string_view, std::string_view, Headers&) {}
void Interceptor::activity(ActivityContext&, const Headers&, const std::function<void()>& next) {
  next();
}
void Interceptor::client(std::string_view, std::string_view, Headers&) {}

namespace internal {
namespace {

[[noreturn]] void refuse_header(std::string_view call,
                                std::string_view name,
                                const std::string& why) {
  throw InvalidOption(code_text(base::ErrorCode::kHeaderInvalid),
                      "header '" + base::printable_text(std::string(name.substr(0, 100))) +
                          "' of " + std::string(call) + " " + why);
}

void check_header(std::string_view call, std::string_view name, std::string_view value) {
  if (name.empty()) refuse_header(call, name, "has an empty name");
  if (name.size() > kMaxHeaderNameBytes) {
    refuse_header(call, name,
                  "has a name of " + std::to_string(name.size()) + " bytes; at most " +
                      std::to_string(kMaxHeaderNameBytes) + " are allowed");
  }
  if (!base::is_utf8(name)) refuse_header(call, name, "has a name that is not UTF-8");
  if (base::is_reserved(name)) {
    refuse_header(call, name, "has a name that is reserved for the engine's own runs");
  }
  const auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  if (std::any_of(name.begin(), name.end(), is_control)) {
    refuse_header(call, name, "has a control character in its name");
  }
  if (!base::is_utf8(value)) {
    refuse_header(call, name,
                  "has a value that is not UTF-8; encode bytes, for instance in base64");
  }
}

[[noreturn]] void refuse_headers(std::string_view call, const std::string& has) {
  throw InvalidOption(code_text(base::ErrorCode::kHeaderLimit),
                      std::string(call) + " has " + has + "; at most " +
                          std::to_string(kMaxHeaders) + " headers of " +
                          std::to_string(kMaxHeaderBytes) + " bytes in all are allowed");
}

[[noreturn]] void misused_next(std::string_view how) {
  throw UsageError(code_text(base::ErrorCode::kInterceptorCall),
                   "an interceptor " + std::string(how) +
                       ": it calls next() exactly once, and lets its exceptions pass or throws "
                       "another one");
}

using Hook = base::FunctionRef<void(Interceptor&, const std::function<void()>&)>;

// Calls the interceptors from that one on, and `innermost` inside all of them.
void call_from(std::size_t at,
               const Interceptors& all,
               Hook hook,
               base::FunctionRef<void()> innermost) {
  if (at == all.size()) return innermost();
  enum class Next : std::uint8_t { kNotCalled, kThrew, kReturned } called = Next::kNotCalled;
  const std::function<void()> next = [&] {
    if (called != Next::kNotCalled) misused_next("has called next() again");
    called = Next::kThrew;
    call_from(at + 1, all, hook, innermost);
    called = Next::kReturned;
  };
  hook(*all[at], next);
  if (called == Next::kNotCalled) misused_next("has returned without calling next()");
  if (called == Next::kThrew) misused_next("has swallowed an exception of next()");
}

}  // namespace

void check(std::string_view owner, const Interceptors& interceptors) {
  for (std::size_t i = 0; i < interceptors.size(); ++i) {
    if (interceptors[i] != nullptr) continue;
    throw InvalidOption(
        code_text(base::ErrorCode::kInvalidOption),
        std::string(owner) + "::interceptors[" + std::to_string(i) + "] is null; leave it out");
  }
}

void check_headers(std::string_view call, const Headers& headers) {
  if (headers.size() > kMaxHeaders)
    refuse_headers(call, std::to_string(headers.size()) + " headers");
  std::size_t bytes = 0;
  for (const auto& [name, value] : headers) {
    check_header(call, name, value);
    bytes += name.size() + value.size();
  }
  if (bytes > kMaxHeaderBytes) {
    refuse_headers(call, "headers of " + std::to_string(bytes) + " bytes");
  }
}

Headers client_headers(const Interceptors& interceptors,
                       std::string_view verb,
                       std::string_view name) {
  Headers headers;
  if (interceptors.empty()) return headers;
  for (const auto& each : interceptors) each->client(verb, name, headers);
  check_headers(std::string(verb) + " '" + std::string(name) + "'", headers);
  return headers;
}

Headers outbound_headers(replay::Execution& run,
                         const WorkflowHost& host,
                         std::string_view kind,
                         std::string_view name,
                         Headers headers) {
  // A schedule passes on what came with its creation.
  if (kind == "workflow" && base::is_reserved(run.info().workflow_id)) return run.headers();
  if (host.interceptors.empty()) return headers;
  Context ctx = Intercepting::context(run, host);
  run.in_closure("outbound() of an interceptor", [&] {
    for (const auto& each : host.interceptors) each->outbound(ctx, kind, name, headers);
  });
  check_headers(std::string(kind) + " '" + std::string(name) + "'", headers);
  return headers;
}

std::string intercepted_run(const Interceptors& interceptors,
                            Context& ctx,
                            base::FunctionRef<std::string()> body) {
  if (interceptors.empty()) return body();
  std::string result;
  const auto hook = [&](Interceptor& each, const std::function<void()>& next) {
    each.run(ctx, ctx.headers(), next);
  };
  call_from(0, interceptors, hook, [&] { result = body(); });
  return result;
}

std::string intercepted_activity(const Interceptors& interceptors,
                                 ActivityContext& ctx,
                                 const Headers& headers,
                                 base::FunctionRef<std::string()> body) {
  std::string result;
  const auto hook = [&](Interceptor& each, const std::function<void()>& next) {
    each.activity(ctx, headers, next);
  };
  call_from(0, interceptors, hook, [&] { result = body(); });
  return result;
}

void intercepted_handler(replay::Execution& run,
                         const WorkflowHost& host,
                         const HandledMessage& message,
                         base::FunctionRef<void()> body) {
  if (host.interceptors.empty()) return body();
  Context ctx = Intercepting::context(run, host);
  const Headers headers = message.headers == nullptr ? Headers() : event::read(*message.headers);
  const auto hook = [&](Interceptor& each, const std::function<void()>& next) {
    each.handle(ctx, message.kind, message.name, headers, next);
  };
  call_from(0, host.interceptors, hook, body);
}

}  // namespace internal
}  // namespace reprise
