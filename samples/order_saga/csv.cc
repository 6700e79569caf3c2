#include "csv.h"

#include <array>
#include <charconv>
#include <fstream>
#include <map>
#include <string_view>
#include <utility>

namespace order_saga {
namespace {

constexpr std::string_view kHeader = "id,sku,quantity,cents,card,flag";
constexpr std::size_t kFields = 6;
constexpr std::size_t kMaxErrors = 10;  // shown; in a wrong format each line has a mistake

constexpr std::array<std::pair<std::string_view, Flag>, 6> kFlags{{
    {"", Flag::kNone},
    {"sold_out", Flag::kSoldOut},
    {"declined", Flag::kDeclined},
    {"never_packed", Flag::kNeverPacked},
    {"undeliverable", Flag::kUndeliverable},
    {"flaky", Flag::kFlaky},
}};

// What is wrong with a line. The reader adds where.
class LineError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

std::vector<std::string_view> split(std::string_view line) {
  std::vector<std::string_view> fields;
  for (;;) {
    const auto comma = line.find(',');
    fields.push_back(line.substr(0, comma));
    if (comma == std::string_view::npos) return fields;
    line.remove_prefix(comma + 1);
  }
}

std::string parse_name(std::string_view what, std::string_view field) {
  if (field.empty()) throw LineError(std::string(what) + " is empty; fill it in");
  return std::string(field);
}

int parse_number(std::string_view what, std::string_view field, int max) {
  int value = 0;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  if (error == std::errc() && end == field.data() + field.size() && value >= 1 && value <= max)
    return value;
  throw LineError(std::string(what) + " is '" + std::string(field) +
                  "'; write a whole number from 1 to " + std::to_string(max));
}

Flag parse_flag(std::string_view field) {
  std::string known;
  for (const auto& [name, flag] : kFlags) {
    if (name == field) return flag;
    known += (known.empty() ? "" : ", ") + std::string(name);
  }
  throw LineError("flag is '" + std::string(field) + "'; leave it empty or write one of: " + known);
}

Order parse_line(std::string_view line) {
  const auto fields = split(line);
  if (fields.size() != kFields)
    throw LineError("it has " + std::to_string(fields.size()) + " fields; write these " +
                    std::to_string(kFields) + ", without quotes: " + std::string(kHeader));
  return {.id = parse_name("id", fields[0]),
          .sku = parse_name("sku", fields[1]),
          .quantity = parse_number("quantity", fields[2], 1'000),
          .cents = parse_number("cents", fields[3], 100'000'000),
          .card = parse_name("card", fields[4]),
          .flag = parse_flag(fields[5])};
}

void check_header(std::string_view line) {
  if (line != kHeader)
    throw LineError("it is not the header; the first line must be: " + std::string(kHeader));
}

class Reader {
 public:
  explicit Reader(const std::string& name) : name_(name) {}

  void read(std::istream& in) {
    for (std::string line; std::getline(in, line);) {
      if (line.ends_with('\r')) line.pop_back();  // a file that was saved on Windows
      ++number_;
      try {
        number_ == 1 ? check_header(line) : add(parse_line(line));
      } catch (const LineError& error) {
        report(error.what());
      }
    }
  }

  std::vector<Order> result() && {
    if (number_ <= 1 && errors_ == 0) report("there are no orders in it; add some");
    if (errors_ > kMaxErrors)
      text_ += "\n... and " + std::to_string(errors_ - kMaxErrors) + " more lines with mistakes";
    if (errors_ > 0) throw CsvError(text_ + "\nNothing was started.");
    return std::move(orders_);
  }

 private:
  void add(Order order) {
    const auto [first, is_new] = lines_.emplace(order.id, number_);
    if (!is_new)
      throw LineError("id '" + order.id + "' is on line " + std::to_string(first->second) +
                      " already; give each order an id of its own");
    orders_.push_back(std::move(order));
  }

  void report(const std::string& what) {
    if (++errors_ > kMaxErrors) return;
    text_ += (text_.empty() ? "" : "\n") + name_ + ":" + std::to_string(number_) + ": " + what;
  }

  const std::string& name_;
  std::size_t number_ = 0;  // of the current line, from 1
  std::size_t errors_ = 0;
  std::string text_;
  std::vector<Order> orders_;
  std::map<std::string, std::size_t> lines_;  // where each id was first seen
};

}  // namespace

std::vector<Order> parse_orders(std::istream& in, const std::string& name) {
  Reader reader(name);
  reader.read(in);
  return std::move(reader).result();
}

std::vector<Order> read_orders(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in)
    throw CsvError(file.string() + ": cannot be opened; give an existing file with --orders");
  return parse_orders(in, file.string());
}

}  // namespace order_saga
