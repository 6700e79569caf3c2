// The workload: money moves between two accounts, one run per transfer. A transfer prices itself in
// a step, withdraws, calls auditors off, takes a checkpoint, waits for three notes and a timer,
// deposits or refunds, has a child write a receipt, which takes it two attempts and another run,
// and closes with the notes it has seen; the desk that closes it answers from another thread. It
// publishes how far it is, and takes an update. Each of its effects is a line in a ledger that
// survives the process. Names and ids are as odd as allowed.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>

#include "reprise/reprise.h"

namespace reprise::testing {

inline constexpr int kNotes = 3;  // the last one lets the transfer go on

// Its number, and since its checkpoint the cents that are on their way and how often it was tagged.
inline constexpr Workflow<std::string(int, int, int)> kTransfer{
    std::string_view("trans\0fer\n", 10)};
// Answers how often the transfer was tagged. Each process sends it with the same id.
inline constexpr Update<int()> kTag{"ta\tg"};
inline constexpr Signal<int> kNote{"\x1b[31mnote \xe2\x80\xae"};
inline constexpr Value<std::string> kStage{std::string_view("\0stage", 6)};
inline constexpr std::string_view kClosed = "clo\x01sed";
// In a result: the child has said once that it has written, and has ended once.
inline constexpr const char* kReceiptOnce = "1+1";
// At its end: it was tagged once.
inline constexpr const char* kTaggedOnce = ":1";

// Each transfer also moves its cents between rows of this table, and counts that in a row of its
// own. Balances have keys below zero.
inline constexpr Table<int, std::int64_t> kBank{"bank \xf0\x9f\x8f\xa6"};
inline constexpr int kAccounts = 3;

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

// Ends the open attempts whose tokens it gets, in the order of their arrival. It keeps the tokens
// in a file: the next process ends those that this one has not.
class Desk {
 public:
  Desk(Service& service, const std::string& path);
  void put(const std::string& token);

 private:
  void work(const std::stop_token& stopped);

  Client client_;
  Lines file_;
  std::mutex mutex_;
  std::condition_variable_any arrived_;
  std::deque<std::string> tokens_;
  std::jthread thread_;  // the last member: it uses the others
};

struct Workload {
  const Lines& ledger;
  Desk& desk;
  bool apply_twice = false;  // a repeated attempt pretends to be the first: it must be noticed
  // A child that retention removes within moments of its end may be started once more, or its end
  // be unknown (docs/language/children.md).
  bool with_children = true;
};

void implement_transfers(Worker& worker, const Workload& workload);

}  // namespace reprise::testing
