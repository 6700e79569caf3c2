// Reads the file of orders.
#pragma once
#include <filesystem>
#include <istream>
#include <stdexcept>
#include <string>
#include <vector>

#include "contract.h"

namespace order_saga {

// The file cannot be used. The text has a line for each mistake: where, what is wrong, what to do.
class CsvError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Throws CsvError if anything is wrong anywhere: a file with mistakes starts no order at all.
std::vector<Order> read_orders(const std::filesystem::path& file);

// The same for a stream; `name` stands for the file in the errors.
std::vector<Order> parse_orders(std::istream& in, const std::string& name);

}  // namespace order_saga
