#include "runtime/engine/run_search.h"

#include <algorithm>
#include <map>
#include <queue>
#include <utility>

#include "runtime/engine/archive_search.h"
#include "runtime/visibility/page_token.h"
#include "runtime/visibility/value_text.h"

namespace reprise::runtime {
namespace {

// What binds page tokens to their store. Without a key of its own the store cannot be told apart.
base::Result<std::string> token_secret(const store::Archive& archive) {
  const auto key = archive.token_key();
  if (!key && key.error().code != base::ErrorCode::kStoreDamaged) return key.error();
  if (!key || !*key) return std::string();
  return std::string((*key)->begin(), (*key)->end());
}

// A run that may be on the page: recent ones are already described, others are read at the end.
struct Candidate {
  std::string key;
  store::RunNumber number = 0;
  const RunDescription* recent = nullptr;

  friend bool operator<(const Candidate& a, const Candidate& b) { return a.key < b.key; }
};

// The first `size` of what is added, in the order of keys. Takes memory for no more than those.
class FirstFew {
 public:
  explicit FirstFew(std::size_t size) : size_(size) {}

  void add(Candidate candidate) {
    if (heap_.size() == size_ && !(candidate < heap_.top())) return;
    heap_.push(std::move(candidate));
    if (heap_.size() > size_) heap_.pop();
  }
  bool full() const { return heap_.size() == size_; }
  const Candidate& last() const { return heap_.top(); }
  std::vector<Candidate> take() {
    std::vector<Candidate> all;
    for (; !heap_.empty(); heap_.pop()) all.push_back(heap_.top());
    std::reverse(all.begin(), all.end());
    return all;
  }

 private:
  const std::size_t size_;
  std::priority_queue<Candidate> heap_;
};

class Find {
 public:
  Find(ArchiveSearch& search, const visibility::Query& query, std::size_t page_size)
      : search_(search), query_(query), page_size_(page_size), few_(page_size + 1) {}

  base::Result<FoundRuns> run(const RecentRuns& recent,
                              const std::string& after,
                              const std::string& secret) {
    for (const RecentRun& run : recent.matching) {
      const visibility::Subject subject(run.description);
      std::string key = visibility::sort_key(query_, subject, run.number);
      if (key > after) few_.add({std::move(key), run.number, &run.description});
    }
    std::optional<Place> begin;
    if (search_.in_order() && !after.empty()) {
      begin = visibility::place_of_sort_key(query_, after);
    }
    const base::Status visited =
        search_.visit(begin, [&](store::RunNumber number, const proto::RunSummary& summary) {
          const visibility::Subject subject(summary);
          std::string key = visibility::sort_key(query_, subject, number);
          // In order: what comes now comes after the page too.
          if (search_.in_order() && few_.full() && key > few_.last().key) return base::Next::kStop;
          if (key > after) few_.add({std::move(key), number, nullptr});
          return base::Next::kGoOn;
        });
    if (!visited) return visited.error();
    return page(secret);
  }

 private:
  base::Result<FoundRuns> page(const std::string& secret) {
    FoundRuns found;
    std::vector<Candidate> candidates = few_.take();
    const bool more = candidates.size() > page_size_;
    if (more) candidates.pop_back();
    for (const Candidate& candidate : candidates) {
      auto run = candidate.recent != nullptr
                     ? base::Result<std::optional<RunDescription>>(*candidate.recent)
                     : search_.describe(candidate.number);
      if (!run) return run.error();
      if (!*run) continue;
      found.runs.push_back(std::move(**run));
      found.numbers.push_back(candidate.number);
    }
    if (more) {
      found.next_page_token =
          visibility::make_page_token(query_.text, secret, candidates.back().key);
    }
    found.scanned = search_.scanned();
    found.examined = search_.examined();
    return found;
  }

  ArchiveSearch& search_;
  const visibility::Query& query_;
  const std::size_t page_size_;
  FirstFew few_;
};

// ---- counting ---------------------------------------------------------------------------------

// Counts runs by the values of a field.
class Groups {
 public:
  explicit Groups(const std::optional<visibility::Field>& by) : by_(by) {}

  base::Status add(const visibility::Subject& run) {
    ++total_;
    if (!by_) return {};
    const auto value = run.value(*by_);
    if (!value) {
      ++none_;
    } else if (value->type == visibility::FieldType::kTexts) {
      return add_texts(value->texts);
    } else {
      ++counts_[visibility::value_text(*value)];
    }
    return may_grow();
  }
  void add(const std::string& value, std::uint64_t count) {
    total_ += count;
    if (count > 0) counts_[value] += count;
  }
  void add_total(std::uint64_t count) { total_ += count; }

