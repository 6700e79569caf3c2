// Compares what the workflows say with what the services did.
#pragma once
#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "books.h"
#include "contract.h"

namespace order_saga {

// How each order ended, by its id. An order whose run has not ended is missing.
using Verdicts = std::map<std::string, Verdict>;
std::size_t count(const Verdicts& verdicts, Verdict wanted);

// Something that must be true, and what contradicts it: one line per order or shelf.
struct Check {
  std::string claim;
  std::vector<std::string> problems;
};

std::vector<Check> audit(Books& books, const Verdicts& verdicts);

}  // namespace order_saga
