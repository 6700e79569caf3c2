// Another process, which executes commands one by one: for tests of readers beside the engine that
// writes the store.
#pragma once
#include <functional>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace reprise::testing {

class OtherEngine {
 public:
  // False: it could not be done.
  using Serve = std::function<bool(char command)>;

  // `make` is called in the other process. Create it before this process opens any store, and
  // before it has threads.
  explicit OtherEngine(const std::function<Serve()>& make) {
    EXPECT_EQ(::pipe(commands_), 0);
    EXPECT_EQ(::pipe(answers_), 0);
    id_ = ::fork();
    if (id_ == 0) live(make);
    ::close(commands_[0]);
    ::close(answers_[1]);
    EXPECT_TRUE(finish());  // it is there
  }
  ~OtherEngine() {
    ::close(commands_[1]);
    ::close(answers_[0]);
    int status = 0;
    ::waitpid(id_, &status, 0);
    EXPECT_EQ(status, 0);
  }
  OtherEngine(const OtherEngine&) = delete;
  OtherEngine& operator=(const OtherEngine&) = delete;

  bool run(char command) {
    begin(command);
    return finish();
  }
  void begin(char command) { EXPECT_EQ(::write(commands_[1], &command, 1), 1); }
  bool finish() {
    char well = 'n';
    return ::read(answers_[0], &well, 1) == 1 && well == 'y';
  }
  // Without waiting.
  bool has_finished() const {
    pollfd answer{answers_[0], POLLIN, 0};
    return ::poll(&answer, 1, 0) == 1;
  }

 private:
  [[noreturn]] void live(const std::function<Serve()>& make) {
    ::close(commands_[1]);
    ::close(answers_[0]);
    {
      const Serve serve = make();
      answer(serve != nullptr);
      char command = 0;
      while (::read(commands_[0], &command, 1) == 1) answer(serve(command));
    }
    ::_exit(0);
  }
  void answer(bool well) const {
    const char text = well ? 'y' : 'n';
    if (::write(answers_[1], &text, 1) != 1) ::_exit(1);
  }

  int commands_[2]{};
  int answers_[2]{};
  pid_t id_ = 0;
};

}  // namespace reprise::testing
