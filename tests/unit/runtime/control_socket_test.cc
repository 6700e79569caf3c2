// The bytes of the control socket, and the socket in its directory.
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <sys/wait.h>

#include "tests/unit/runtime/control_fixture.h"

namespace reprise::testing::control_socket_test {
namespace {

using base::ErrorCode;
using proto::ControlRequest;
using runtime::ControlListener;
using runtime::FrameReader;

// ---- frames -----------------------------------------------------------------------------------

TEST(ControlFrame, ComesBackHoweverItIsCut) {
  const std::string frame = runtime::control_frame(control_signal("run-1"));
  for (std::size_t piece = 1; piece <= frame.size(); ++piece) {
    FrameReader reader(1'000);
    for (std::size_t at = 0; at < frame.size(); at += piece) {
      const bool last = at + piece >= frame.size();
      EXPECT_EQ(reader.add(std::string_view(frame).substr(at, piece)),
                last ? FrameReader::State::kWhole : FrameReader::State::kMore);
    }
    ControlRequest request;
    ASSERT_TRUE(request.ParseFromString(std::string(reader.content())));
    EXPECT_EQ(request.workflow_id(), "run-1");
  }
}

TEST(ControlFrame, PassesOverWhatFollowsAndStopsAtTheLimit) {
  using namespace std::string_literals;
  FrameReader reader(3);
  EXPECT_EQ(reader.add("\3\0\0\0abcdef"s), FrameReader::State::kWhole);
  EXPECT_EQ(reader.content(), "abc");
  EXPECT_EQ(FrameReader(3).add("\4\0\0\0abcd"s), FrameReader::State::kTooLong);
  EXPECT_EQ(FrameReader(3).add("\377\377\377\377"s), FrameReader::State::kTooLong);
  EXPECT_EQ(FrameReader(3).add("\0\0\0\0"s), FrameReader::State::kWhole);
  EXPECT_EQ(FrameReader(3).add(""), FrameReader::State::kMore);
}

// ---- the socket in its directory --------------------------------------------------------------

class ControlSocketTest : public ::testing::Test {
 protected:
  static runtime::SteadyTime soon() {
    return std::chrono::steady_clock::now() + std::chrono::seconds(30);
  }
  bool answers(const std::string& directory) {
    const auto connected = runtime::connect_control(directory, soon());
    EXPECT_TRUE(connected);
    return connected && connected->has_value();
  }
  std::string socket_in(const std::string& directory) { return directory + "/control"; }

  testing::TemporaryDirectory directory_;
};

TEST_F(ControlSocketTest, IsForThisUserAndIsRemovedInTheEnd) {
  EXPECT_FALSE(answers(directory_.path()));
  {
    const mode_t before = ::umask(0);
    const auto listener = ControlListener::open(directory_.path());
    ::umask(before);
    ASSERT_TRUE(listener);
    struct stat info {};
    ASSERT_EQ(::lstat(socket_in(directory_.path()).c_str(), &info), 0);
    EXPECT_TRUE(S_ISSOCK(info.st_mode));
    EXPECT_EQ(info.st_mode & 0777, 0600u);
    EXPECT_TRUE(answers(directory_.path()));
  }
  EXPECT_FALSE(std::filesystem::exists(socket_in(directory_.path())));
  EXPECT_FALSE(answers(directory_.path()));
}

TEST_F(ControlSocketTest, ThatOfADeadEngineIsReplaced) {
  const pid_t other = ::fork();
  if (other == 0) {
    auto listener = ControlListener::open(directory_.path());
    ::_exit(listener && listener->release() != nullptr ? 0 : 1);  // dies without removing it
  }
  int status = -1;
  ASSERT_EQ(::waitpid(other, &status, 0), other);
  ASSERT_EQ(status, 0);
  ASSERT_TRUE(std::filesystem::exists(socket_in(directory_.path())));
  EXPECT_FALSE(answers(directory_.path()));
  const auto listener = ControlListener::open(directory_.path());
  ASSERT_TRUE(listener) << listener.error().text();
  EXPECT_TRUE(answers(directory_.path()));
}

TEST_F(ControlSocketTest, OfAForkLeavesTheParentsAlone) {
  const auto listener = ControlListener::open(directory_.path());
  ASSERT_TRUE(listener);
  const pid_t fork = ::fork();
  if (fork == 0) {
    const_cast<std::unique_ptr<ControlListener>&>(*listener).reset();
    ::_exit(0);
  }
  ::waitpid(fork, nullptr, 0);
  EXPECT_TRUE(answers(directory_.path()));
}

TEST_F(ControlSocketTest, DoesNotFollowLinksNorReplaceWhatIsNoSocket) {
  const std::string target = directory_ / "target";
  std::ofstream(target) << "precious";
  std::filesystem::create_symlink(target, socket_in(directory_.path()));
  const auto refused = ControlListener::open(directory_.path());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kControl);
  EXPECT_TRUE(std::filesystem::is_symlink(socket_in(directory_.path())));
  EXPECT_EQ(std::filesystem::file_size(target), 8u);
  EXPECT_FALSE(runtime::connect_control(directory_.path(), soon()));

  std::filesystem::rename(target, socket_in(directory_.path()));
  EXPECT_FALSE(ControlListener::open(directory_.path()));
  EXPECT_EQ(std::filesystem::file_size(socket_in(directory_.path())), 8u);
}

TEST_F(ControlSocketTest, OnlyRemovesItsOwn) {
  auto first = ControlListener::open(directory_.path());
  ASSERT_TRUE(first);
  auto second = ControlListener::open(directory_.path());
  ASSERT_TRUE(second);
  first->reset();
  EXPECT_TRUE(answers(directory_.path()));
}

TEST_F(ControlSocketTest, LiesInADirectoryWithAnyPath) {
  std::string deep = directory_.path();
  for (int i = 0; i < 5; ++i) deep += "/" + std::string(100, static_cast<char>('a' + i));
  std::filesystem::create_directories(deep);
  const auto listener = ControlListener::open(deep);
  ASSERT_TRUE(listener) << listener.error().text();
  EXPECT_TRUE(answers(deep));
  EXPECT_EQ(runtime::connect_control(deep + "/nowhere", soon()).error().code,
            ErrorCode::kStoreMissing);
}
}  // namespace
}  // namespace reprise::testing::control_socket_test
