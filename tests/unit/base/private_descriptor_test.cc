#include "base/private_descriptor.h"

#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <functional>
#include <memory>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <gtest/gtest.h>

namespace reprise::base::private_descriptor_test {
namespace {

int open_something() {
  return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}
bool is_open(int descriptor) {
  return ::fcntl(descriptor, F_GETFD) >= 0;
}
int in_child(const std::function<int()>& body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1'000;
}

TEST(PrivateDescriptor, OwnsADescriptor) {
  const int first = open_something();
  PrivateDescriptor owner(first);
  EXPECT_EQ(owner.get(), first);
  const int second = open_something();
  owner.reset(second);
  EXPECT_FALSE(is_open(first));
  EXPECT_TRUE(is_open(second));
  owner.reset(-1);
  EXPECT_FALSE(is_open(second));
}

TEST(PrivateDescriptor, AChildHasItNot) {
  const PrivateDescriptor owner(open_something());
  const int number = owner.get();
  EXPECT_EQ(in_child([&] { return owner.get() == -1 && !is_open(number) ? 0 : 1; }), 0);
  EXPECT_TRUE(is_open(number)) << "its parent has";
}

// The child may have opened another file meanwhile, which gets the number.
TEST(PrivateDescriptor, AChildClosesNothingThatIsItsOwn) {
  auto owner = std::make_unique<PrivateDescriptor>(open_something());
  const int number = owner->get();
  EXPECT_EQ(in_child([&] {
              if (open_something() != number) return 1;
              owner.reset();
              return is_open(number) ? 0 : 2;
            }),
            0);
}

// Made while another thread forks.
TEST(PrivateDescriptor, AChildHasNoneThatIsJustMade) {
  std::atomic<int> made = -1;
  int in_that_child = -1;
  std::thread other([&] {
    while (made < 0) std::this_thread::yield();
    in_that_child = in_child([&] { return is_open(made) ? 1 : 0; });
  });
  PrivateDescriptor owner;
  const int error = owner.make([&] {
    made = open_something();
    for (int i = 0; i < 10'000; ++i) std::this_thread::yield();  // the other one may fork now
    errno = EAGAIN;
    return made.load();
  });
  other.join();
  EXPECT_EQ(in_that_child, 0);
  EXPECT_EQ(error, EAGAIN);
  EXPECT_TRUE(is_open(owner.get()));
}

TEST(PrivateDescriptor, ThoseThatAreGoneAreNobodysBusiness) {
  { const PrivateDescriptor owner(open_something()); }
  const int number = open_something();
  EXPECT_EQ(in_child([&] { return is_open(number) ? 0 : 1; }), 0);
  ::close(number);
}

}  // namespace
}  // namespace reprise::base::private_descriptor_test
