// Records and batches as the writer would make them, for tests that go without one.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "store/journal.h"

namespace reprise::store {

// Numbers and chains records of any number of runs.
class RecordMaker {
 public:
  explicit RecordMaker(Seq first = 1) : next_(first) {}

  // The run's next record, encoded.
  std::string make(RunNumber run, std::string_view body, std::uint8_t flags = 0) {
    Position& position = positions_[run];
    if (position.seq == 0) flags |= kFirstOfRun;
    std::string bytes;
    position.chain = encode_record(
        {.seq = next_, .run = run, .previous = position.seq, .flags = flags, .body = body},
        position.chain, &bytes);
    position.seq = next_++;
    return bytes;
  }

  Seq next() const { return next_; }
  Seq last_of(RunNumber run) const { return positions_.at(run).seq; }

 private:
  struct Position {
    Seq seq = 0;
    std::uint64_t chain = 0;
  };
  Seq next_;
  std::map<RunNumber, Position> positions_;
};

inline RecordBatch batch_of(Seq first, const std::vector<std::string>& records) {
  RecordBatch batch{.first = first, .ends = {}, .bytes = {}};
  for (const std::string& record : records) {
    batch.bytes += record;
    batch.ends.push_back(static_cast<std::uint32_t>(batch.bytes.size()));
  }
  return batch;
}

// A batch of `count` records whose content says which they are.
inline RecordBatch numbered_batch(Seq first, std::size_t count) {
  std::vector<std::string> records;
  for (std::size_t i = 0; i < count; ++i) records.push_back("record " + std::to_string(first + i));
  return batch_of(first, records);
}

inline base::Status append(Journal& journal, const RecordBatch& batch, Seq trim_through = 0) {
  return journal.append({&batch}, trim_through);
}

inline std::vector<Seq> scanned(const Journal& journal, Seq from) {
  std::vector<Seq> seen;
  const auto read = journal.scan(from, [&](Seq seq, std::string_view) { seen.push_back(seq); });
  return read ? seen : std::vector<Seq>{~Seq{0}};
}

inline std::vector<Seq> numbers(Seq first, Seq last) {
  std::vector<Seq> all;
  for (Seq seq = first; seq <= last; ++seq) all.push_back(seq);
  return all;
}

}  // namespace reprise::store