  RunCounts take() {
    RunCounts counts;
    counts.total = total_;
    for (auto& [value, count] : counts_) counts.groups.push_back({value, false, count});
    if (none_ > 0) counts.groups.push_back({{}, true, none_});
    std::stable_sort(counts.groups.begin(), counts.groups.end(),
                     [](const RunGroup& a, const RunGroup& b) { return a.count > b.count; });
    return counts;
  }

 private:
  // A run counts once for each of its texts.
  base::Status add_texts(std::vector<std::string_view> texts) {
    if (texts.empty()) ++none_;
    std::sort(texts.begin(), texts.end());
    texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
    for (const std::string_view text : texts) ++counts_[std::string(text)];
    return may_grow();
  }
  base::Status may_grow() const {
    if (counts_.size() <= kMaxGroups) return {};
    return base::Error{base::ErrorCode::kFilter,
                       "the runs have more than " + std::to_string(kMaxGroups) +
                           " values of the field by which they are to be grouped; narrow the "
                           "filter, or group by another field"};
  }

  const std::optional<visibility::Field>& by_;
  std::uint64_t total_ = 0;
  std::uint64_t none_ = 0;
  std::map<std::string, std::uint64_t> counts_;
};

// By the entries of the index alone. False: they do not say enough.
base::Result<bool> count_by_entries(ArchiveSearch& search,
                                    const std::optional<visibility::Field>& by,
                                    Groups* groups) {
  if (!by) {
    const auto count = search.count_entries();
    if (!count) return count.error();
    if (*count) groups->add_total(**count);
    return count->has_value();
  }
  if (by->id != visibility::FieldId::kStatus) return false;
  for (const event::RunStatus status : event::kRunStatuses) {
    const auto count = search.count_entries(status);
    if (!count) return count.error();
    if (!*count) return false;
    groups->add(std::string(event::to_string(status)), **count);
  }
  return true;
}

}  // namespace

// ---- asking -----------------------------------------------------------------------------------

std::vector<std::string> ParsedSearch::attributes() const {
  std::vector<std::string> names = visibility::attributes_of(query);
  if (group_by && group_by->is_attribute()) names.push_back(group_by->name);
  return names;
}

base::Result<ParsedSearch> parse_search(std::string_view filter, std::string_view group_by) {
  auto query = visibility::parse(filter);
  if (!query) return query.error();
  ParsedSearch parsed{std::move(*query)};
  if (group_by.empty()) return parsed;
  auto field = visibility::parse_field(group_by);
  if (!field) return field.error();
  parsed.group_by = std::move(*field);
  return parsed;
}

base::Status check_page(const FindRequest& request) {
  if (request.page_size >= 1 && request.page_size <= kMaxPageSize) return {};
  return base::Error{base::ErrorCode::kInvalidOption,
                     "a page has 1 to " + std::to_string(kMaxPageSize) + " runs, not " +
                         std::to_string(request.page_size)};
}

base::Result<FoundRuns> find_runs(const store::Archive& archive,
                                  const RecentRuns& recent,
                                  const FindRequest& request) {
  if (const base::Status good = check_page(request); !good) return good.error();
  const auto parsed = parse_search(request.filter);
  if (!parsed) return parsed.error();
  const auto secret = token_secret(archive);
  if (!secret) return secret.error();
  base::Result<std::string> after = std::string();
  if (!request.page_token.empty()) {
    after = visibility::read_page_token(request.page_token, request.filter, *secret);
  }
  if (!after) return after.error();
  const auto search = ArchiveSearch::begin(archive, recent, *parsed, {});
  if (!search) return search.error();
  return Find(**search, parsed->query, request.page_size).run(recent, *after, *secret);
}

base::Result<RunCounts> count_runs(const store::Archive& archive,
                                   const RecentRuns& recent,
                                   const CountRequest& request) {
  const auto parsed = parse_search(request.filter, request.group_by);
  if (!parsed) return parsed.error();
  const auto search = ArchiveSearch::begin(archive, recent, *parsed, request.group_by);
  if (!search) return search.error();
  Groups groups(parsed->group_by);
  base::Status added;
  for (const RecentRun& run : recent.matching) {
    if (added) added = groups.add(visibility::Subject(run.description));
  }
  if (!added) return added.error();
  const auto counted = count_by_entries(**search, parsed->group_by, &groups);
  if (!counted) return counted.error();
  if (!*counted) {
    const base::Status visited =
        (*search)->visit(std::nullopt, [&](store::RunNumber, const proto::RunSummary& summary) {
          return groups.add(visibility::Subject(summary));
        });
    if (!visited) return visited.error();
  }
  RunCounts counts = groups.take();
  counts.scanned = (*search)->scanned() && !*counted;
  counts.examined = (*search)->examined();
  return counts;
}

}  // namespace reprise::runtime
