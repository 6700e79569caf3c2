// Tracing as an interceptor: every run, attempt and handler becomes a span, and the header
// `traceparent` connects them, from the client through workflows and activities to children.
#pragma once
#include <functional>
#include <reprise/reprise.h>
#include <string>
#include <string_view>
#include <utility>

#include "trace_context.h"

namespace tracing {

// What a tracing system wants to know of a span. A real exporter also takes times.
struct Span {
  std::string name;  // "activity reserve"
  TraceContext context;
  std::string parent_id;  // of the span that asked for it; empty: it is the first of its trace
  bool failed = false;
};

// Thread-safe if the two functions are.
class Tracing final : public reprise::Interceptor {
 public:
  using Export = std::function<void(const Span&)>;
  using NewId = std::function<std::string()>;  // 16 random digits

  Tracing(Export export_span, NewId new_id)
      : export_(std::move(export_span)), new_id_(std::move(new_id)) {}

  // A call from outside begins a trace. A server would go on with the one of its own request here.
  void client(std::string_view verb, std::string_view name, reprise::Headers& headers) override {
    const TraceContext span{new_id_() + new_id_(), new_id_()};
    headers["traceparent"] = to_traceparent(span);
    export_({std::string(verb) + " " + std::string(name), span, {}});
  }

  // The span of a run has an id that follows from the run, because this code is replayed. It is
  // exported when the run ends: once, or again by the next process if this one dies at that moment.
  void run(reprise::Context& ctx,
           const reprise::Headers& headers,
           const std::function<void()>& next) override {
    const auto export_end = [&](bool failed) {
      if (ctx.replaying()) return;
      export_({"workflow " + ctx.info().workflow, span_of(ctx), parent_in(headers), failed});
    };
    try {
      next();
    } catch (const reprise::Failure&) {
      export_end(true);
      throw;
    }
    export_end(false);
  }

  // Whatever the run asks for has the run's span as its parent.
  void outbound(reprise::Context& ctx,
                std::string_view /*kind*/,
                std::string_view /*name*/,
                reprise::Headers& headers) override {
    headers["traceparent"] = to_traceparent(span_of(ctx));
  }

  // Each attempt is a span of its own.
  void activity(reprise::ActivityContext& ctx,
                const reprise::Headers& headers,
                const std::function<void()>& next) override {
    const TraceContext span{trace_in(headers, ctx.workflow_id()), new_id_()};
    const std::string name = "activity " + std::string(ctx.activity());
    try {
      next();
    } catch (...) {
      export_({name, span, parent_in(headers), true});
      throw;
    }
    export_({name, span, parent_in(headers)});
  }

 private:
  static const std::string* traceparent(const reprise::Headers& headers) {
    const auto found = headers.find("traceparent");
    return found == headers.end() ? nullptr : &found->second;
  }
  static std::string parent_in(const reprise::Headers& headers) {
    const std::string* const text = traceparent(headers);
    const auto parent = text == nullptr ? std::nullopt : parse_traceparent(*text);
    return parent ? parent->span_id : std::string();
  }
  // A new trace, the same in each replay, if the caller is not traced.
  static std::string trace_in(const reprise::Headers& headers, std::string_view seed) {
    const std::string* const text = traceparent(headers);
    const auto parent = text == nullptr ? std::nullopt : parse_traceparent(*text);
    return parent ? parent->trace_id : id_from(seed) + id_from(std::string(seed) + "/trace");
  }
  static TraceContext span_of(const reprise::Context& ctx) {
    const std::string run = ctx.info().run_id;
    return {trace_in(ctx.headers(), run), id_from(run)};
  }

  const Export export_;
  const NewId new_id_;
};

}  // namespace tracing
