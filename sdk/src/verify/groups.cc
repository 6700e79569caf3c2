#include "sdk/src/verify/groups.h"

#include <algorithm>
#include <cctype>

#include "event/catalogue.h"
#include "event/text.h"
#include "sdk/src/errors.h"
#include "sdk/src/verify/edit.h"

namespace reprise::internal {
namespace {

using proto::Event;
using replay::Mismatch;

// The same for all runs that diverge at the same place: without ids, durations and the like.
std::string kind_and_name(const std::optional<Event>& event) {
  if (!event) return {};
  const event::Row& row = event::row_of(*event);
  const bool named = row.called != nullptr && !event->has_run_started();
  return named ? event::describe(*event) : std::string(row.name);
}

// Messages differ in numbers from run to run.
std::string without_numbers(std::string_view text) {
  std::string kept;
  for (const char c : text) {
    const bool digit = std::isdigit(static_cast<unsigned char>(c)) != 0;
    if (!digit) kept += c;
    if (digit && !kept.ends_with('#')) kept += '#';
  }
  return kept;
}

std::string key_of(const replay::Thrown& thrown, base::Symbols& symbols) {
  return thrown.type + ": " + without_numbers(thrown.what) + "\n" + thrown.in + "\n" +
         replay::place_of(thrown, symbols);
}

std::string key_of(const replay::Trouble& trouble, base::Symbols& symbols) {
  if (trouble.thrown) return code_text(trouble.code) + key_of(*trouble.thrown, symbols);
  if (!trouble.mismatch) return code_text(trouble.code) + without_numbers(trouble.report);
  const Mismatch& mismatch = *trouble.mismatch;
  std::string at = mismatch.attempted ? event::place_of(*mismatch.attempted) : std::string();
  if (at.empty() && mismatch.recorded) at = event::place_of(*mismatch.recorded);
  return std::string(replay::to_string(mismatch.kind)) + "\n" + kind_and_name(mismatch.recorded) +
         "\n" + kind_and_name(mismatch.attempted) + "\n" + at;
}

std::string what_is_wrong(const replay::Trouble& trouble) {
  if (trouble.mismatch) return std::string(replay::to_string(trouble.mismatch->kind));
  return trouble.code == base::ErrorCode::kUnknownWorkflow ? "not implemented" : "exception";
}

void show(const Mismatch& mismatch, const proto::History& history, VerifyGroup* group) {
  if (mismatch.recorded) {
    group->recorded = event::describe(*mismatch.recorded);
    group->recorded_at = event::place_of(*mismatch.recorded);
  }
  if (mismatch.attempted) {
    group->attempted = event::describe(*mismatch.attempted);
    group->attempted_at = event::place_of(*mismatch.attempted);
  }
  Edit edit = edit_for(mismatch, history);
  group->edit = std::move(edit.text);
  group->edit_at = std::move(edit.at);
  group->note = std::move(edit.note);
}

void show(const replay::Thrown& thrown, base::Symbols& symbols, VerifyGroup* group) {
  group->recorded = thrown.input;
  group->attempted = "throws " + thrown.type + (thrown.what.empty() ? "" : ": " + thrown.what);
  group->attempted_at = replay::place_of(thrown, symbols);
  group->note = "correct it before you deploy: only a reprise::Failure may leave workflow code";
}

std::uint64_t event_of(const replay::Trouble& trouble, const runtime::HistoryReplay& replay) {
  if (trouble.thrown) return trouble.thrown->event;
  return trouble.mismatch ? trouble.mismatch->event : replay.events() + 1;
}

}  // namespace

bool Groups::is_first(const Group& group, const runtime::RunState& run) const {
  return group.examples.begin()->first == run.number;
}

Groups::Group& Groups::add(const std::string& key,
                           const runtime::RunState& run,
                           std::uint64_t event) {
  Group& group = groups_[*run.workflow + "\n" + key];
  group.shown.workflow = *run.workflow;
  ++group.shown.runs;
  group.examples[run.number] = {run.workflow_id, run.id.to_string(), event};
  if (group.examples.size() > most_examples_) group.examples.erase(--group.examples.end());
  return group;
}

void Groups::add(const runtime::RunState& run,
                 const replay::Trouble& trouble,
                 const proto::History& history,
                 const runtime::HistoryReplay& replay,
                 base::Symbols& symbols) {
  Group& group = add(key_of(trouble, symbols), run, event_of(trouble, replay));
  if (!is_first(group, run)) return;
  group.shown.code = code_text(trouble.code);
  group.shown.what = what_is_wrong(trouble);
  group.shown.report = trouble.report;
  if (trouble.mismatch) show(*trouble.mismatch, history, &group.shown);
  if (trouble.thrown) show(*trouble.thrown, symbols, &group.shown);
}

void Groups::add_damaged(const runtime::RunState& run,
                         std::string_view what,
                         const base::Error& why) {
  Group& group =
      add(std::string(what) + code_text(why.code) + without_numbers(why.message), run, 0);
  if (!is_first(group, run)) return;
  group.shown.code = code_text(why.code);
  group.shown.what = what;
  group.shown.report = why.text();
}

void Groups::merge(Groups&& other) {
  for (auto& [key, more] : other.groups_) {
    const auto [found, is_new] = groups_.try_emplace(key, std::move(more));
    if (is_new) continue;
    Group& group = found->second;
    const std::uint64_t runs = group.shown.runs + more.shown.runs;
    if (more.examples.begin()->first < group.examples.begin()->first) {
      group.shown = std::move(more.shown);
    }
    group.shown.runs = runs;
    group.examples.merge(more.examples);
    while (group.examples.size() > most_examples_) group.examples.erase(--group.examples.end());
  }
}

std::vector<VerifyGroup> Groups::take() {
  std::vector<VerifyGroup> taken;
  for (auto& [key, group] : groups_) {
    for (auto& [number, example] : group.examples) {
      group.shown.examples.push_back(std::move(example));
    }
    taken.push_back(std::move(group.shown));
  }
  groups_.clear();
  std::stable_sort(taken.begin(), taken.end(),
                   [](const auto& a, const auto& b) { return a.runs > b.runs; });
  return taken;
}

}  // namespace reprise::internal
