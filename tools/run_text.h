// Descriptions of runs, the same in every command.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "runtime/engine/store_reader.h"
#include "tools/console.h"
#include "tools/timeline.h"

namespace reprise::tools {

Colour colour_of(runtime::RunStatus status);
Colour colour_of(Operation::State state);

// The workflow id; of a run whose first record is damaged, its number.
std::string title_of(const runtime::RunState& run);

// `damage`: why it is quarantined, or nullptr; `parked`: likewise.
nlohmann::json run_json(const runtime::RunState& run,
                        const std::string* damage,
                        const base::Error* parked = nullptr);
nlohmann::json operation_json(const Operation& operation);
// " to order-7", or " as order-7" for a child: the other run; empty: there is none.
std::string other_run_text(const Operation& operation);
// "order-7 (019a...)".
// "since 2026-... by ann: the bank is down"; of a paused run.
std::string paused_text(const runtime::RunState& run);
// "run 0190..., before event 14"
std::string origin_text(const runtime::Origin& origin);
std::string parent_text(const runtime::Parent& parent);

// One line; bytes that are not UTF-8 are replaced.
std::string dump(const nlohmann::json& value, int indent = -1);
void print_json(const nlohmann::json& value);

// A table without a heading: "status Completed".
void print_field(const Paint& paint,
                 const std::string& name,
                 const std::string& value,
                 Colour colour = Colour::kNone);

// Of an activity that was cancelled and whose outcome the code waits for.
std::string cancel_text(const Operation& operation, std::int64_t now_ms);

// "(attempt 2, for 3h00m, limit in 21h00m)": of an attempt that is left open.
std::string open_text(const Operation& operation, std::int64_t now_ms);

}  // namespace reprise::tools
