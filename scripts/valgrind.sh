#!/bin/bash
# Runs the tests of the store and of replay under Valgrind. See --help.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
  cat <<'END'
Usage: scripts/valgrind.sh [TEST...]

Builds store_test, strand_test and execution_test (or those named) with the preset `valgrind` and
runs each under memcheck: invalid accesses, use of uninitialised memory, leaks. The last lines are a
table; the exit status says whether anything was found. Nothing is suppressed. Left out are the tests
that die on purpose. Children of a test that are killed or _exit() are checked for everything but leaks.
END
}

case ${1:-} in
  --help) usage; exit 0 ;;
  -*) usage >&2; exit 2 ;;
esac
tests=("$@")
[ ${#tests[@]} -gt 0 ] || tests=(store_test strand_test execution_test)
command -v valgrind > /dev/null || { echo 'valgrind is not installed' >&2; exit 2; }

cmake --preset valgrind > /dev/null
cmake --build --preset valgrind --parallel "${JOBS:-$(nproc)}" --target "${tests[@]}"

mkdir -p out/valgrind
failed=0
table=()
for test in "${tests[@]}"; do
  program=$(find build/valgrind/tests -type f -name "$test" -perm -u+x | head -1)
  log=out/valgrind/$test.log
  printf 'running %s\n' "$test"
  start=$SECONDS
  result=ok
  valgrind --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite,indirect \
    --fair-sched=yes \
    --log-file="$log" "$program" --gtest_brief=1 --gtest_filter='-*Death*:*DeathTest*' \
    > "out/valgrind/$test.out" 2>&1 || result=FAILED
  [ $result = ok ] || { failed=1; tail -20 "out/valgrind/$test.out"; grep -m 20 -A 8 '== [A-Z]' "$log" || true; }
  # Of the test itself and of its children.
  if grep -qE 'Invalid (read|write|free)|uninitialised' "$log"; then result=FAILED failed=1; fi
  passed=$(sed -n 's/.*PASSED *\] *\([0-9]*\) tests.*/\1/p' "out/valgrind/$test.out")
  errors=$(sed -n 's/.*ERROR SUMMARY: \([0-9]*\) errors.*/\1/p' "$log" | tail -1)
  table+=("$(printf '%-16s %4s tests passed  %4s errors  %4s s  %s' "$test" \
    "${passed:-?}" "${errors:-?}" $((SECONDS - start)) "$result")")
done
printf '\n'
printf '%s\n' "${table[@]}"
exit $failed
