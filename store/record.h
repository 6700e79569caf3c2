// One journal record: a fixed header and an opaque body. The header has everything that recovery,
// integrity checks and readers of histories need without knowing the meaning of the body.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace reprise::store {

using Seq = std::uint64_t;        // position in the journal, from 1, without gaps
using RunNumber = std::uint64_t;  // a run's key in the store, from 1, in order of their starts

enum RecordFlag : std::uint8_t {
  kFirstOfRun = 1,
  kLastOfRun = 2,
};

struct Record {
  Seq seq = 0;
  RunNumber run = 0;
  Seq previous = 0;         // the same run's previous record; 0 for its first
  std::uint64_t chain = 0;  // XXH3 over the previous record's chain, this header and the body
  std::uint8_t flags = 0;   // RecordFlag
  std::string_view body{};

  bool first() const { return (flags & kFirstOfRun) != 0; }
  bool last() const { return (flags & kLastOfRun) != 0; }
};

inline constexpr std::size_t kRecordHeaderBytes = 40;
inline constexpr std::size_t kLargestBody = std::size_t{1} << 30;

// Appends header and body to `out`, computing the chain from the run's `previous_chain` (0 for its
// first record). Returns the record's own chain value. `record.chain` is ignored.
std::uint64_t encode_record(const Record& record, std::uint64_t previous_chain, std::string* out);

// Decodes one record from the front of `bytes` without verifying the chain; `consumed` is set to
// its size. A length that does not fit is kStoreDamaged.
base::Result<Record> decode_record(std::string_view bytes, std::size_t* consumed);

// Does the record follow one whose chain value was `previous_chain`?
bool verify_record(const Record& record, std::uint64_t previous_chain);

// The position in a run's records: its last one.
struct ChainEnd {
  RunNumber run = 0;
  Seq seq = 0;  // 0: it has none
  std::uint64_t chain = 0;
};

enum class LinkFault : std::uint8_t {
  kNone,
  kOtherRun,  // it belongs to another run
  kNotNext,   // the previous record is missing, or this one is in the wrong place
  kChecksum,  // its content has changed since it was written
};

// The reason why the record cannot be the next one of its run.
LinkFault check_link(const Record& record, const ChainEnd& end);

}  // namespace reprise::store
