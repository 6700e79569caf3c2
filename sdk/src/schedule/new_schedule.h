// How a schedule is created: for Client and for the reprise command.
#pragma once
#include <string>
#include <string_view>

#include "reprise/options.h"
#include "reprise/schedule.h"
#include "runtime/client_request.h"

namespace reprise::internal {

struct NewSchedule {
  std::string_view id;
  ScheduleSpec spec;
  std::string_view workflow;
  std::string input;  // the encoded arguments
  StartOptions options{};
  SchedulePolicy policy{};
};

// The start of its run. Throws what Client::create_schedule() throws for wrong arguments.
runtime::StartRequest start_of_schedule(const NewSchedule& schedule);

}  // namespace reprise::internal
