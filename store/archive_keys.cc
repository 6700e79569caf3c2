#include "store/archive_keys.h"

#include <algorithm>
#include <xxhash.h>

#include "store/bytes.h"
#include "store/sort_by_key.h"

namespace reprise::store {
namespace {

std::string_view with_run(std::string_view key, RunNumber run, KeyPool* pool) {
  const std::uint64_t number = __builtin_bswap64(run);
  return pool->join(key, {reinterpret_cast<const char*>(&number), sizeof number});
}

void check_index_key(std::string_view key) {
  REPRISE_CHECK(key.size() <= kLongestIndexKey, "an index key has at most 200 bytes");
}

}  // namespace

std::string run_key(RunNumber run) {
  std::string key;
  append_be64(run, &key);
  return key;
}

std::string chunk_key(RunNumber run, Seq last) {
  std::string key;
  append_be64(run, &key);
  append_be64(last, &key);
  return key;
}

std::string id_prefix(std::string_view workflow_id) {
  constexpr std::size_t kLongestKept = 64;
  constexpr std::size_t kKept = 48;
  std::string key;
  if (workflow_id.size() <= kLongestKept) {
    key = workflow_id;
  } else {
    const XXH128_hash_t hash = XXH3_128bits(workflow_id.data(), workflow_id.size());
    key = workflow_id.substr(0, kKept);
    append_be64(hash.high64, &key);
    append_be64(hash.low64, &key);
  }
  key += '\0';  // so that no id is a prefix of another's key
  return key;
}

// The run number is inverted so that the newest run of an id is the first one found.
std::string id_key(std::string_view workflow_id, RunNumber run) {
  std::string key = id_prefix(workflow_id);
  append_be64(~run, &key);
  return key;
}

RunNumber run_of_id_key(std::string_view key) {
  return ~load_be64(key.substr(key.size() - 8));
}

std::string index_key(std::string_view key, RunNumber run) {
  check_index_key(key);
  std::string full(key);
  append_be64(run, &full);
  return full;
}

RunNumber run_of_index_key(std::string_view key) {
  return load_be64(key.substr(key.size() - 8));
}

std::string_view callers_key(std::string_view index_key) {
  return index_key.substr(0, index_key.size() - 8);
}

std::string behind_prefix(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && end.back() == '\xff') end.pop_back();
  if (!end.empty()) ++end.back();
  return end;
}

void keep_last_of_each(std::vector<IndexChange>* all) {
  std::vector<IndexChange>& changes = *all;
  sort_by_key(all);
  // Of equal keys the last one is kept: std::unique keeps the first, so it runs backwards.
  const auto kept = std::unique(changes.rbegin(), changes.rend(),
                                [](const auto& a, const auto& b) { return a.key == b.key; });
  changes.erase(changes.begin(), kept.base());
}

std::vector<IndexChange> index_changes(const ArchiveBatch& batch, KeyPool* pool) {
  std::vector<IndexChange> changes;
  changes.reserve(3 * batch.summaries.size());  // growing touched more memory than the changes take
  for (const SummaryUpdate& update : batch.summaries) {
    const auto change = [&](std::string_view key, bool add) {
      if (key.empty()) return;
      check_index_key(key);
      changes.push_back({with_run(key, update.run, pool), add});
    };
    change(update.remove_key, false);
    change(update.add_key, true);
    change(update.add_second_key, true);
  }
  keep_last_of_each(&changes);
  return changes;
}

std::string_view field_key(std::string_view key, RunNumber run, KeyPool* pool) {
  REPRISE_CHECK(key.size() <= kLongestFieldKey, "a key of a field has at most 400 bytes");
  return with_run(key, run, pool);
}

std::vector<IndexChange> field_changes(const ArchiveBatch& batch, KeyPool* pool) {
  std::vector<IndexChange> changes;
  changes.reserve(4 * batch.summaries.size() + batch.add_fields.size());
  for (const SummaryUpdate& update : batch.summaries) {
    for (const std::string& key : update.remove_fields) {
      changes.push_back({field_key(key, update.run, pool), false});
    }
    for (const std::string& key : update.add_fields) {
      changes.push_back({field_key(key, update.run, pool), true});
    }
  }
  for (const std::string& key : batch.add_fields)
    changes.push_back({field_key(key, 0, pool), true});
  keep_last_of_each(&changes);
  return changes;
}

}  // namespace reprise::store
