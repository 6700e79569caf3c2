#include <atomic>
#include <cerrno>
#include <chrono>
#include <clocale>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <dlfcn.h>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <future>
#include <iostream>
#include <mutex>
#include <netdb.h>
#include <pthread.h>
#include <random>
#include <sched.h>
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "tests/guard/hazards.h"

namespace reprise::testing {
namespace {

using namespace std::chrono_literals;

// So that no call is optimized away.
template <class T>
void use(const T& value) {
  asm volatile("" : : "g"(&value) : "memory");
}

// The file that /proc makes of this process.
constexpr const char* kFile = "/proc/self/status";

// Opened before any workflow runs.
const int opened_before = ::open("/dev/urandom", O_RDONLY | O_CLOEXEC);
const int written_to = ::open("/dev/null", O_WRONLY | O_CLOEXEC);

void wait_for_a_taken_lock() {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);  // the second lock() returns
  pthread_mutex_t mutex;
  pthread_mutex_init(&mutex, &attributes);
  pthread_mutex_lock(&mutex);
  use(pthread_mutex_lock(&mutex));
  pthread_mutex_unlock(&mutex);
  pthread_mutex_destroy(&mutex);
}

void wait_for_a_condition() {
  std::mutex mutex;
  std::condition_variable condition;
  std::unique_lock lock(mutex);
  use(condition.wait_for(lock, 1us));
}

void wait_for_a_future() {
  std::promise<int> promise;
  use(promise.get_future().wait_for(1us));
}

void wait_for_a_semaphore() {
  sem_t semaphore;
  sem_init(&semaphore, 0, 0);
  timespec past{};
  use(sem_timedwait(&semaphore, &past));
  sem_destroy(&semaphore);
}

void epoll() {
  const int descriptor = ::epoll_create1(EPOLL_CLOEXEC);
  epoll_event event{};
  use(::epoll_wait(descriptor, &event, 1, 0));
  ::close(descriptor);
}

void map_a_file() {
  const int file = ::open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  void* const memory = ::mmap(nullptr, 1, PROT_READ, MAP_PRIVATE, file, 0);
  ::munmap(memory, 1);
  ::close(file);
}

void fork_a_child() {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  int status = 0;
  ::waitpid(child, &status, 0);
}

void run_a_command() {
  if (FILE* const pipe = ::popen("true", "r"); pipe != nullptr) ::pclose(pipe);
}

void look_up_a_host() {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (::getaddrinfo("localhost", "80", &hints, &found) == 0) ::freeaddrinfo(found);
}

void talk_over_a_socket() {
  int ends[2] = {-1, -1};
  char byte = 'x';
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return;
  use(::send(ends[0], &byte, 1, 0));
  use(::recv(ends[1], &byte, 1, 0));
  ::close(ends[0]);
  ::close(ends[1]);
}

#if defined(__x86_64__)
void system_call_instruction() {
  long result = SYS_getppid;
  asm volatile("syscall" : "+a"(result) : : "rcx", "r11", "memory");
  use(result);
}
#endif

}  // namespace

std::vector<Hazard> calls() {
  return {
    {"`std::chrono::system_clock::now()`", [] { use(std::chrono::system_clock::now()); }},
        {"`std::chrono::steady_clock::now()`", [] { use(std::chrono::steady_clock::now()); }},
        {"`time()`", [] { use(std::time(nullptr)); }},
        {"`gettimeofday()`",
         [] {
           timeval now{};
           use(::gettimeofday(&now, nullptr));
         }},
        {"`clock()`, processor time used", [] { use(std::clock()); }},
        {"`std::this_thread::sleep_for()`", [] { std::this_thread::sleep_for(1ns); }},
        {"`usleep()`", [] { use(::usleep(1)); }}, {"`rand()`", [] { use(std::rand()); }},
        {"`drand48()`", [] { use(::drand48()); }},
        {"`std::random_device`",
         [] {
           std::random_device device;
           use(device());
         }},
        {"`getrandom()`",
         [] {
           int value = 0;
           use(::getrandom(&value, sizeof value, 0));
         }},
        {"`getentropy()`",
         [] {
           int value = 0;
           use(::getentropy(&value, sizeof value));
         }},
        {"reading `/dev/urandom` through a descriptor opened earlier",
         [] {
           int value = 0;
           use(::read(opened_before, &value, sizeof value));
         }},
        {"`std::getenv()`", [] { use(std::getenv("HOME")); }},
        {"`setlocale()`", [] { use(std::setlocale(LC_ALL, nullptr)); }},
        {"`localtime()`, which depends on the time zone",
         [] {
           const std::time_t zero = 0;
           use(std::localtime(&zero));
         }},
        {"`sched_getcpu()`", [] { use(::sched_getcpu()); }},
        {"`std::thread::hardware_concurrency()`", [] { use(std::thread::hardware_concurrency()); }},
        {"`getpid()`", [] { use(::getpid()); }},
        {"`gethostname()`",
         [] {
           char name[256];
           use(::gethostname(name, sizeof name));
         }},
        {"`std::filesystem::current_path()`", [] { use(std::filesystem::current_path()); }},
        {"`std::filesystem::exists()`", [] { use(std::filesystem::exists(kFile)); }},
        {"`std::filesystem::last_write_time()`",
         [] { use(std::filesystem::last_write_time("/proc/self")); }},
        {"`std::filesystem::directory_iterator`",
         [] { use(std::filesystem::directory_iterator("/proc/self/task")); }},
        {"`std::filesystem::temp_directory_path()`",
         [] { use(std::filesystem::temp_directory_path()); }},
        {"`std::ifstream`",
         [] {
           std::ifstream file(kFile);
           use(file);
         }},
        {"`fopen()`",
         [] {
           if (FILE* const file = std::fopen(kFile, "r"); file != nullptr) std::fclose(file);
         }},
        {"`open()`", [] { ::close(::open(kFile, O_RDONLY | O_CLOEXEC)); }},
        {"`write()` to a descriptor opened earlier", [] { use(::write(written_to, "x", 1)); }},
        {"`std::cout`", [] { std::cout << "    a line of workflow code" << std::endl; }},
        {"`printf()`",
         [] {
           std::printf("    a line of workflow code\n");
           std::fflush(stdout);
         }},
        {"`mmap()` of a file", map_a_file},
        {"`dlopen()`", [] { use(::dlopen("no_such_library.so", RTLD_LAZY)); }},
        {"`socket()`", [] { ::close(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)); }},
        {"`send()`, `recv()`", talk_over_a_socket}, {"`getaddrinfo()`", look_up_a_host},
        {"`std::thread`", [] { std::thread([] {}).join(); }},
        {"`std::async()`", [] { std::async(std::launch::async, [] {}).wait(); }},
        {"a mutex that is taken", wait_for_a_taken_lock},
        {"`std::condition_variable`", wait_for_a_condition},
        {"`std::future::wait_for()`", wait_for_a_future},
        {"`sem_timedwait()`", wait_for_a_semaphore}, {"`epoll_wait()`", epoll},
        {"`fork()`", fork_a_child}, {"`std::system()`", [] { use(std::system("true")); }},
        {"`popen()`", run_a_command}, {"`kill()`", [] { use(::kill(::getpid(), 0)); }},
        {"`syscall()`", [] { use(::syscall(SYS_getppid)); }},
#if defined(__x86_64__)
        {"the `syscall` instruction itself", system_call_instruction},
#endif
  };
}

}  // namespace reprise::testing
