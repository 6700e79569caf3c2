#!/bin/bash
# Builds Reprise and runs its tests. See --help.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
  cat <<'END'
Usage: scripts/test.sh [--quick]

Installs missing packages (scripts/setup.sh), then
  1. builds everything in build/release and runs every test;
  2. builds the unit, strand and conformance tests with the address and undefined-behaviour
     sanitizers in build/asan and runs them;
  3. builds the tests that use threads with the thread sanitizer in build/tsan and runs them.
It needs 8 GB of disk. At the end it prints where the time went. The last line and the exit status
say whether everything has passed. JOBS in the environment sets how much is done in parallel
(default: the number of processors).

  --quick   step 1 only, without the tests that build the whole library once more (packaging)
  --help    this text
END
}

quick=no
for argument in "$@"; do
  case $argument in
    --quick) quick=yes ;;
    --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
done

readonly jobs=${JOBS:-$(nproc)}
readonly asan_labels=(unit strand conformance)
readonly tsan_labels=(threads)

current=setup
steps=()  # "SECONDS at the start, name" of each
clock() { printf '%d:%02d' $(($1 / 60)) $(($1 % 60)); }
step() {
  current=$1
  steps+=("$SECONDS $current")
  printf '\n== %s (after %s)\n' "$current" "$(clock $SECONDS)"
}

print_times() {
  printf '\n== where the time went\n'
  local i next
  for i in "${!steps[@]}"; do
    next=${steps[i + 1]:-$SECONDS}
    printf '%6s  %s\n' "$(clock $((${next%% *} - ${steps[i]%% *})))" "${steps[i]#* }"
  done
  print_slowest
}

# The five files and the five tests that took longest, of each preset that ran.
print_slowest() {
  local preset
  for preset in release asan tsan; do
    [ -f "build/$preset/.ninja_log" ] || continue
    printf '\n   longest in %s: to compile or link, and to run\n' "$preset"
    awk '!/^#/ { printf "%7.1f s  %s\n", ($2 - $1) / 1000, $4 }' "build/$preset/.ninja_log" |
      sort -rn | sed 5q
    # Name, how often it ran, and the mean of it.
    local costs=build/$preset/Testing/Temporary/CTestCostData.txt
    [ ! -f "$costs" ] || awk 'NF == 3 { printf "%7.1f s  %s\n", $3, $1 }' "$costs" | sort -rn | sed 5q
  done
}

passed=no  # not the exit status, which is 0 when a signal ends the script
closing_line() {
  [ ${#steps[@]} -eq 0 ] || print_times
  if [ $passed = yes ] && [ $quick = yes ]; then
    printf '\nPASSED: every test, without sanitizers and packaging, in %s\n' "$(clock $SECONDS)"
  elif [ $passed = yes ]; then
    printf '\nPASSED: every test, with and without sanitizers, in %s\n' "$(clock $SECONDS)"
  else
    printf '\nFAILED: %s, after %s\n' "$current" "$(clock $SECONDS)"
  fi
}
trap closing_line EXIT

# build PRESET [TARGET...]: everything when no target is named.
build() {
  local -r preset=$1
  shift
  local targets=("${@/%/_tests}")
  step "build $preset"
  cmake --preset "$preset"
  cmake --build --preset "$preset" --parallel "$jobs" ${targets[@]:+--target "${targets[@]}"}
}

# run PRESET [OPTION...]: every test, or those that ctest's options leave.
run() {
  local -r preset=$1
  shift
  step "test $preset"
  ctest --preset "$preset" --parallel "$jobs" "$@"
}
any_of() { (IFS='|'; echo "^($*)\$"); }

# make_room PRESET: where the next build might fill the disk, the programs of tests that have passed
# go first; ninja links them again from what it has compiled. Those of each preset take some 5 GB.
readonly room_mb=10240
make_room() {
  local free
  free=$(df --output=avail -m . | tail -n 1)
  [ "$free" -lt $room_mb ] || return 0
  printf '\n%d MB are free: removing the test programs of %s\n' "$free" "$1"
  find "build/$1/tests" -type f -executable -size +1M -delete
}

step "setup"
scripts/setup.sh
build release
if [ $quick = yes ]; then
  run release --label-exclude '^packaging$'
else
  run release
  make_room release
  build asan "${asan_labels[@]}"
  run asan --label-regex "$(any_of "${asan_labels[@]}")"
  make_room asan
  build tsan "${tsan_labels[@]}"
  run tsan --label-regex "$(any_of "${tsan_labels[@]}")"
fi
passed=yes
