// Code of one run, and what comes of it.
#pragma once
#include <reprise/reprise.h>
#include <reprise/testing/env.h>
#include <string>

namespace reprise::one_workflow {

inline constexpr Workflow<std::string()> main_workflow{"main"};

// The result of a run with this code.
template <class Fn>
std::string run(testing::Env& env, Fn fn) {
  env.implement(main_workflow, fn);
  return env.start(main_workflow()).result();
}

// Of the UsageError that it throws.
template <class Fn>
std::string code_of(Fn fn) {
  try {
    fn();
  } catch (const UsageError& error) {
    return std::string(error.code());
  }
  return "no error";
}

}  // namespace reprise::one_workflow
