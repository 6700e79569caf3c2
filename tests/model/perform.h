// Makes a call of the public API, and returns the outcome.
#pragma once
#include <functional>

#include "reprise/reprise.h"
#include "runtime/engine/engine.h"
#include "tests/model/child.h"
#include "tests/model/wire.h"
#include "tests/model/workflows.h"

namespace reprise::model {

class Performer {
 public:
  using Say = std::function<void(Answer)>;
  Performer(Service& service, runtime::Engine& engine, const Names& names, Lie lie, const Say& say)
      : client_(service), engine_(engine), define_(names), names_(names), lie_(lie), say_(say) {}

  void perform(const Call& call) const;

 private:
  Answer answer_to(const Call& call) const;
  Answer made(const Call& call) const;
  Answer start(const Call& call) const;
  Answer update(const Call& call) const;
  Answer history(const Call& call) const;
  Answer list(const Call& call) const;
  Answer find(const Call& call) const;
  Answer backup(const Call& call) const;
  Answer result(const Call& call) const;
  void signals(const Call& call) const;
  SentSignal send(const Call& call, const std::string& value) const;
  Handle<Seen> handle_of(const Call& call) const;
  bool lies(const Call& call, Lie how, std::uint64_t one_of) const;

  const Client client_;
  runtime::Engine& engine_;
  const Definitions define_;
  const Names& names_;
  const Lie lie_;
  const Say& say_;
};

}  // namespace reprise::model
