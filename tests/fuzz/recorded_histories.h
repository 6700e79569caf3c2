// Runs that together make every kind of command and take every kind of input: their code and their
// histories, recorded live.
#pragma once
#include <set>
#include <span>
#include <string>
#include <vector>

#include "tests/support/scripted_run.h"

namespace reprise::fuzz {

// Answers for a run's code that are not taken from its history: live runs that repeat an edited
// history get the side effects and patches that it records.
struct Answers {
  std::vector<std::string> side_effects;
  std::set<std::string> patches;
  std::size_t next = 0;
};

struct RecordedRun {
  replay::WorkflowCode code;
  std::vector<proto::Turn> history;
};

const std::vector<RecordedRun>& recorded_runs();

// While it lives, code on this thread takes its answers from `answers`.
class AnswersFrom {
 public:
  explicit AnswersFrom(Answers* answers);
  ~AnswersFrom();
  AnswersFrom(const AnswersFrom&) = delete;
  AnswersFrom& operator=(const AnswersFrom&) = delete;
};

}  // namespace reprise::fuzz
