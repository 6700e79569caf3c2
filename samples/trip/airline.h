// The airline: a directory with a file for each seat that is taken and for each ticket. It does not
// fly to Atlantis.
#pragma once
#include <reprise/reprise.h>

namespace trip {

// Directories `seats` and `tickets` in the working directory.
void implement_airline(reprise::Worker& worker);

}  // namespace trip
