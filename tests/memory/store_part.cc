// The store: created, written through the writer, archived, trimmed and read. A call that fails for
// lack of memory returns an error or throws std::bad_alloc; its object can be used further or says
// that it cannot.
#include <cstdio>
#include <map>
#include <memory>
#include <new>

#include "store/store.h"
#include "store/writer.h"
#include "tests/memory/parts.h"
#include "tests/support/allocations.h"
#include "tests/support/forwarding_store.h"

namespace reprise::testing {
namespace {

using store::RunNumber;
using store::Seq;

constexpr int kRuns = 3;
constexpr int kRounds = 4;
constexpr store::StoreOptions kSmall{.journal_map_bytes = 16 << 20, .archive_map_bytes = 16 << 20};

std::string body_of(Seq seq) {
  return "record " + std::to_string(seq) + std::string(200 * (seq % 7), '.');
}

// Loses a commit silently when there is no memory.
class ForgetfulJournal final : public ForwardingJournal {
 public:
  using ForwardingJournal::ForwardingJournal;

  base::Status append(const std::vector<const store::RecordBatch*>& batches, Seq trim) override {
    try {
      const std::vector<const store::RecordBatch*> copy(batches);
      return inner_.append(copy, trim);
    } catch (const std::bad_alloc&) {
      return {};
    }
  }
};

// What one round queues. Fixed memory: the workload itself must not fail.
struct Round {
  Seq previous[kRuns] = {};
  std::uint64_t chain[kRuns] = {};
  Seq queued_through = 0;
};

template <class Work>
void survive(const Work& work) {
  try {
    work();
  } catch (const std::bad_alloc&) {
  }
}

// The sequence number of a record is part of its body, so a caller that was interrupted by an
// exception knows from `previous` which of its records are queued.
void append_round(store::Writer& writer, Round* state) {
  for (int run = 0; run < kRuns; ++run) {
    survive([&] {
      const std::string body = body_of(state->queued_through + 1);
      const bool first = state->previous[run] == 0;
      store::Draft draft{.run = static_cast<RunNumber>(run + 1),
                         .previous = &state->previous[run],
                         .chain = &state->chain[run],
                         .flags = static_cast<std::uint8_t>(first ? store::kFirstOfRun : 0),
                         .body = body};
      writer.append({&draft, 1});
    });
    for (const Seq seq : state->previous) {
      state->queued_through = std::max(state->queued_through, seq);
    }
  }
}

// Everything that is durable goes to the archive.
void archive(store::Store& store, const store::Journal& journal) {
  store::ArchiveBatch batch;
  batch.next_run = kRuns + 1;
  std::map<RunNumber, store::Chunk> chunks;
  const auto through = store.archive().through();
  if (!through) return;
  batch.through = *through;
  const auto scanned = journal.scan(*through + 1, [&](Seq seq, std::string_view bytes) {
    std::size_t size = 0;
    const auto record = store::decode_record(bytes, &size);
    if (!record) return base::Next::kStop;
    store::Chunk& chunk = chunks[record->run];
    chunk.run = record->run;
    chunk.last = seq;
    chunk.records += bytes;
    batch.through = seq;
    return base::Next::kGoOn;
  });
  if (!scanned) return;
  for (auto& [run, chunk] : chunks) {
    batch.chunks.push_back(std::move(chunk));
    batch.summaries.push_back({.run = run,
                               .workflow_id = "w" + std::to_string(run),
                               .summary = "s",
                               .add_key = "k",
                               .remove_key = {}});
  }
  (void)store.archive().commit(batch);
}

void read_all(const store::Store& store) {
  for (RunNumber run = 1; run <= kRuns; ++run) {
    survive([&] {
      (void)store::read_history(store.journal(), store.archive(), run, 0,
                                [](const store::Record&) {});
    });
  }
  survive([&] { (void)store.archive().find("w1", [](store::RunNumber, std::string_view) { return true; }); });
  survive([&] { (void)store.archive().list({}, {}, true, [](std::string_view, RunNumber) {}); });
}

void use(store::Store& store, store::Journal& journal, const Acknowledged& acknowledged) {
  Round state;
  store::Writer writer(journal, 0, false);
  writer.on_durable([&](const base::Result<Seq>& seq) {
    if (seq) acknowledged.say("durable %llu\n", static_cast<unsigned long long>(*seq));
  });
  for (int round = 0; round < kRounds; ++round) {
    append_round(writer, &state);
    survive([&] { (void)writer.commit_pending(); });
    if (round % 2 == 1) {
      survive([&] { archive(store, journal); });
      survive([&] {
        if (const auto through = store.archive().through()) writer.trim(*through);
      });
    }
    survive([&] {
      const auto slot = store.attempt_slots().take({.run = 1, .operation = 1, .attempt = 1});
      store.attempt_slots().release(slot);
    });
    read_all(store);
  }
}

// A failed open leaves nothing behind that would prevent the next one.
std::unique_ptr<store::Store> open(const std::string& path) {
  try {
    auto opened = store::open_store(path, kSmall);
    if (opened) return std::move(*opened);
  } catch (const std::bad_alloc&) {
  }
  return nullptr;
}

std::uint64_t work(const Trial& trial, const Acknowledged& acknowledged, bool forgetful) {
  const std::string path = trial.directory + "/store";
  std::uint64_t allocations = 0;
  std::unique_ptr<store::Store> store;
  {
    const AllocationFailure failure(trial.failing, trial.from_then_on);
    survive([&] {
      store = open(path);
      if (store == nullptr && !trial.from_then_on) store = open(path);
      if (store == nullptr) return;
      ForgetfulJournal losing(store->journal());
      use(*store, forgetful ? losing : store->journal(), acknowledged);
    });
    store = nullptr;
    allocations = failure.allocations();
  }
  store = open(path);
  if (store == nullptr) found_defect("the store does not open again in the same process");
  return allocations;
}

std::uint64_t work_with_store(const Trial& trial, const Acknowledged& acknowledged) {
  return work(trial, acknowledged, false);
}
std::uint64_t work_with_control(const Trial& trial, const Acknowledged& acknowledged) {
  return work(trial, acknowledged, true);
}

std::optional<std::string> check(const std::string& directory,
                                 const std::vector<std::string>& acknowledged) {
  Seq durable = 0;
  for (const std::string& line : acknowledged) durable = std::stoull(line.substr(8));
  auto store = store::open_store(directory + "/store", kSmall);
  if (!store) return "the store does not open: " + store.error().text();
  std::map<Seq, std::string> found;
  for (RunNumber run = 1; run <= kRuns; ++run) {
    const auto read = store::read_history(
        (*store)->journal(), (*store)->archive(), run, 0,
        [&](const store::Record& record) { found[record.seq] = std::string(record.body); });
    if (!read && read.error().code != base::ErrorCode::kNotFound) return read.error().text();
  }
  for (Seq seq = 1; seq <= durable; ++seq) {
    if (!found.contains(seq)) return "record " + std::to_string(seq) + " was acknowledged, is lost";
  }
  for (const auto& [seq, body] : found) {
    if (body != body_of(seq)) return "record " + std::to_string(seq) + " is not what was written";
  }
  return std::nullopt;
}

}  // namespace

constinit const Part kStorePart{"store", nullptr, work_with_store, check};
constinit const Part kStoreControl{"control", nullptr, work_with_control, check};

}  // namespace reprise::testing
