// The log reader. Valid records of three runs are partly in an archive, partly in a journal; the
// input damages them, or replaces them by bytes of its own. read_history() must return only what
// was written.
#include <map>

#include "store/memory_archive.h"
#include "store/memory_journal.h"
#include "store/store.h"
#include "tests/fuzz/targets.h"
#include "tests/unit/store/builders.h"

namespace reprise::fuzz {
namespace {

using store::RunNumber;
using store::Seq;

constexpr Seq kArchived = 6;
constexpr Seq kRecords = 12;

RunNumber run_of(Seq seq) {
  return seq % 3 + 1;
}

// The records as they were written, and as the input leaves them.
struct Log {
  std::vector<std::string> records;  // record i has sequence number i + 1
  std::vector<std::string> bodies;
};

Log written() {
  Log log;
  store::RecordMaker maker;
  for (Seq seq = 1; seq <= kRecords; ++seq) {
    log.bodies.push_back("turn " + std::to_string(seq) + std::string(seq * 3, '.'));
    log.records.push_back(maker.make(run_of(seq), log.bodies.back()));
  }
  return log;
}

// Edits of three or more bytes each: which record, what to do, where.
void damage(Bytes in, Log* log) {
  while (!in.empty()) {
    std::string& record = log->records[in.byte() % kRecords];
    const unsigned what = in.byte() % 6;
    const unsigned at = in.byte();
    switch (what) {
      case 0:
        if (!record.empty()) record[at % record.size()] ^= static_cast<char>(1u << in.byte() % 8);
        break;
      case 1:
        if (!record.empty()) record[at % record.size()] = static_cast<char>(in.byte());
        break;
      case 2:
        record.resize(record.size() * at / 256);
        break;
      case 3:
        record = log->records[at % kRecords];
        break;
      case 4:
        std::swap(record, log->records[at % kRecords]);
        break;
      default:
        record = in.take(at);
        break;
    }
  }
}

void fill(const Log& log, store::MemoryJournal* journal, store::MemoryArchive* archive) {
  store::ArchiveBatch batch;
  batch.through = kArchived;
  std::map<RunNumber, store::Chunk> chunks;
  for (Seq seq = 1; seq <= kArchived; ++seq) {
    store::Chunk& chunk = chunks[run_of(seq)];
    chunk.run = run_of(seq);
    chunk.last = seq;
    chunk.records += log.records[seq - 1];
  }
  for (auto& [run, chunk] : chunks) batch.chunks.push_back(std::move(chunk));
  (void)archive->commit(batch);
  // One archived record is still in the journal too, as after a crash between the two.
  store::RecordBatch tail = store::batch_of(1, log.records);
  (void)journal->append({&tail}, kArchived - 1);
}

base::Status read(const store::Journal& journal,
                  const store::Archive& archive,
                  RunNumber run,
                  Seq last,
                  std::vector<std::string>* seen) {
  return store::read_history(journal, archive, run, last,
                             [&](const store::Record& record) { seen->emplace_back(record.body); });
}

// A reader that does not verify.
base::Status read_unverified(const store::Journal& journal,
                             const store::Archive& archive,
                             RunNumber run,
                             std::vector<std::string>* seen) {
  Seq before = 0;
  const auto take = [&](std::string_view bytes) {
    std::size_t size = 0;
    for (; !bytes.empty(); bytes.remove_prefix(size)) {
      const auto record = store::decode_record(bytes, &size);
      if (!record) return base::Next::kStop;
      if (record->run != run || record->seq <= before) continue;
      before = record->seq;
      seen->emplace_back(record->body);
    }
    return base::Next::kGoOn;
  };
  (void)archive.history(run, take);
  return journal.scan(1, [&](Seq, std::string_view bytes) { return take(bytes); });
}

void check(const Log& log,
           RunNumber run,
           const base::Status& status,
           const std::vector<std::string>& seen) {
  std::vector<std::string> right;
  for (Seq seq = 1; seq <= kRecords; ++seq) {
    if (run_of(seq) == run) right.push_back(log.bodies[seq - 1]);
  }
  if (seen.size() > right.size() || !std::equal(seen.begin(), seen.end(), right.begin())) {
    throw Defect("the reader hands out what was not written");
  }
  if (status && seen.size() != right.size()) {
    throw Defect("the reader takes a part of a history for all of it");
  }
}

void decode_all(std::string_view bytes) {
  std::size_t size = 0;
  for (; !bytes.empty(); bytes.remove_prefix(size)) {
    const auto record = store::decode_record(bytes, &size);
    if (!record) return;
    if (size < store::kRecordHeaderBytes || size > bytes.size()) {
      throw Defect("a record is larger than what it was decoded from");
    }
    (void)store::verify_record(*record, 0);
  }
}

}  // namespace

void fuzz_log(std::string_view input) {
  decode_all(input);
  Log log = written();
  damage(Bytes(input), &log);
  store::MemoryJournal journal;
  store::MemoryArchive archive;
  fill(log, &journal, &archive);
  for (RunNumber run = 1; run <= 3; ++run) {
    Seq last = kRecords;
    while (run_of(last) != run) --last;
    std::vector<std::string> seen;
    check(log, run, read(journal, archive, run, last, &seen), seen);
    // A reader that does not know the last record cannot miss it: only a prefix can be required.
    seen.clear();
    (void)read(journal, archive, run, 0, &seen);
    check(log, run, base::Error{}, seen);
  }
}

void fuzz_log_control(std::string_view input) {
  Log log = written();
  damage(Bytes(input), &log);
  store::MemoryJournal journal;
  store::MemoryArchive archive;
  fill(log, &journal, &archive);
  std::vector<std::string> seen;
  const auto status = read_unverified(journal, archive, 1, &seen);
  check(log, 1, status, seen);
}

std::vector<std::string> log_seeds() {
  const Log log = written();
  return {"",
          std::string("\x03\x00\x00\x01", 4),               // a bit of a chain value
          std::string("\x05\x00\x2a\x00", 4),               // a bit of a body
          std::string("\x07\x01\x08\xff", 4),               // a length
          std::string("\x0b\x02\x80", 3),                   // cut off
          std::string("\x02\x03\x05\x08\x04\x0b", 6),       // a copy, a swap
          std::string("\x04\x05\x40", 3) + log.records[6],  // another record in its place
          log.records[0] + log.records[1]};
}

}  // namespace reprise::fuzz
