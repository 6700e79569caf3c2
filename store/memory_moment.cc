// The table of fields, and moments, of the archive without files. A moment is a copy: such archives
// are small.
#include "store/archive_keys.h"
#include "store/memory_archive.h"

namespace reprise::store {

class MemoryArchive::Moment final : public ArchiveMoment {
 public:
  Moment(const MemoryArchive& from)  // NOLINT(google-explicit-constructor): made here alone
      : through_(from.through_),
        version_(from.fields_state_.next == 0 ? from.fields_state_.version : 0),
        fields_(from.fields_),
        index_(from.index_),
        ids_(from.ids_),
        summaries_(from.summaries_) {}

  Seq through() const override { return through_; }
  std::uint64_t fields_version() const override { return version_; }
  base::Result<std::unique_ptr<KeyCursor>> keys(Table table) override {
    const Keys& of = table == Table::kFields ? fields_ : table == Table::kIds ? ids_ : index_;
    return std::unique_ptr<KeyCursor>(std::make_unique<Cursor>(of));
  }
  base::Result<std::optional<std::string_view>> summary(RunNumber run) override {
    const auto found = summaries_.find(run);
    if (found == summaries_.end()) return std::optional<std::string_view>();
    return std::optional<std::string_view>(found->second);
  }
  base::Status summaries(RunNumber from,
                         base::Visitor<RunNumber, std::string_view> visit) override {
    for (auto at = summaries_.lower_bound(from); at != summaries_.end(); ++at) {
      const base::Visited seen = visit(at->first, at->second);
      if (!seen.goes_on()) return seen.status();
    }
    return {};
  }

 private:
  class Cursor final : public KeyCursor {
   public:
    explicit Cursor(const Keys& keys) : keys_(keys), at_(keys.end()) {}

    Key at_or_after(std::string_view key) override {
      at_ = keys_.lower_bound(key);
      return here();
    }
    Key before(std::string_view key) override {
      at_ = key.empty() ? keys_.end() : keys_.lower_bound(key);
      return previous();
    }
    Key next() override {
      if (at_ != keys_.end()) ++at_;
      return here();
    }
    Key previous() override {
      if (at_ == keys_.begin()) {
        at_ = keys_.end();
        return std::optional<std::string_view>();
      }
      --at_;
      return here();
    }

   private:
    Key here() const {
      if (at_ == keys_.end()) return std::optional<std::string_view>();
      return std::optional<std::string_view>(*at_);
    }
    const Keys& keys_;
    Keys::const_iterator at_;
  };

  const Seq through_;
  const std::uint64_t version_;
  const Keys fields_;
  const Keys index_;
  const Keys ids_;
  const std::map<RunNumber, std::string> summaries_;
};

base::Result<std::unique_ptr<ArchiveMoment>> MemoryArchive::moment() const {
  const std::lock_guard lock(mutex_);
  return std::unique_ptr<ArchiveMoment>(std::make_unique<Moment>(*this));
}

base::Result<FieldsState> MemoryArchive::fields() const {
  const std::lock_guard lock(mutex_);
  return fields_state_;
}

base::Status MemoryArchive::begin_fields(std::uint64_t version) {
  const std::lock_guard lock(mutex_);
  fields_.clear();
  fields_state_ = {version, summaries_.empty() ? RunNumber{0} : RunNumber{1}};
  return {};
}

base::Status MemoryArchive::build_fields(const FieldsPart& part) {
  const std::lock_guard lock(mutex_);
  if (fields_state_.version == 0) return {};
  KeyPool pool;
  for (const FieldsPart::Entry& entry : part.entries) {
    fields_.emplace(field_key(entry.key, entry.run, &pool));
  }
  fields_state_.next = part.next;
  return {};
}

}  // namespace reprise::store
