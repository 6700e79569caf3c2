// Thrown when a recorded payload does not have the type that the code reads: a PayloadError for the
// code, and, if it leaves the code, the report that parks the run.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/call_site.h"
#include "proto/log.pb.h"
#include "replay/execution.h"
#include "replay/mismatch.h"
#include "reprise/context.h"
#include "reprise/error.h"

namespace reprise::internal {

class WrongType final : public PayloadError, public replay::ChangedType {
 public:
  WrongType(const PayloadError& error, replay::Mismatch what)
      : PayloadError(error), ChangedType(std::move(what)) {}
};

// `recorded` holds the payload and is the event of that number; `strand` reads it as `type`.
[[noreturn]] void throw_wrong_type(const PayloadError& error,
                                   proto::Event recorded,
                                   std::uint64_t event,
                                   std::string_view type,
                                   base::CallSite asked_for,
                                   std::string payload_of,
                                   std::size_t strand);

// For a signal that a handler got without its being decoded first: the log says that it was good.
std::shared_ptr<void> read_handed(const replay::Execution& run,
                                  const std::string& name,
                                  const replay::Execution::HandedSignal& signal,
                                  const SignalReader& reader);

}  // namespace reprise::internal
