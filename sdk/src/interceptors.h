// Calling interceptors, and the checks of what they do.
#pragma once
#include <string>
#include <string_view>

#include "base/function_ref.h"
#include "event/headers.h"
#include "replay/execution.h"
#include "reprise/activity_context.h"
#include "reprise/context.h"
#include "reprise/interceptor.h"
#include "sdk/src/workflow/hosted.h"

namespace reprise::internal {

struct Intercepting {
  static Context context(replay::Execution& run, const WorkflowHost& host) {
    return Context(run, host);
  }
};

// InvalidOption RP3050, RP3051. `call`: "activity 'charge'".
void check_headers(std::string_view call, const Headers& headers);

// Each returns at once if there are no interceptors.
Headers client_headers(const Interceptors& interceptors,
                       std::string_view verb,
                       std::string_view name);
// `headers`: what goes along in any case.
Headers outbound_headers(replay::Execution& run,
                         const WorkflowHost& host,
                         std::string_view kind,
                         std::string_view name,
                         Headers headers = {});

// Call `body` inside the interceptors.
std::string intercepted_run(const Interceptors& interceptors,
                            Context& ctx,
                            base::FunctionRef<std::string()> body);
std::string intercepted_activity(const Interceptors& interceptors,
                                 ActivityContext& ctx,
                                 const Headers& headers,
                                 base::FunctionRef<std::string()> body);
struct HandledMessage {
  std::string_view kind;
  std::string_view name;
  const event::HeaderFields* headers = nullptr;  // nullptr: none
};
void intercepted_handler(replay::Execution& run,
                         const WorkflowHost& host,
                         const HandledMessage& message,
                         base::FunctionRef<void()> body);

}  // namespace reprise::internal
