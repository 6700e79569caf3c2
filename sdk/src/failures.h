// Failures, as exceptions and as values in the log.
#pragma once
#include <memory>
#include <string>

#include "base/function_ref.h"
#include "proto/log.pb.h"
#include "replay/outcome.h"
#include "reprise/error.h"
#include "reprise/failure.h"

namespace reprise::internal {

proto::Failure to_proto(const Failure& failure);
[[noreturn]] void throw_failure(const proto::Failure& failure);

// An exception that is not a Failure, as the outcome of an attempt.
proto::Failure application_failure(std::string type, std::string message, bool retryable);

// A result that cannot be recorded: not retried, because the next attempt would have the same.
replay::Outcome refused_result(const PayloadError& error);

// The same failed outcome, not to be retried.
replay::Outcome made_final(const replay::Outcome& outcome);

// Runs code outside the turn (an activity, a step's closure): every exception becomes a failure.
replay::Outcome attempt(base::FunctionRef<std::string()> body);

}  // namespace reprise::internal
