// A run as filters see it: views into a description or a summary, read when they are asked for.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/summary.pb.h"
#include "runtime/run_description.h"
#include "runtime/visibility/ast.h"

namespace reprise::runtime::visibility {

// A value of a run. Views: valid as long as the run.
struct RunValue {
  FieldType type = FieldType::kText;
  bool truth = false;
  std::int64_t integer = 0;  // kTime: milliseconds; kDuration: nanoseconds; kStatus: its number
  double number = 0;
  std::string_view text;
  std::vector<std::string_view> texts;
};

// What a run publishes under a name, if filters can compare it.
std::optional<RunValue> decode_attribute(const proto::SettingRecorded& setting);

// Does not outlive what it is made of.
class Subject {
 public:
  explicit Subject(const RunDescription& run);
  // `parked`: the code of why its code does not go on; empty: it does.
  explicit Subject(const proto::RunSummary& run, std::string_view parked = {});
  Subject(const Subject&) = delete;
  Subject& operator=(const Subject&) = delete;

  // nullopt: it has none.
  std::optional<RunValue> value(const Field& field) const;
  std::int64_t started_ms() const { return started_ms_; }
  event::RunStatus status() const { return status_; }
  std::string_view workflow() const { return workflow_; }
  std::string_view parent_id() const { return parent_id_; }
  const base::RunId& run_id() const { return run_id_; }

  template <class Visit>
  void for_each_setting(const Visit& visit) const {
    if (described_ != nullptr) {
      for (const auto& setting : described_->settings) visit(setting);
    } else {
      for (const auto& setting : summary_->settings()) visit(setting);
    }
  }

 private:
  std::optional<RunValue> attribute(std::string_view name) const;

  const RunDescription* described_ = nullptr;
  const proto::RunSummary* summary_ = nullptr;
  base::RunId run_id_;
  mutable std::string run_id_text_;  // made when it is asked for, or when it is the workflow id
  std::string parent_text_;
  std::string parent_run_text_;
  std::string parked_;
  std::string_view workflow_id_;
  std::string_view workflow_;
  std::string_view task_queue_;
  std::string_view parent_id_;
  event::RunStatus status_{};
  std::int64_t started_ms_ = 0;
  std::int64_t closed_ms_ = 0;      // 0: it is open
  std::int64_t delayed_until_ = 0;  // 0: its code may run
  std::uint64_t events_ = 0;
};

}  // namespace reprise::runtime::visibility
