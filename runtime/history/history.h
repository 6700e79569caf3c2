// One run's history outside its store: read from exported bytes and written to them. The JSON form
// is in the SDK, which knows what payloads are.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "proto/history.pb.h"
#include "replay/execution.h"

namespace reprise::runtime {

inline constexpr std::uint32_t kHistoryFormat = 1;

// Serialized turns, in order, as the store and verb::History have them. kNoHistory: one of
// them is not a turn.
base::Result<proto::History> make_history(const std::vector<std::string>& turns);

// The exported form; docs/history_format.md. decode_history() reads what encode_history() wrote;
// for anything else kNoHistory says what is wrong.
std::string encode_history(const proto::History& history);
base::Result<proto::History> decode_history(std::string_view bytes);

// The run it belongs to, from its first event; default values if that is missing.
replay::RunInfo run_info(const proto::History& history);

// The number of its first event: 1, unless it begins with a checkpoint.
std::uint64_t first_event(const proto::History& history);

std::uint64_t count_events(const proto::Turn& turn);
std::uint64_t count_events(const proto::History& history);

}  // namespace reprise::runtime
