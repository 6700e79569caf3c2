#include "runtime/engine/tables.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "runtime/engine/row_key.h"

namespace reprise::runtime {

// ---- changes ------------------------------------------------------------------------------------

void Tables::apply(store::Seq seq, const store::RowChanges& changes) {
  if (changes.empty()) return;
  const std::lock_guard lock(mutex_);
  for (const auto& [key, value] : changes) {
    const auto row = rows_.try_emplace(key).first;
    row->second.versions.push_back({seq, value});
    in_order_.emplace_back(seq, row);
  }
}

void Tables::archived(store::Seq through) {
  const std::lock_guard lock(mutex_);
  archived_ = std::max(archived_, through);
  trim();
}

void Tables::trim() const {
  const store::Seq through = pinned_.empty() ? archived_ : std::min(archived_, *pinned_.begin());
  trimmed_ = std::max(trimmed_, through);
  while (!in_order_.empty() && in_order_.front().first <= through) {
    const auto row = in_order_.front().second;
    in_order_.pop_front();
    row->second.drop_oldest();
    if (row->second.empty()) rows_.erase(row);
  }
}

std::size_t Tables::rows_in_memory() const {
  const std::lock_guard lock(mutex_);
  return rows_.size();
}

// A row that every transaction changes has as many versions as there are records in memory.
void Tables::Row::drop_oldest() {
  if (++dropped * 2 <= versions.size()) return;
  versions.erase(versions.begin(), versions.begin() + static_cast<std::ptrdiff_t>(dropped));
  dropped = 0;
}

const Tables::Version* Tables::Row::between(store::Seq after, store::Seq seq) const {
  const auto first = versions.begin() + static_cast<std::ptrdiff_t>(dropped);
  const auto later = std::upper_bound(
      first, versions.end(), seq,
      [](store::Seq wanted, const Version& version) { return wanted < version.seq; });
  if (later == first) return nullptr;
  const Version& newest = *(later - 1);
  return newest.seq > after ? &newest : nullptr;
}

// ---- moments ------------------------------------------------------------------------------------

// Nothing after what was trimmed by now leaves the memory until it is unpinned. The archive has at
// least that, whenever it is looked at.
store::Seq Tables::pin() const {
  const std::lock_guard lock(mutex_);
  pinned_.insert(trimmed_);
  return trimmed_;
}

void Tables::unpin(store::Seq floor) const {
  const std::lock_guard lock(mutex_);
  pinned_.erase(pinned_.find(floor));
  trim();
}

base::Result<std::unique_ptr<Tables::Moment>> Tables::newest() const {
  auto moment = std::make_unique<Moment>(*this, pin());
  auto rows = archive_.rows();
  if (!rows) return rows.error();
  moment->archived_ = std::move(*rows);
  moment->as_of_ = std::numeric_limits<store::Seq>::max();
  return moment;
}

// What is durable is asked after the archive's moment, which is never ahead of that.
base::Result<std::unique_ptr<Tables::Moment>> Tables::durable(
    const std::atomic<store::Seq>& durable) const {
  auto moment = newest();
  if (moment) (*moment)->as_of_ = std::max(durable.load(), (*moment)->archived_->through());
  return moment;
}

Tables::Moment::~Moment() {
  archived_ = nullptr;
  tables_.unpin(floor_);
}

base::Result<std::optional<std::string>> Tables::Moment::row(std::string_view key) {
  auto kept = kept_row(key);
  if (!kept || !*kept || !tables_.open_) return kept;
  auto opened = tables_.open_(std::move(**kept));
  if (!opened) return opened.error();
  return std::optional(std::move(opened).value());
}

base::Result<std::optional<FoundRow>> Tables::Moment::opened(FoundRow row) const {
  if (!tables_.open_) return std::optional(std::move(row));
  auto opened = tables_.open_(std::move(row.value));
  if (!opened) return opened.error();
  row.value = std::move(opened).value();
  return std::optional(std::move(row));
}

base::Result<std::optional<std::string>> Tables::Moment::kept_row(std::string_view key) const {
  {
    const std::lock_guard lock(tables_.mutex_);
    const auto found = tables_.rows_.find(key);
    const Version* const version = found == tables_.rows_.end()
                                       ? nullptr
                                       : found->second.between(archived_->through(), as_of_);
    if (version != nullptr) return version->value;
  }
  return archived_->get(key);
}

// Of the changes in memory, erased rows included. It is looked for once, because what a moment sees
// does not change: there may be many that it does not see.
std::optional<Tables::Moment::Change> Tables::Moment::changed(std::string_view from,
                                                              std::string_view to) {
  const bool known =
      change_from_ && *change_from_ <= from && (change_ ? change_->key >= from : to <= change_to_);
  if (!known) {
    change_ = find_change(from, to);
    change_from_ = from;
    change_to_ = to;
  }
  return change_ && change_->key < to ? change_ : std::nullopt;
}

std::optional<Tables::Moment::Change> Tables::Moment::find_change(std::string_view from,
                                                                  std::string_view to) const {
  const std::lock_guard lock(tables_.mutex_);
  for (auto at = tables_.rows_.lower_bound(from); at != tables_.rows_.end() && at->first < to;
       ++at) {
    if (const Version* const version = at->second.between(archived_->through(), as_of_)) {
      return Change{at->first, version->value};
    }
  }
  return std::nullopt;
}

base::Status Tables::Moment::seek(std::string_view from) {
  const bool still_next = sought_ && *sought_ <= from && (!next_ || next_->key >= from);
  if (still_next) return {};
  const bool follows = next_ && from.size() == next_->key.size() + 1 && from.back() == '\0' &&
                       from.starts_with(next_->key);
  sought_.reset();
  next_.reset();
  auto found = follows ? archived_->next() : archived_->seek(from);
  if (!found) return found.error();
  if (*found) next_ = FoundRow{std::string((*found)->key), std::string((*found)->value)};
  sought_ = from;
  return {};
}

base::Result<std::optional<FoundRow>> Tables::Moment::first(std::string_view from,
                                                            std::string_view to) {
  std::string at(from);
  while (true) {
    if (base::Status sought = seek(at); !sought) return sought.error();
    auto change = changed(at, to);
    const bool archived_first = next_ && next_->key < to && (!change || next_->key < change->key);
    if (archived_first) return opened(*next_);
    if (!change) return std::optional<FoundRow>();
    if (change->value) return opened({std::move(change->key), std::move(*change->value)});
    at = std::move(change->key);
    step_behind(&at);
  }
}

base::Result<std::optional<std::string>> Tables::Moment::get(std::string_view table,
                                                             std::string_view key) {
  if (base::Status valid = check_table_name(table); !valid) return valid.error();
  if (key.size() > kMaxRowKeyBytes) return std::optional<std::string>();
  return row(row_key(table, key));
}

base::Status Tables::Moment::scan(std::string_view table,
                                  std::string_view from,
                                  std::optional<std::string_view> to,
                                  base::Visitor<std::string_view, std::string_view> visit) {
  return scan_table(
      table, from, to,
      [this](std::string_view begin, std::string_view end) { return first(begin, end); }, visit);
}

}  // namespace reprise::runtime
