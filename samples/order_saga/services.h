// The warehouse, the bank and the carrier, as activities over the ledger.
#pragma once
#include <reprise/reprise.h>

#include "ledger.h"

namespace order_saga {

// The ledger must outlive the worker.
void implement_services(reprise::Worker& worker, Ledger& ledger);

}  // namespace order_saga
