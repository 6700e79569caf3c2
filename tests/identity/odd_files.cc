#include "tests/identity/odd_files.h"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "runtime/engine/engine.h"
#include "tests/support/child_lines.h"
#include "tests/support/command_output.h"
#include "tests/support/random.h"

namespace reprise::identity {
namespace {

namespace fs = std::filesystem;

// In the store, or beside it.
constexpr std::array kNames = {"/FORMAT",           "/LOCK",
                               "/attempts",         "/journal/data.mdb",
                               "/archive/data.mdb", "/journal/lock.mdb",
                               "/archive/lock.mdb", "/journal",
                               "/archive",          "/creating",
                               "/copying",          "/other",
                               "-copy.unfinished",  "-copy",
                               "-new.unfinished",   "-out"};

void make_socket(const std::string& path) {
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket < 0 || path.size() >= sizeof address.sun_path) std::abort();
  path.copy(address.sun_path, path.size());
  if (::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    std::abort();
  }
  ::close(socket);
}

runtime::EngineOptions quiet() {
  runtime::EngineOptions options;
  options.threaded = false;
  options.log = [](runtime::LogLevel, std::string_view) {};
  return options;
}

// Of a process that opens an engine on the store.
testing::CommandOutput open_engine(const std::string& store) {
  const auto child = testing::lines_of_child(true, [&](const auto& say) {
    ::alarm(20);
    auto engine = runtime::Engine::open(store, quiet());
    say(engine ? "opened" : engine.error().text());
  });
  testing::CommandOutput output;
  output.code = WIFEXITED(child.status) ? WEXITSTATUS(child.status) : 128 + WTERMSIG(child.status);
  for (const std::string& line : child.lines) output.said += line;
  return output;
}

}  // namespace

OddFiles::OddFiles(std::string scratch)
    : scratch_(std::move(scratch)),
      made_(scratch_ + "/made"),
      store_(scratch_ + "/store"),
      precious_(scratch_ + "/precious") {
  const auto child = testing::lines_of_child(true, [&](const auto& say) {
    auto engine = runtime::Engine::open(made_, quiet());
    if (!engine) std::abort();
    (*engine)->ask(
        runtime::verb::Start{{.workflow = "waits", .workflow_id = "kept"},
                             nullptr,
                             [&](const base::Result<runtime::StartedRun>&) { say("started"); }});
    while ((*engine)->run_some()) {
    }
  });
  if (child.lines.size() != 1) std::abort();
  // What a link may lead to: a file, and directories with the names of a store's.
  for (const char* name : {"/journal", "/archive", "/empty"}) {
    fs::create_directories(precious_ + name);
  }
  for (const char* name : {"/file", "/FORMAT", "/LOCK", "/journal/data.mdb", "/archive/data.mdb"}) {
    std::ofstream(precious_ + name) << "precious" << name;
  }
  precious_before_ = precious_content();
}

std::string OddFiles::precious_content() const {
  std::set<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(precious_)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    files.insert(entry.path().string() + "=" +
                 std::string(std::istreambuf_iterator<char>(file), {}));
  }
  std::string all;
  for (const std::string& file : files) all += file + ";";
  return all;
}

std::string OddFiles::put_odd_file(std::uint64_t number) {
  testing::Random random(number);
  for (const char* name : {"", "-copy.unfinished", "-copy", "-new.unfinished", "-new", "-out"}) {
    fs::remove_all(store_ + name);
  }
  novel_.clear();
  fs::copy(made_, store_, fs::copy_options::recursive);
  if (random.below(3) == 0) fs::remove(store_ + "/attempts");
  const std::string name = kNames[random.below(kNames.size())];
  const std::string path = store_ + name;
  fs::remove_all(path);
  switch (random.below(9)) {
    case 0:
      fs::create_symlink(precious_ + "/file", path);
      return name + " links to a file";
    case 1:
      fs::create_directory_symlink(precious_, path);
      return name + " links to a directory";
    case 2:
      fs::create_directory_symlink(precious_ + "/empty", path);
      return name + " links to an empty directory";
    case 3:
      fs::create_symlink(scratch_ + "/nowhere", path);
      return name + " links to nothing";
    case 4:
      fs::create_symlink("/dev/zero", path);
      return name + " links to a device";
    case 5:
      if (::mkfifo(path.c_str(), 0600) != 0) std::abort();
      return name + " is a pipe";
    case 6:
      make_socket(path);
      return name + " is a socket";
    case 7:
      fs::create_symlink(path, path);
      return name + " links to itself";
    default:
      fs::create_directory(path);
      novel_ = path + "/novel";
      std::ofstream(novel_) << "Chapter 1";
      return name + " is a directory of somebody's";
  }
}

std::string OddFiles::meet(std::uint64_t number) {
  const auto reprise = [&](const std::vector<std::string>& words) {
    std::vector<std::string> all{"timeout", "-s", "KILL", "20", REPRISE_COMMAND};
    all.insert(all.end(), words.begin(), words.end());
    return testing::output_of(all);
  };
  testing::CommandOutput output;
  switch (number % 6) {
    case 0:
      output = open_engine(store_);
      break;
    case 1:
      output = reprise({"list", store_});
      break;
    case 2:
      output = reprise({"check", store_});
      break;
    case 3:
      output = reprise({"backup", store_, store_ + "-copy"});
      break;
    case 4:
      output = reprise({"repair", store_, store_ + "-new"});
      break;
    default:
      // A pipe that nobody reads is waited for, as by every program that writes to one.
      if (std::error_code none; fs::is_fifo(fs::status(store_ + "-out", none))) return {};
      output = reprise({"export", store_, "kept", "-o", store_ + "-out"});
      break;
  }
  refused_ += output.said.find("RP1") != std::string::npos ? 1 : 0;
  if (output.code >= 128) return "ended with " + std::to_string(output.code) + ": " + output.said;
  if (output.said.find("RP1006") != std::string::npos) return output.said;
  return {};
}

std::string OddFiles::trial(std::uint64_t number) {
  const std::string what = put_odd_file(number);
  const std::string wrong = meet(number);
  if (!wrong.empty()) return what + ": " + wrong;
  // An export may follow a link: its user has asked for that.
  std::error_code none;
  const bool export_to_link =
      number % 6 == 5 && fs::is_symlink(fs::symlink_status(store_ + "-out", none));
  const bool changed = precious_content() != precious_before_;
  if (changed && export_to_link) {
    std::ofstream(precious_ + "/file") << "precious/file";
  } else if (changed) {
    return what + ": what it leads to was changed";
  }
  if (!novel_.empty() && !fs::exists(novel_)) return what + ": it was emptied";
  return {};
}

bool OddFiles::notices_a_careless_writer() {
  fs::remove_all(store_);
  fs::copy(made_, store_, fs::copy_options::recursive);
  fs::remove(store_ + "/LOCK");
  fs::create_symlink(precious_ + "/file", store_ + "/LOCK");
  std::ofstream(store_ + "/LOCK") << ::getpid();
  const bool noticed = precious_content() != precious_before_;
  std::ofstream(precious_ + "/file") << "precious/file";
  return noticed && precious_content() == precious_before_;
}

}  // namespace reprise::identity
