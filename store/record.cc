#include "store/record.h"

#include "base/ids.h"
#include "store/bytes.h"

namespace reprise::store {
namespace {

// The header, little-endian:  0 chain 8 | 8 body length 4 | 12 flags 1 | 13 format 1 | 14 zero 2
//                            16 seq 8   | 24 run 8        | 32 previous 8
// The chain comes first so that everything it covers is one range.
constexpr std::size_t kChainBytes = 8;
constexpr std::uint8_t kRecordFormat = 1;

void fill_header(const Record& record, char* header) {
  store_le(record.chain, header);
  store_le(static_cast<std::uint32_t>(record.body.size()), header + 8);
  store_le(record.flags, header + 12);
  store_le(kRecordFormat, header + 13);
  store_le(std::uint16_t{0}, header + 14);
  store_le(record.seq, header + 16);
  store_le(record.run, header + 24);
  store_le(record.previous, header + 32);
}

// Two hashes, the second seeded with the first, need neither a joined copy of header and body nor
// XXH3's streaming state, which costs more than hashing a record of usual size.
std::uint64_t chain_value(const char* header, std::string_view body, std::uint64_t previous_chain) {
  const std::string_view covered(header + kChainBytes, kRecordHeaderBytes - kChainBytes);
  return base::hash64(body, base::hash64(covered, previous_chain));
}

base::Error damaged(const char* what) {
  return {base::ErrorCode::kStoreDamaged, std::string("a stored record is damaged: ") + what};
}

}  // namespace

std::uint64_t encode_record(const Record& record, std::uint64_t previous_chain, std::string* out) {
  REPRISE_CHECK(record.body.size() <= kLargestBody, "the caller limits what it stores");
  char header[kRecordHeaderBytes];
  fill_header(record, header);
  const std::uint64_t chain = chain_value(header, record.body, previous_chain);
  store_le(chain, header);
  out->append(header, sizeof header);
  out->append(record.body);
  return chain;
}

base::Result<Record> decode_record(std::string_view bytes, std::size_t* consumed) {
  if (bytes.size() < kRecordHeaderBytes) return damaged("its header is cut off");
  const char* header = bytes.data();
  const std::size_t length = load_le<std::uint32_t>(header + 8);
  if (length > bytes.size() - kRecordHeaderBytes) return damaged("its length does not fit");
  if (load_le<std::uint8_t>(header + 13) != kRecordFormat) return damaged("its format is unknown");
  if (load_le<std::uint16_t>(header + 14) != 0) return damaged("its header has stray bits");
  *consumed = kRecordHeaderBytes + length;
  return Record{.seq = load_le<Seq>(header + 16),
                .run = load_le<RunNumber>(header + 24),
                .previous = load_le<Seq>(header + 32),
                .chain = load_le<std::uint64_t>(header),
                .flags = load_le<std::uint8_t>(header + 12),
                .body = bytes.substr(kRecordHeaderBytes, length)};
}

LinkFault check_link(const Record& record, const ChainEnd& end) {
  if (record.run != end.run) return LinkFault::kOtherRun;
  if (record.previous != end.seq || record.seq <= end.seq) return LinkFault::kNotNext;
  if (record.first() != (end.seq == 0)) return LinkFault::kNotNext;
  return verify_record(record, end.chain) ? LinkFault::kNone : LinkFault::kChecksum;
}

bool verify_record(const Record& record, std::uint64_t previous_chain) {
  char header[kRecordHeaderBytes];
  fill_header(record, header);
  return chain_value(header, record.body, previous_chain) == record.chain;
}

}  // namespace reprise::store
