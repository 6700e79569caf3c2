// Carries out a control request with any service: the engine of the control socket, or one that a
// command has opened itself.
#pragma once
#include <functional>

#include "base/result.h"
#include "proto/control.pb.h"
#include "runtime/client_service.h"

namespace reprise::runtime {

using ControlAnswer = std::function<void(proto::ControlReply)>;

// Calls `answer` once, now or later, on a thread of the service; it must not block.
void perform(ClientService& service, const proto::ControlRequest& request, ControlAnswer answer);

// Does the answer need the run's code?
bool asks_code(const proto::ControlRequest& request);

proto::ControlReply control_error_reply(const base::Error& error);

}  // namespace reprise::runtime
