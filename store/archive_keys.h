// The keys of the archive's tables, shared by its implementations so that both have the same order.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "store/archive.h"
#include "store/key_pool.h"

namespace reprise::store {

inline constexpr std::size_t kLongestIndexKey = 200;

std::string run_key(RunNumber run);
std::string chunk_key(RunNumber run, Seq last);
// The key has the id itself, except for very long ids: most ids grow with time (a counter, a
// UUIDv7) and so fill the table page by page. Hashes would dirty a page of 4 KiB per run, seven
// times what a short run takes in all.
std::string id_prefix(std::string_view workflow_id);
std::string id_key(std::string_view workflow_id, RunNumber run);
RunNumber run_of_id_key(std::string_view key);
std::string index_key(std::string_view key, RunNumber run);
RunNumber run_of_index_key(std::string_view key);
std::string_view callers_key(std::string_view index_key);

// The smallest key after all keys that start with `prefix`; empty: there is none, or no prefix.
std::string behind_prefix(std::string_view prefix);

// A batch's changes of the index, in key order, each key once: of several changes the last counts.
// The keys are in the pool.
struct IndexChange {
  std::string_view key;
  bool add = false;
};
void keep_last_of_each(std::vector<IndexChange>* changes);  // in key order
std::vector<IndexChange> index_changes(const ArchiveBatch& batch, KeyPool* pool);
// Likewise of the table of fields.
std::string_view field_key(std::string_view key, RunNumber run, KeyPool* pool);
std::vector<IndexChange> field_changes(const ArchiveBatch& batch, KeyPool* pool);

}  // namespace reprise::store
