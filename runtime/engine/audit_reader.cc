#include "runtime/engine/audit_reader.h"

#include <algorithm>

namespace reprise::runtime {
namespace {

constexpr std::uint64_t kPartEvents = 4'096;
constexpr std::size_t kPartBytes = 4 << 20;
constexpr std::size_t kPageBytes = 16 << 20;

std::uint64_t events_of(const proto::Turn& turn) {
  return static_cast<std::uint64_t>(turn.inputs_size() + turn.commands_size());
}

}  // namespace

base::Status AuditReader::look_through() {
  marks_.push_back({{.run = history_.run}, 0});
  std::uint64_t events = 0;
  std::size_t bytes = 0;
  const auto take = [&](const store::ChainEnd& end, const proto::Turn& turn) {
    std::uint64_t number = events;
    for (const auto& input : turn.inputs()) note(input, ++number);
    for (const auto& command : turn.commands()) note(command, ++number);
    events += events_of(turn);
    bytes += turn.ByteSizeLong();
    if (events - marks_.back().events >= kPartEvents || bytes >= kPartBytes) {
      marks_.push_back({end, events});
      bytes = 0;
    }
  };
  return visit_turns_after(marks_.front().after, take);
}

base::Status AuditReader::visit_turns_after(
    const store::ChainEnd& after,
    base::Visitor<const store::ChainEnd&, const proto::Turn&> visit) const {
  const auto show_turn = [this](std::string_view record, proto::Turn* turn) {
    return sealing_.show_turn(record, turn);
  };
  return visit_turns(
      store_, after, history_, show_turn,
      [&](const store::ChainEnd& end, const proto::Turn& turn) { return visit(end, turn); });
}

void AuditReader::note(const proto::Event& event, std::uint64_t number) {
  names_.note(event::row_of(event), event);
  if (event.has_run_reset()) beginnings_.push_back({number, event.run_reset().from_run_id()});
  if (event.has_run_forked()) beginnings_.push_back({number, event.run_forked().from_run_id()});
}

// A copy of a copy is of the run whose own event it was.
std::string AuditReader::copied_from(std::uint64_t number) const {
  for (const Beginning& beginning : beginnings_) {
    if (number >= beginning.event) continue;
    const auto from = base::RunId::from_bytes(beginning.from_run_id);
    return from ? from->to_string() : std::string();
  }
  return {};
}

base::Status AuditReader::visit(std::uint64_t before,
                                bool technical,
                                base::Visitor<const AuditEntry&> visit) {
  store::Seq until = history_.last;
  base::Status damage;
  for (; !marks_.empty(); marks_.pop_back()) {
    const Mark& mark = marks_.back();
    if (before != 0 && mark.events + 1 >= before) {
      until = mark.after.seq;
      continue;
    }
    std::vector<AuditEntry> part;
    // What comes before damage is shown.
    const base::Status read = read_part(mark, until, before, technical, &part);
    if (!read && damage) damage = read;
    for (auto entry = part.rbegin(); entry != part.rend(); ++entry) {
      const base::Visited seen = visit(*entry);
      if (!seen.goes_on()) return seen.status() ? damage : seen.status();
    }
    until = mark.after.seq;
  }
  return damage;
}

base::Status AuditReader::read_part(const Mark& mark,
                                    store::Seq until,
                                    std::uint64_t before,
                                    bool technical,
                                    std::vector<AuditEntry>* part) const {
  std::uint64_t number = mark.events;
  const auto add = [&](const proto::Event& event, std::int64_t time_ms) {
    ++number;
    const event::Row& row = event::row_of(event);
    if ((before != 0 && number >= before) || (!technical && is_technical(row))) return;
    part->push_back(make_audit_entry(row, event, time_ms, number, names_));
    part->back().copied_from = copied_from(number);
  };
  const auto take = [&](const store::ChainEnd& end, const proto::Turn& turn) -> base::Visited {
    if (end.seq > until) return base::Next::kStop;
    for (const auto& input : turn.inputs()) add(input, turn.time_ms());
    for (const auto& command : turn.commands()) add(command, turn.time_ms());
    return base::go_on_if(end.seq < until);
  };
  return visit_turns_after(mark.after, take);
}

base::Result<AuditPage> read_audit_page(const store::Store& store,
                                        const sealing::Sealing& sealing,
                                        const StoredHistory& history,
                                        std::size_t limit,
                                        std::uint64_t before,
                                        bool technical) {
  AuditReader reader(store, sealing, history);
  if (const base::Status whole = reader.look_through(); !whole) return whole.error();
  AuditPage page;
  std::size_t bytes = 0;
  const auto take = [&](const AuditEntry& entry) {
    if (page.entries.size() == limit || bytes >= kPageBytes) {
      page.next = page.entries.back().number;
      return base::Next::kStop;
    }
    bytes += entry.event.ByteSizeLong();
    page.entries.push_back(entry);
    return base::Next::kGoOn;
  };
  if (const base::Status read = reader.visit(before, technical, take); !read) return read.error();
  return page;
}

}  // namespace reprise::runtime
