// The workflows of the process with the engine: they report what they meet, in order.
#pragma once
#include <string>
#include <vector>

#include "reprise/reprise.h"
#include "tests/model/names.h"

namespace reprise::model {

using Seen = std::vector<std::string>;  // digests; of updates with a plus in front

struct Definitions {
  explicit Definitions(const Names& names)
      : note(std::string_view(names.note)),
        finish(std::string_view(names.finish)),
        add(std::string_view(names.add)),
        echo(std::string_view(names.echo)),
        seen(std::string_view(names.seen)),
        work(std::string_view(names.activity)) {}

  Signal<std::string> note;
  Signal<std::string> finish;
  Update<std::string(std::string)> add;  // "position digest"
  Query<std::string(std::string)> echo;
  Query<Seen()> seen;
  Activity<std::string(std::string)> work;  // its first attempt fails
};

using Definition = Workflow<Seen(std::string)>;

// `mended`: runs that were parked go on. The names must outlive the worker; there is one set of
// them in a process.
void implement(Worker& worker, const Names& names, bool mended);

}  // namespace reprise::model
