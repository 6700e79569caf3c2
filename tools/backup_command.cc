#include "tools/backup_command.h"

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <string>

#include "proto/summary.pb.h"
#include "store/store.h"

namespace reprise::tools {
namespace {

constexpr int kNotMade = 1;
constexpr int kDamaged = 2;

struct Arguments {
  std::string from;
  std::string to;
  bool no_verify = false;
};

struct Runs {
  std::uint64_t whole = 0;
  std::uint64_t damaged = 0;
};

// Reads every history of a copy, which nobody writes to.
class Verification {
 public:
  explicit Verification(const store::Store& copy)
      : journal_(copy.journal()), archive_(copy.archive()) {}

  base::Result<Runs> run() {
    if (auto read = find_newest_records(); !read) return read.error();
    const auto verify_archived = [this](std::string_view, store::RunNumber number) {
      const auto recent = newest_.find(number);
      verify(number, recent != newest_.end() ? recent->second : archived_last(number));
      if (recent != newest_.end()) newest_.erase(recent);
      return true;
    };
    // Runs by status: one byte. Other entries of the index are of the same runs.
    for (int status = 1; status <= kGreatestStatus; ++status) {
      const std::string prefix(1, static_cast<char>(status));
      if (auto read = archive_.list(prefix, {}, false, verify_archived); !read) return read.error();
    }
    for (const auto& [number, last] : newest_) verify(number, last);
    return runs_;
  }

 private:
  static constexpr int kGreatestStatus = 15;

  base::Status find_newest_records() {
    const auto through = archive_.through();
    if (!through) return through.error();
    base::Status sound;
    auto read = journal_.scan(*through + 1, [&](store::Seq seq, std::string_view bytes) {
      std::size_t size = 0;
      const auto record = store::decode_record(bytes, &size);
      if (record) newest_[record->run] = seq;
      if (!record) sound = record.error();
      return sound.has_value();
    });
    return read ? sound : read;
  }

  // 0, which makes the reader look everywhere, when the summary does not say.
  store::Seq archived_last(store::RunNumber number) const {
    const auto stored = archive_.summary(number);
    proto::RunSummary summary;
    if (!stored || !*stored || !summary.ParseFromString(**stored)) return 0;
    return summary.last_seq();
  }

  void verify(store::RunNumber number, store::Seq last) {
    const auto read =
        store::read_history(journal_, archive_, number, last, [](const store::Record&) {});
    ++(read ? runs_.whole : runs_.damaged);
    if (!read) std::fprintf(stderr, "reprise backup: %s\n", read.error().text().c_str());
  }

  const store::Journal& journal_;
  const store::Archive& archive_;
  std::map<store::RunNumber, store::Seq> newest_;  // of runs with records that are not archived
  Runs runs_;
};

[[noreturn]] void give_up(const base::Error& why, int code) {
  std::fprintf(stderr, "reprise backup: %s\n", why.text().c_str());
  throw CLI::RuntimeError(code);
}

void verify(const std::string& directory) {
  const auto copy = store::open_store_read_only(directory);
  if (!copy) give_up(copy.error(), kDamaged);
  const auto runs = Verification(**copy).run();
  if (!runs) give_up(runs.error(), kDamaged);
  std::printf("%llu runs verify, %llu do not\n", static_cast<unsigned long long>(runs->whole),
              static_cast<unsigned long long>(runs->damaged));
  if (runs->damaged > 0) throw CLI::RuntimeError(kDamaged);
}

void backup(const Arguments& arguments) {
  const auto began = std::chrono::steady_clock::now();
  std::uint64_t bytes = 0;
  {
    const auto store = store::open_store_read_only(arguments.from);
    if (!store) give_up(store.error(), kNotMade);
    const auto copied = (*store)->copy_to(arguments.to);
    if (!copied) give_up(copied.error(), kNotMade);
    bytes = *copied;
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  std::printf("%s: %.1f MiB in %.2f s\n", arguments.to.c_str(),
              static_cast<double>(bytes) / (1 << 20), took.count());
  if (!arguments.no_verify) verify(arguments.to);
}

}  // namespace

void add_backup_command(CLI::App& app) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const command = app.add_subcommand(
      "backup", "Copies a store, as it is at one moment, while an engine may use it");
  command->add_option("DIR", arguments->from, "the store")->required();
  command->add_option("DEST", arguments->to, "the copy: not there yet, or an empty directory")
      ->required();
  command->add_flag("--no-verify", arguments->no_verify,
                    "do not read every history of the copy afterwards");
  command->footer(
      "Exit codes: 0 the copy is whole; 1 there is none; 2 it is there, and something in it does\n"
      "not verify, most likely because that is damaged in the store as well.");
  command->callback([arguments] { backup(*arguments); });
}

}  // namespace reprise::tools
