#include "samples/order_saga/csv.h"

#include <sstream>
#include <string>

#include <gtest/gtest.h>

namespace order_saga {
namespace {

constexpr const char* kHeader = "id,sku,quantity,cents,card,flag\n";

std::vector<Order> parse(const std::string& text) {
  std::istringstream in(text);
  return parse_orders(in, "orders.csv");
}

std::string error_of(const std::string& text) {
  try {
    parse(text);
  } catch (const CsvError& error) {
    return error.what();
  }
  return "no error";
}

void expect_error(const std::string& text, const std::string& expected) {
  EXPECT_NE(error_of(text).find(expected), std::string::npos) << error_of(text);
}

TEST(Csv, ReadsOrders) {
  const auto orders =
      parse(std::string(kHeader) + "o-1,hat,2,3800,card-1,\r\no-2,mug,1,890,card-2,declined\n");
  ASSERT_EQ(orders.size(), 2);
  EXPECT_EQ(orders[0], (Order{"o-1", "hat", 2, 3800, "card-1", Flag::kNone}));
  EXPECT_EQ(orders[1], (Order{"o-2", "mug", 1, 890, "card-2", Flag::kDeclined}));
}

TEST(Csv, SaysWhereAndWhatAndWhatToDo) {
  const auto with_line = [](const std::string& line) { return kHeader + line + "\n"; };
  expect_error(with_line("o-1,hat,two,3800,card-1,"),
               "orders.csv:2: quantity is 'two'; write a whole number from 1 to 1000");
  expect_error(with_line("o-1,hat,1,-5,card-1,"), "orders.csv:2: cents is '-5'; write");
  expect_error(with_line("o-1,hat,1,99999999999,card-1,"), "cents is '99999999999'; write");
  expect_error(with_line("o-1,hat,1,5,card-1,lost"),
               "orders.csv:2: flag is 'lost'; leave it empty or write one of: sold_out, declined");
  expect_error(with_line("o-1,hat,1,5"), "orders.csv:2: it has 4 fields; write these 6");
  expect_error(with_line(",hat,1,5,card-1,"), "orders.csv:2: id is empty; fill it in");
  expect_error(with_line("o-1,hat,1,5,c,\no-1,hat,1,5,c,"),
               "orders.csv:3: id 'o-1' is on line 2 already; give each order an id of its own");
  expect_error(with_line("\"o,1\",hat,1,5,card-1,"), "without quotes");
}

TEST(Csv, NeedsItsHeaderAndOrders) {
  expect_error("o-1,hat,2,3800,card-1,\n", "orders.csv:1: it is not the header");
  expect_error("", "there are no orders in it");
  expect_error(kHeader, "there are no orders in it");
}

TEST(Csv, ReportsEveryMistakeUpToALimit) {
  std::string text = kHeader;
  for (int line = 0; line < 12; ++line) text += "broken\n";
  expect_error(text, "orders.csv:11: it has 1 fields");
  expect_error(text, "... and 2 more lines with mistakes");
  EXPECT_EQ(error_of(text).find("orders.csv:12"), std::string::npos);
}

TEST(Csv, AMissingFileIsAnErrorToo) {
  EXPECT_THROW(read_orders("/no/such/file"), CsvError);
}

}  // namespace
}  // namespace order_saga
