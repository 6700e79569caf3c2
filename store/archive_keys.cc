#include "store/archive_keys.h"

#include <algorithm>
#include <xxhash.h>

#include "store/bytes.h"
#include "store/sort_by_key.h"

namespace reprise::store {

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
  REPRISE_CHECK(key.size() <= kLongestIndexKey, "an index key has at most 200 bytes");
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

std::vector<IndexChange> index_changes(const ArchiveBatch& batch) {
  std::vector<IndexChange> changes;
  changes.reserve(3 * batch.summaries.size());  // growing touched more memory than the changes take
  for (const SummaryUpdate& update : batch.summaries) {
    if (!update.remove_key.empty()) {
      changes.push_back({index_key(update.remove_key, update.run), false});
    }
    for (const std::string* added : {&update.add_key, &update.add_second_key}) {
      if (!added->empty()) changes.push_back({index_key(*added, update.run), true});
    }
  }
  keep_last_of_each(&changes);
  return changes;
}

std::string field_key(std::string_view key, RunNumber run) {
  REPRISE_CHECK(key.size() <= kLongestFieldKey, "a key of a field has at most 400 bytes");
  std::string full;
  full.reserve(key.size() + 8);
  full = key;
  append_be64(run, &full);
  return full;
}

std::vector<IndexChange> field_changes(const ArchiveBatch& batch) {
  std::vector<IndexChange> changes;
  changes.reserve(4 * batch.summaries.size() + batch.add_fields.size());
  for (const SummaryUpdate& update : batch.summaries) {
    for (const std::string& key : update.remove_fields) {
      changes.push_back({field_key(key, update.run), false});
    }
    for (const std::string& key : update.add_fields) {
      changes.push_back({field_key(key, update.run), true});
    }
  }
  for (const std::string& key : batch.add_fields) changes.push_back({field_key(key, 0), true});
  keep_last_of_each(&changes);
  return changes;
}

}  // namespace reprise::store
