#include "tools/backup_command.h"

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

#include "runtime/engine/store_audit.h"
#include "store/store.h"
#include "tools/console.h"

namespace reprise::tools {
namespace {

constexpr int kNotMade = 1;
constexpr int kCopyDamaged = 2;

struct Arguments {
  std::string from;
  std::string to;
  bool no_verify = false;
};

[[noreturn]] void end_backup(const base::Error& why, int code) {
  std::fprintf(stderr, "reprise backup: %s\n", safe_text(why.text()).c_str());
  throw CLI::RuntimeError(code);
}

// Reads the whole copy, which nobody writes to: every page, entry and record.
void verify(const std::string& directory) {
  runtime::Names names;
  runtime::StoreAudit audit(names);
  if (auto read = audit.run(directory, store::InspectMode::kAlone); !read) {
    end_backup(read.error(), kCopyDamaged);
  }
  std::size_t damaged = 0;
  for (const auto& [number, run] : audit.runs()) {
    if (!run.damaged) continue;
    ++damaged;
    const base::Error why{base::ErrorCode::kStoreDamaged, run.why};
    std::fprintf(stderr, "reprise backup: %s\n", safe_text(why.text()).c_str());
  }
  for (const std::string& problem : audit.problems()) {
    std::fprintf(stderr, "reprise backup: %s\n", safe_text(problem).c_str());
  }
  std::printf("%zu runs verify, %zu do not\n", audit.runs().size() - damaged, damaged);
  if (!audit.sound()) throw CLI::RuntimeError(kCopyDamaged);
}

void backup(const Arguments& arguments) {
  const auto began = std::chrono::steady_clock::now();
  std::uint64_t bytes = 0;
  {
    const auto store = store::open_store_read_only(arguments.from);
    if (!store) end_backup(store.error(), kNotMade);
    const auto copied = (*store)->copy_to(arguments.to);
    if (!copied) end_backup(copied.error(), kNotMade);
    bytes = *copied;
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  std::printf("%s: %.1f MiB in %.2f s\n", safe_text(arguments.to).c_str(),
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
  command->add_flag("--no-verify", arguments->no_verify, "do not read all of the copy afterwards");
  command->footer(
      "Exit codes: 0 the copy is whole; 1 there is none; 2 it is there, and something in it does\n"
      "not verify, most likely because that is damaged in the store as well.");
  command->callback([arguments] { backup(*arguments); });
}

}  // namespace reprise::tools
