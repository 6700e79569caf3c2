// The two forms of a history in a file: JSON and binary (docs/history_format.md).
#pragma once
#include <CLI/CLI.hpp>
#include <string>
#include <string_view>

#include "base/result.h"
#include "proto/history.pb.h"
#include "reprise/history.h"

namespace reprise::tools {

struct HistoryForm {
  bool binary = false;
  bool compact = false;  // JSON without indentation
};

// --format json|binary and --compact.
void add_form_options(CLI::App& command, HistoryForm& form);

// The reason why the form cannot be written there (empty: stdout); empty: it can.
std::string objection_to(const HistoryForm& form, const std::string& output);

std::string encode(const proto::History& history, const HistoryForm& form);
// Either form. kNoHistory: neither.
base::Result<History> decode(std::string_view bytes);

}  // namespace reprise::tools
