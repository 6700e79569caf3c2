// What became of an attempt, by its run's history: why its token is no longer good for anything.
#pragma once
#include <cstdint>
#include <string>

#include "base/result.h"
#include "event/catalogue.h"
#include "proto/log.pb.h"
#include "runtime/completion_token.h"

namespace reprise::runtime {

class CompletionFate {
 public:
  explicit CompletionFate(const AttemptRef& attempt) : sought_(attempt) {}

  // The turns of the history in order.
  void add(const proto::Turn& turn);

  // kAlreadyCompleted: somebody has used the token. kCompletionLate: something else has ended the
  // attempt. kNotFound: the history does not have it.
  base::Error error() const;

  // For walk().
  void input(const event::Row&, const proto::Event&) {}
  void command(const event::Row&, const proto::Event&) {}
  void opened(const event::Row& row, const proto::Event& event);
  void answered(const event::Row& row, const proto::Event& event);
  void ended(const event::Row& row, const proto::Event&);

 private:
  void decide(base::ErrorCode code, std::string how);
  void failed(const proto::Failure& failure, bool elsewhere);
  std::string title() const;

  const AttemptRef sought_;
  std::string activity_{};     // its name; empty: not scheduled so far
  std::uint32_t attempt_ = 0;  // that is under way
  base::ErrorCode code_ = base::ErrorCode::kNotFound;
  std::string how_{};  // empty: not decided
};

}  // namespace reprise::runtime
