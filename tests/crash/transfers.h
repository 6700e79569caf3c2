// The workload: money moves between two accounts, one run per transfer. A transfer prices itself in
// a step, withdraws, waits for three notes and a timer, deposits or refunds, and closes with the
// notes it has seen. Each of its effects is a line in a ledger that survives the process. Names and
// ids are as odd as allowed.
#pragma once
#include <string>
#include <string_view>

#include "reprise/reprise.h"

namespace reprise::testing {

inline constexpr int kNotes = 3;  // the last one lets the transfer go on

inline constexpr Workflow<std::string(int)> kTransfer{std::string_view("trans\0fer\n", 10)};
inline constexpr Signal<int> kNote{"\x1b[31mnote \xe2\x80\xae"};

inline std::string transfer_id(int number) {
  const std::string id = "t" + std::to_string(number);
  switch (number % 4) {
    case 0:
      return id + std::string("\0\xef\xbf\xbf\n", 5);
    case 1:
      return id +
             std::string(kMaxIdBytes - id.size(), 'x');  // longer than a key of the index holds
    case 2:
      return std::string(1, '\0') + id;
    default:
      return id;
  }
}

// A line is one write(), so a kill leaves it whole or not at all.
class Lines {
 public:
  explicit Lines(const std::string& path);  // appends to it
  explicit Lines(int file) : file_(file) {}
  ~Lines();
  Lines(const Lines&) = delete;
  Lines& operator=(const Lines&) = delete;
  void add(const std::string& line) const;

 private:
  int file_;
};

// `apply_twice`: a repeated attempt pretends to be the first. The harness must notice that.
void implement_transfers(Worker& worker, const Lines& ledger, bool apply_twice);

}  // namespace reprise::testing
