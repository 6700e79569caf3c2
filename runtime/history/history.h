// One run's history outside of its store: read from exported bytes, written to them, looked at.
// The JSON form is the sdk's, which knows what payloads are.
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

// Serialized turns, in order, as the store and Service::history() have them. kNoHistory: one is no
// turn.
base::Result<proto::History> make_history(const std::vector<std::string>& turns);

// The exported form; docs/history_format.md. decode_history() takes what encode_history() wrote;
// kNoHistory says what is wrong with anything else.
std::string encode_history(const proto::History& history);
base::Result<proto::History> decode_history(std::string_view bytes);

// Whose history it is, from its first event; default values where that is missing.
replay::RunInfo run_info(const proto::History& history);

std::uint64_t count_events(const proto::Turn& turn);
std::uint64_t count_events(const proto::History& history);

}  // namespace reprise::runtime
