// What is printed when every order has ended.
#pragma once
#include <cstdio>
#include <filesystem>

#include "runs.h"

namespace order_saga {

void print_summary(std::FILE* out,
                   const Runs& runs,
                   const InFlight& ended,
                   const std::filesystem::path& data);

}  // namespace order_saga
