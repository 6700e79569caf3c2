// A journal and an archive that pass every call on to another one: a test double derives from them
// and overrides single functions.
#pragma once
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "store/store.h"

namespace reprise::testing {

class ForwardingJournal : public store::Journal {
 public:
  explicit ForwardingJournal(store::Journal& inner) : inner_(inner) {}

  base::Status append(const std::vector<const store::RecordBatch*>& batches,
                      store::Seq trim_through) override {
    return inner_.append(batches, trim_through);
  }
  base::Status scan(store::Seq from,
                    base::Visitor<store::Seq, std::string_view> visit) const override {
    return inner_.scan(from, visit);
  }
  base::Result<std::string> read(store::Seq seq) const override { return inner_.read(seq); }
  base::Result<store::Seq> first() const override { return inner_.first(); }
  base::Result<store::Seq> last() const override { return inner_.last(); }

 protected:
  store::Journal& inner_;
};

class ForwardingArchive : public store::Archive {
 public:
  explicit ForwardingArchive(store::Archive& inner) : inner_(inner) {}

  base::Status commit(const store::ArchiveBatch& batch) override { return inner_.commit(batch); }
  base::Status remove(const std::vector<store::RunRemoval>& runs) override {
    return inner_.remove(runs);
  }
  base::Result<store::Seq> through() const override { return inner_.through(); }
  base::Result<store::RunNumber> next_run() const override { return inner_.next_run(); }
  base::Result<std::optional<std::string>> summary(store::RunNumber run) const override {
    return inner_.summary(run);
  }
  base::Result<std::optional<store::RunNumber>> find(
      std::string_view id, base::FunctionRef<bool(store::RunNumber, std::string_view)> is_it) const override {
    return inner_.find(id, is_it);
  }
  base::Status list(std::string_view prefix,
                    std::string_view after,
                    bool descending,
                    base::Visitor<std::string_view, store::RunNumber> visit) const override {
    return inner_.list(prefix, after, descending, visit);
  }
  using store::Archive::history;
  base::Status history(store::RunNumber run,
                       store::Seq after,
                       base::Visitor<std::string_view> visit) const override {
    return inner_.history(run, after, visit);
  }
  base::Result<std::unique_ptr<store::Rows>> rows() const override { return inner_.rows(); }
  base::Result<store::Seq> rows_lost_at() const override { return inner_.rows_lost_at(); }
  bool rows_verify() const override { return inner_.rows_verify(); }
  base::Result<store::FieldsState> fields() const override { return inner_.fields(); }
  base::Status begin_fields(std::uint64_t version) override { return inner_.begin_fields(version); }
  base::Status build_fields(const store::FieldsPart& part) override {
    return inner_.build_fields(part);
  }
  base::Result<std::unique_ptr<store::ArchiveMoment>> moment() const override {
    return inner_.moment();
  }
  base::Result<std::optional<store::TokenKey>> token_key() const override {
    return inner_.token_key();
  }
  base::Status set_token_key(const store::TokenKey& key) override {
    return inner_.set_token_key(key);
  }
  base::Result<std::uint64_t> bytes_on_disk() const override { return inner_.bytes_on_disk(); }
  base::Result<std::uint64_t> live_bytes() const override { return inner_.live_bytes(); }
  bool content_verifies() const override { return inner_.content_verifies(); }
  base::Status visit(EntryVisitor visit) const override { return inner_.visit(visit); }

 protected:
  store::Archive& inner_;
};

// A store whose journal is a J and whose archive is an A, in front of those of another store. Each
// is constructed from the other store's, and from `with` if it takes that. Its attempts are the
// other store's; marks of turns and notes of parked runs are not kept, so that deaths caused by
// harnesses are not blamed on the code of runs.
template <class J, class A = ForwardingArchive>
class WrappedStore : public store::Store {
 public:
  template <class... With>
  explicit WrappedStore(std::unique_ptr<store::Store> inner, With&&... with)
      : inner_(std::move(inner)),
        journal_(in_front_of<J>(inner_->journal(), with...)),
        archive_(in_front_of<A>(inner_->archive(), with...)) {}

  J& journal() override { return journal_; }
  const J& journal() const override { return journal_; }
  A& archive() override { return archive_; }
  const A& archive() const override { return archive_; }
  store::AttemptSlots& attempt_slots() override { return inner_->attempt_slots(); }
  base::Result<std::uint64_t> copy_to(const std::string& directory) const override {
    return inner_->copy_to(directory);
  }

 private:
  template <class Part, class Inner, class... With>
  static Part in_front_of(Inner& inner, With&... with) {
    if constexpr (std::is_constructible_v<Part, Inner&, With&...>) {
      return Part(inner, with...);
    } else {
      return Part(inner);
    }
  }

  const std::unique_ptr<store::Store> inner_;
  J journal_;
  A archive_;
};

}  // namespace reprise::testing
