#include <algorithm>

#include "store/store.h"

namespace reprise::store {
namespace {

base::Error damaged(RunNumber run, Seq seq, const std::string& what) {
  return {base::ErrorCode::kStoreDamaged, "run " + std::to_string(run) + ", record " +
                                              std::to_string(seq) + ": " + what +
                                              "; restore the store from a backup to get it back"};
}

std::string text_of(LinkFault fault) {
  switch (fault) {
    case LinkFault::kOtherRun:
      return "it belongs to another run";
    case LinkFault::kNotNext:
      return "the record before it is missing";
    case LinkFault::kChecksum:
      return "its checksum is wrong";
    case LinkFault::kNone:
      break;
  }
  return {};
}

struct StoredRecord {
  Seq seq;
  std::string bytes;
};

// The run's records that are still in the journal, oldest first.
struct JournalPart {
  const Journal& journal;
  const RunNumber run;
  const Seq after;  // records up to here are not wanted
  std::vector<StoredRecord> records;
  // What is wrong with the record at which following stopped. The archive may have that record.
  Seq broken_at = 0;
  base::Status broken{};

  base::Status follow(Seq last);
  base::Status check(Seq seq, const base::Result<Record>& record) const;
  base::Status scan();
};

base::Status JournalPart::follow(Seq last) {
  for (Seq seq = last; seq > after;) {
    auto bytes = journal.read(seq);
    if (!bytes && bytes.error().code == base::ErrorCode::kNotFound) break;
    if (!bytes) return bytes.error();
    std::size_t size = 0;
    const auto record = decode_record(*bytes, &size);
    broken = check(seq, record);
    if (!broken) {
      broken_at = seq;
      break;
    }
    const Seq previous = record->previous;
    records.push_back({seq, std::move(*bytes)});
    seq = previous;
  }
  std::reverse(records.begin(), records.end());
  return {};
}

base::Status JournalPart::check(Seq seq, const base::Result<Record>& record) const {
  if (!record) return damaged(run, seq, record.error().message);
  if (record->run != run || record->seq != seq) {
    return damaged(run, seq, "another record lies in its place");
  }
  // With numbers that do not fall, following would never end.
  if (record->previous >= seq) return damaged(run, seq, "it points forward");
  return {};
}

// A record that does not decode most likely belongs to another run, whose reader will report it. If
// it belongs to this run, the chain is broken at the next record.
base::Status JournalPart::scan() {
  return journal.scan(after + 1, [&](Seq seq, std::string_view bytes) -> base::Status {
    std::size_t size = 0;
    const auto record = decode_record(bytes, &size);
    if (!record || record->run != run || seq <= after) return {};
    if (record->seq != seq) return damaged(run, seq, "another record lies in its place");
    records.push_back({seq, std::string(bytes)});
    return {};
  });
}

// Takes the run's records in order and verifies each one.
class Verifier {
 public:
  Verifier(const ChainEnd& after, Seq last, base::Visitor<const Record&> visit)
      : after_(after.seq), last_(last), visit_(visit), end_(after) {}

  base::Visited take(std::string_view records) {
    while (!records.empty()) {
      std::size_t size = 0;
      const auto record = decode_record(records, &size);
      if (!record) return damaged(end_.run, end_.seq + 1, record.error().message);
      if (auto taken = take(*record); !taken.goes_on()) return taken;
      records.remove_prefix(size);
    }
    return base::Next::kGoOn;
  }

  Seq seen() const { return end_.seq; }

  // After the last record.
  base::Status finish() const {
    if (end_.seq == 0 && last_ == 0) {
      return base::Error{base::ErrorCode::kNotFound,
                         "the store has no run of number " + std::to_string(end_.run)};
    }
    if (end_.seq < last_) return damaged(end_.run, last_, "it is missing");
    return {};
  }

 private:
  base::Visited take(const Record& record) {
    if (record.seq <= after_) return base::Next::kGoOn;
    // Archived after the caller learned its newest record.
    if (last_ != 0 && record.seq > last_) return base::Next::kGoOn;
    const LinkFault fault = check_link(record, end_);
    if (fault != LinkFault::kNone) return damaged(end_.run, record.seq, text_of(fault));
    end_.seq = record.seq;
    end_.chain = record.chain;
    return visit_(record);
  }

  const Seq after_;
  const Seq last_;
  base::Visitor<const Record&> visit_;
  ChainEnd end_;
};

}  // namespace

// The journal is read before the archive: records leave the journal only once they are in the
// archive. So a record that is missed here, because it was trimmed, is certainly in the archive
// when that is read afterwards.
base::Status read_history_after(const Journal& journal,
                                const Archive& archive,
                                const ChainEnd& after,
                                Seq last,
                                base::Visitor<const Record&> visit) {
  JournalPart recent{journal, after.run, after.seq, {}};
  if (auto read = last != 0 ? recent.follow(last) : recent.scan(); !read) return read;
  Verifier verifier(after, last, visit);
  base::Visited taken = base::Next::kGoOn;
  auto read = archive.history(after.run, after.seq, [&](std::string_view records) {
    taken = verifier.take(records);
    return taken;
  });
  if (!read || !taken.goes_on()) return read;
  const Seq archived = verifier.seen();
  if (recent.broken_at > archived) return recent.broken;
  for (const StoredRecord& record : recent.records) {
    if (record.seq <= archived) continue;
    if (taken = verifier.take(record.bytes); !taken.goes_on()) return taken.status();
  }
  return verifier.finish();
}

base::Status read_history(const Journal& journal,
                          const Archive& archive,
                          RunNumber run,
                          Seq last,
                          base::Visitor<const Record&> visit) {
  return read_history_after(journal, archive, {.run = run}, last, visit);
}

}  // namespace reprise::store
