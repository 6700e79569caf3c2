// The change of the code that keeps a diverging run going, made from both sides of its mismatch.
#pragma once
#include <string>

#include "proto/history.pb.h"
#include "replay/mismatch.h"

namespace reprise::internal {

struct Edit {
  std::string text;  // several lines; empty: none is known
  std::string at;    // file:line where it goes; empty: unknown
  std::string note;
};

Edit edit_for(const replay::Mismatch& mismatch, const proto::History& history);

}  // namespace reprise::internal
