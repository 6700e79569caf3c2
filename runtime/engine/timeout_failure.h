// The failure of an attempt that has overrun a limit.
#pragma once
#include <string>
#include <string_view>
#include <utility>

#include "proto/log.pb.h"

namespace reprise::runtime {

inline proto::Failure timeout_failure(std::string_view limit, std::string message) {
  proto::Failure failure;
  failure.set_kind(proto::Failure::TIMEOUT);
  failure.set_type(std::string(limit));
  failure.set_message(std::move(message));
  return failure;
}

inline proto::Failure overrun_failure(std::string_view limit) {
  return timeout_failure(limit, "the attempt overran its " + std::string(limit) + " limit");
}

}  // namespace reprise::runtime
