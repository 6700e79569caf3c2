// Reads each record of a test's store once, after it has become durable.
#pragma once
#include <utility>

#include "base/check.h"
#include "base/function_ref.h"
#include "proto/log.pb.h"
#include "runtime/sealing/sealing.h"
#include "store/journal.h"

namespace reprise::internal {

class JournalFollower {
 public:
  // Opens what the engine has sealed.
  explicit JournalFollower(sealing::Sealing sealing) : sealing_(std::move(sealing)) {}

  // The journal's records since the last call.
  void follow(const store::Journal& journal,
              base::FunctionRef<void(const store::Record&, const proto::Turn&)> visit) {
    const auto next = [&](store::Seq seq, std::string_view bytes) {
      seen_ = seq;
      read(bytes, visit);
    };
    REPRISE_CHECK(journal.scan(seen_ + 1, next).has_value(), "a store in memory can be read");
  }

  // The records in `bytes`, one after another.
  void read(std::string_view bytes,
            base::FunctionRef<void(const store::Record&, const proto::Turn&)> visit) const {
    while (!bytes.empty()) {
      std::size_t size = 0;
      const auto record = store::decode_record(bytes, &size);
      REPRISE_CHECK(record.has_value(), "a store in memory holds what it was given");
      proto::Turn turn;
      REPRISE_CHECK(sealing_.read_turn(record->body, &turn).has_value(),
                    "a record of ours holds a turn");
      visit(*record, turn);
      bytes.remove_prefix(size);
    }
  }

 private:
  const sealing::Sealing sealing_;
  store::Seq seen_ = 0;
};

}  // namespace reprise::internal
