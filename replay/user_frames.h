// The part of a stack that is the user's.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "base/symbols.h"

namespace reprise::replay {

// Without the frames of this engine and of the C++ library. A function without a name stays: it may
// be the user's.
std::vector<base::Symbol> user_frames(std::span<void* const> frames, base::Symbols& symbols);

}  // namespace reprise::replay
