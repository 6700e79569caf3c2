// Puts links, pipes, devices and directories where a store has its files, and lets everything that
// opens or reads a store meet them.
#pragma once
#include <cstdint>
#include <string>

namespace reprise::identity {

class OddFiles {
 public:
  // Everything happens in `scratch`, which must be there.
  explicit OddFiles(std::string scratch);

  // What went wrong in the trial with this number; empty: nothing. Nothing may hang, crash, blame
  // the disk, or touch the target of a link.
  std::string trial(std::uint64_t number);
  std::uint64_t refused() const { return refused_; }

  // A program that opens files without checks. True: that is noticed.
  bool notices_a_careless_writer();

 private:
  std::string put_odd_file(std::uint64_t number);
  std::string meet(std::uint64_t number);
  std::string precious_content() const;

  const std::string scratch_;
  const std::string made_;      // a sound store
  const std::string store_;     // its copy, with something odd in it
  const std::string precious_;  // a directory that nobody may change
  std::string precious_before_;
  std::string novel_;  // a file of somebody's that is in the way; empty: none is
  std::uint64_t refused_ = 0;
};

}  // namespace reprise::identity
