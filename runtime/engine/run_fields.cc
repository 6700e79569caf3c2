#include "runtime/engine/run_fields.h"

#include <algorithm>
#include <iterator>

#include "proto/parse.h"
#include "runtime/visibility/keys.h"

namespace reprise::runtime {
namespace {

// What one transaction adds, so that archiving never waits for long.
constexpr std::size_t kRunsPerPart = 10'000;

}  // namespace

std::vector<std::string> field_entries(const proto::RunSummary& summary) {
  const visibility::Subject run(summary);
  std::vector<std::string> entries = visibility::fixed_entries(run);
  for (std::string& entry : visibility::attribute_entries(run)) entries.push_back(std::move(entry));
  return entries;
}

std::vector<std::string> attribute_entries_of(const proto::RunSummary& summary) {
  if (summary.settings().empty()) return {};
  return visibility::attribute_entries(visibility::Subject(summary));
}

void set_field_changes(const proto::RunSummary& summary,
                       bool is_new,
                       event::RunStatus before,
                       std::int64_t started_before_ms,
                       const std::vector<std::string>& attributes,
                       store::SummaryUpdate* update) {
  if (is_new) {
    update->add_fields = field_entries(summary);
    return;
  }
  // A run that was reset or forked starts where its own history does: after the copies, which may
  // have been archived before.
  if (summary.started_ms() != started_before_ms) {
    proto::RunSummary old = summary;
    old.set_started_ms(started_before_ms);
    old.set_status(static_cast<std::uint32_t>(before));
    old.clear_settings();
    update->remove_fields = visibility::fixed_entries(visibility::Subject(old));
    update->remove_fields.insert(update->remove_fields.end(), attributes.begin(), attributes.end());
    update->add_fields = field_entries(summary);
    return;
  }
  const std::vector<std::string> now = attribute_entries_of(summary);
  std::set_difference(attributes.begin(), attributes.end(), now.begin(), now.end(),
                      std::back_inserter(update->remove_fields));
  std::set_difference(now.begin(), now.end(), attributes.begin(), attributes.end(),
                      std::back_inserter(update->add_fields));
  const event::RunStatus status = event::status_of(summary.status());
  if (status == before) return;
  update->add_fields.push_back(visibility::status_entry(status, summary.started_ms()));
  update->remove_fields.push_back(visibility::status_entry(before, summary.started_ms()));
}

void add_known_names(const proto::RunSummary& summary, std::set<std::string>* names) {
  if (summary.settings().empty()) return;
  for (std::string& entry : visibility::known_entries(visibility::Subject(summary))) {
    names->insert(std::move(entry));
  }
}

base::Status begin_fields(store::Archive& archive) {
  const auto state = archive.fields();
  if (!state) return state.error();
  if (state->version == visibility::kIndexVersion) return {};
  return archive.begin_fields(visibility::kIndexVersion);
}

base::Result<bool> build_some_fields(store::Archive& archive) {
  const auto state = archive.fields();
  if (!state) return state.error();
  if (state->version != visibility::kIndexVersion || state->complete()) return false;
  const auto moment = archive.moment();
  if (!moment) return moment.error();
  store::FieldsPart part;
  std::set<std::string> names;
  proto::RunSummary summary;
  std::size_t runs = 0;
  const base::Status read =
      (*moment)->summaries(state->next, [&](store::RunNumber number, std::string_view stored) {
        if (runs++ == kRunsPerPart) {
          part.next = number;
          return base::Next::kStop;
        }
        // One that does not verify is found by nothing.
        if (stored.empty() || !proto::parse(stored, &summary)) return base::Next::kGoOn;
        for (std::string& entry : field_entries(summary)) {
          part.entries.push_back({std::move(entry), number});
        }
        add_known_names(summary, &names);
        return base::Next::kGoOn;
      });
  if (!read) return read.error();
  for (const std::string& name : names) part.entries.push_back({name, 0});
  if (const base::Status built = archive.build_fields(part); !built) return built.error();
  return part.next != 0;
}

}  // namespace reprise::runtime
