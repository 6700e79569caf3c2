// Failures as text.
#pragma once
#include <string>

#include "proto/log.pb.h"

namespace reprise::event {

// "CardDeclined: not enough money", with its causes. Safe for a terminal, on one line.
std::string failure_text(const proto::Failure& failure);

}  // namespace reprise::event
