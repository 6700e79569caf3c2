// How an operation, a step, an activity or a whole run ended: with a payload or a Failure.
#pragma once
#include <memory>
#include <string>
#include <utility>

#include "proto/log.pb.h"

namespace reprise::replay {

class Outcome {
 public:
  Outcome() = default;  // success without a value

  static Outcome success(std::string payload) {
    Outcome outcome;
    outcome.payload_ = std::move(payload);
    return outcome;
  }
  static Outcome failed(proto::Failure failure) {
    Outcome outcome;
    outcome.failure_ = std::make_unique<proto::Failure>(std::move(failure));
    return outcome;
  }

  bool ok() const { return failure_ == nullptr; }
  const std::string& payload() const { return payload_; }
  std::string take_payload() { return std::move(payload_); }
  const proto::Failure& failure() const { return *failure_; }

 private:
  std::string payload_;
  std::unique_ptr<proto::Failure> failure_;
};

}  // namespace reprise::replay
