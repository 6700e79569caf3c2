// The command's side of the control socket.
#pragma once
#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "proto/control.pb.h"

namespace reprise::runtime {

// Sends one request to the engine that has the store in `directory`, and waits for the answer, at
// most this long. `request` needs neither version nor time limit. nullopt: no engine serves the
// socket. kControl: an engine does, but does not answer; the request may have been carried out or
// not.
base::Result<std::optional<proto::ControlReply>> ask_engine(const std::string& directory,
                                                            proto::ControlRequest request,
                                                            base::Duration timeout);

}  // namespace reprise::runtime
