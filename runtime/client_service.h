// What a Client talks to: the embedded engine, or a test's layer in front of it.
#pragma once
#include <optional>
#include <stop_token>

#include "base/function_ref.h"
#include "base/result.h"
#include "base/time.h"
#include "runtime/client_request.h"
#include "runtime/table_access.h"

namespace reprise::runtime {

// Thread-safe.
class ClientService {
 public:
  virtual ~ClientService() = default;

  // The only entry. The reply comes on a thread of the service, or before this returns, once what
  // it confirms is durable; it must not block. Errors: docs/errors.md.
  virtual void ask(ClientRequest request) = 0;

  // Calls `read` on this thread with the rows of all tables as of the last durable record.
  virtual base::Status read_tables(base::FunctionRef<void(TableReads&)> read) = 0;

  // How a caller waits for the service. Threaded services block; a service that is driven by its
  // caller (testing::Env) works until `ready`, or until nothing more can happen, which is
  // kWorkflowStuck. False: time is up.
  virtual base::Result<bool> wait(base::FunctionRef<bool()> ready,
                                  base::FunctionRef<bool(std::optional<base::Duration>)> block,
                                  std::optional<base::Duration> timeout) {
    (void)ready;
    return block(timeout);
  }

  // The same for the answer to a request, which the service will give. An error: the answer comes
  // much later, or never. Also returns when `block` does because `stop` was requested.
  virtual base::Status await_answer(base::FunctionRef<bool()> ready,
                                    base::FunctionRef<bool(std::optional<base::Duration>)> block,
                                    const std::stop_token& stop) {
    (void)stop;
    const auto waited = wait(ready, block, std::nullopt);
    return waited ? base::Status() : waited.error();
  }
};

}  // namespace reprise::runtime
